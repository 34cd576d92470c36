"""
Files of strangers, read without recursion and within bounds, into trees whose scalars are the text that was written.

Whatever goes wrong is an Unreadable that says why and never shows the text. What a value may be is not known here.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from readiness.api.v1alpha1.expectations.configuration import Format
from readiness.collectors import lines
from readiness.collectors.events import Refused, Rules, values
from readiness.collectors.manifests import Document, documents
from readiness.evidence.texts import OBSCURE, Tree, Unreadable

__all__ = ["LARGEST", "Document", "Refused", "documents", "parse"]

LARGEST: Final = 64 * 1024
NODES: Final = 20_000
DEPTH: Final = 32
PARTS: Final = 16
"""Of a TOML key: its parser's time grows with their square."""

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


def parse(text: str, format: Format, *, depth: int = DEPTH) -> Tree | Unreadable:  # noqa: A002  # the field's name
    """The text as a tree; the same text always gives an equal answer."""
    if len(text) > LARGEST or len(text.encode(errors="replace")) > LARGEST:
        return Unreadable(f"it is larger than {LARGEST // 1024} KiB")
    try:
        return _READERS[format](text, depth)
    except Refused as refused:
        return Unreadable(f"{refused.said}, line {refused.line}" if refused.line else refused.said)
    except (ValueError, RecursionError):  # what json and tomllib raise on what they cannot read
        return Unreadable(f"it is not {format}")


def _yaml(text: str, depth: int) -> Tree:
    found: list[Any] = []
    for line, value in values(text, Rules(depth, NODES, scalar=_scalar, key=_key)):
        if found:  # programs take the first, the last, or none
            raise Refused("it holds more than one document", line)
        found.append(value)
    return _frozen(found[0], depth) if found else None


def _scalar(text: str, plain: bool, tag: str) -> Tree:
    if plain:
        return None if text in _NULLS else text
    return text if tag in {"", "!", "tag:yaml.org,2002:str"} else OBSCURE


def _key(text: str, _plain: bool, tag: str) -> str:
    if tag not in {"", "!", "tag:yaml.org,2002:str"}:
        raise Refused("a key has a tag")
    return text


def _json(text: str, depth: int) -> Tree:
    _shallow(text, depth, '"', "")
    parsed = json.loads(
        text, parse_int=str, parse_float=str, parse_constant=_constant, object_pairs_hook=_without_doubles
    )
    return _frozen(parsed, depth)


def _constant(_name: str) -> str:
    raise Refused("it holds a number that JSON does not have")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refused("it has a key twice")
    return found


def _toml(text: str, depth: int) -> Tree:
    _shallow(text, depth, "\"'", "#")
    return _frozen(tomllib.loads(text, parse_float=str), depth)


def _shallow(text: str, depth: int, quotes: str, comment: str) -> None:
    """Refuse what would make a recursive parser go too deep, by brackets and dots outside strings and comments."""
    level = dots = at = 0
    while at < len(text):
        char = text[at]
        if char in quotes:
            at = _after_string(text, at)
            continue
        if char == comment:
            at = text.find("\n", at)
            if at < 0:
                return
            continue
        if char in "[{":
            level += 1
        elif char in "]}":
            level -= 1
        dots = dots + 1 if char == "." else dots if char not in "=,\n[]{}" else 0
        if level > depth:
            raise Refused(f"it is nested more than {depth} deep", text.count("\n", 0, at) + 1)
        if comment and dots >= PARTS:
            raise Refused(f"a key has more than {PARTS} parts", text.count("\n", 0, at) + 1)
        at += 1


def _after_string(text: str, at: int) -> int:
    """Where the string that begins here has ended; a literal one (') knows no escapes, three quotes span lines."""
    quote = text[at]
    closing = quote * 3 if text.startswith(quote * 3, at) else quote
    at += len(closing)
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 2
        elif text.startswith(closing, at):
            return at + len(closing)
        elif text[at] == "\n" and len(closing) == 1:
            return at  # not a string after all: the parser will say so
        else:
            at += 1
    return at


def _frozen(value: Any, depth: int) -> Tree:
    """A tree of what a parser made; recursion is bounded by the depth that was checked before."""
    count = 0

    def walk(one: Any, level: int) -> Tree:
        nonlocal count
        count += 1
        if count > NODES:
            raise Refused(f"it has more than {NODES} values")
        if level > depth:
            raise Refused(f"it is nested more than {depth} deep")
        if isinstance(one, Mapping):
            return {key: walk(inner, level + 1) for key, inner in one.items()}
        if isinstance(one, list):
            return tuple(walk(inner, level + 1) for inner in one)
        if isinstance(one, bool):
            return "true" if one else "false"
        if isinstance(one, int):
            return str(one)
        return OBSCURE if isinstance(one, (datetime, date, time)) else one

    return walk(value, 0)


_READERS: Final[dict[Format, Callable[[str, int], Tree]]] = {
    "yaml": _yaml,
    "json": _json,
    "toml": _toml,
    "properties": lambda text, _depth: _frozen(lines.properties(text), 2),
    "env": lambda text, _depth: _frozen(lines.env(text), 2),
    "ini": lambda text, _depth: _frozen(lines.ini(text), 2),
}
