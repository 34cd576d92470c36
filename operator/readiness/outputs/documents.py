"""
Objects as YAML for kubectl and for people: written out in full, and read back by every parser as the same.

PyYAML quotes what YAML 1.1 would take for something else; `y`, `1e3` and `0o7` are taken so by kubectl's parser only,
and a revision such as 12e4567 must not become a number.
"""

import re
from typing import Any, Final

import yaml

_NUMBER: Final = re.compile(r"[-+.]?[0-9][-+.0-9_a-fA-FxXoO:]*")
_WORDS: Final = frozenset({"y", "Y", "n", "N"})


class _Plain(yaml.SafeDumper):
    """Without anchors: what stands in several places is written out, as readers of manifests expect it."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "'" if text in _WORDS or _NUMBER.fullmatch(text) else None
    if not text.replace("\n", "").isprintable():  # among them line breaks that only some parsers take for such
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)


def text(document: Any) -> str:
    """One document, keys in their own order."""
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)
