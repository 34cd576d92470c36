"""
Text of strangers made fit to print: names, labels and messages of other controllers end up in terminals and tickets.

What it cannot know is how an output escapes: HTML, Markdown and XML are the business of whoever writes them.
"""

import re
import unicodedata
from typing import Final

_ESCAPE_SEQUENCE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links, device strings
    r"|\x1b[ -~]"
)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs"})  # control; format, the bidi ones among them; lone surrogates
_BREAKS: Final = frozenset({"Zs", "Zl", "Zp"})


def clean(text: str, limit: int) -> str:
    """One line of visible characters, at most `limit` of them."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, _ESCAPE_SEQUENCE.sub("", text)))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    return "" if category in _INVISIBLE else " " if category in _BREAKS else character
