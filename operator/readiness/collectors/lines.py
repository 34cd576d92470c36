"""
Line by line formats: properties, env and ini.

Where programs read a line differently (quotes and comments in ini, substitutions in env) its value is obscure, not guessed.
"""

from collections.abc import Iterator
from typing import Final

from readiness.collectors.events import Refused
from readiness.evidence.texts import OBSCURE, Tree

_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_BLANK: Final = " \t\f"


def properties(text: str) -> dict[str, Tree]:
    """As java.util.Properties reads it, save that a key may stand there only once."""
    found: dict[str, Tree] = {}
    for number, line in _logical(text):
        key, value = _split(line)
        _put(found, _unescaped(key, number), _unescaped(value, number), number)
    return found


def env(text: str) -> dict[str, Tree]:
    """`[export] NAME=value`, in quotes or not; what a shell would substitute is obscure."""
    found: dict[str, Tree] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().removeprefix("export ").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise Refused("a line is no NAME=value", number)
        _put(found, name.strip(), _env_value(value.strip(), number), number)
    return found


def ini(text: str) -> dict[str, Tree]:
    """Sections of `name = value` or `name: value`; quotes, trailing comments and bare names are obscure."""
    found: dict[str, Tree] = {}
    section = found
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if raw[0] in _BLANK:
            raise Refused("a line is indented, which programs read differently", number)
        if line.startswith("["):
            if not line.endswith("]"):
                raise Refused("a section does not end", number)
            section = {}
            _put(found, line[1:-1].strip(), section, number)
            continue
        at = min((at for at in (line.find("="), line.find(":")) if at >= 0), default=-1)
        if at < 0:
            _put(section, line, OBSCURE, number)
        else:
            _put(section, line[:at].strip(), _ini_value(line[at + 1 :].strip()), number)
    return found


def _put(found: dict[str, Tree], key: str, value: Tree, number: int) -> None:
    if key in found:
        raise Refused("it has a key twice", number)
    found[key] = value


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines of a properties file, joined where one ends in an odd number of backslashes."""
    joined: list[str] = []
    start = 0
    for number, raw in enumerate(_natural(text), 1):
        line = raw.lstrip(_BLANK)
        if not joined and (not line or line[0] in "#!"):
            continue
        start = start or number
        if (len(line) - len(line.rstrip("\\"))) % 2:
            joined.append(line[:-1])
            continue
        yield start, "".join((*joined, line))
        joined, start = [], 0
    if joined:
        yield start, "".join(joined)


def _natural(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _split(line: str) -> tuple[str, str]:
    """The key ends at the first `=`, `:` or blank that no backslash escapes."""
    at = 0
    while at < len(line) and line[at] not in f"=:{_BLANK}":
        at += 2 if line[at] == "\\" else 1
    value = line[at:].lstrip(_BLANK)
    if value[:1] in {"=", ":"}:
        value = value[1:].lstrip(_BLANK)
    return line[:at], value


def _unescaped(text: str, number: int) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char != "\\":
            out.append(char)
            at += 1
            continue
        escaped = text[at + 1 : at + 2]
        if escaped == "u":
            out.append(_unicode(text[at + 2 : at + 6], number))
            at += 6
        else:
            out.append(_ESCAPES.get(escaped, escaped))
            at += 2
    return "".join(out)


def _unicode(digits: str, number: int) -> str:
    if len(digits) != 4 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise Refused(r"a \u escape is not four digits", number)
    return chr(int(digits, 16))


def _env_value(text: str, number: int) -> Tree:
    quote = text[:1]
    if quote in {"'", '"'}:
        end = text.find(quote, 1)
        if end < 0:
            raise Refused("a quoted value goes on in the next line", number)
        rest = text[end + 1 :]
        inside = text[1:end]
        if (rest and not rest.startswith((" #", "\t#"))) or (quote == '"' and _substituted(inside)):
            return OBSCURE
        return inside
    for mark in (" #", "\t#"):
        text = text.partition(mark)[0]
    text = text.rstrip()
    return OBSCURE if _substituted(text) or any(char in text for char in "'\"") else text


def _substituted(text: str) -> bool:
    return any(char in text for char in "$`\\")


def _ini_value(text: str) -> Tree:
    commented = any(mark in text for mark in (" ;", " #", "\t;", "\t#"))
    return OBSCURE if commented or text[:1] in {"'", '"'} else text
