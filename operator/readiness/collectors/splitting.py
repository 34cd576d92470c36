"""
JSON cut into its members without recursion.

The fast decoder gives up on a text nested about a thousand deep, even where the depth is in a part that nobody reads;
an API server stores ten times that. One tenant's object of this kind must not take the page, and with it every other
tenant's evidence, along. This reader is slow and only finds where things begin and end; it must not know what they are.
"""

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_OPENING: Final = frozenset((b"{", b"["))
_CLOSING: Final = frozenset((b"}", b"]"))


def members(text: bytes) -> Iterator[tuple[str, bytes]]:
    """The (key, value's text) pairs of an object; ValueError where it is none."""
    inside = _inner(text, b"{", b"}")
    for start, end in _parts(inside):
        key = _TOKEN.match(inside, start)
        colon = key and _TOKEN.match(inside, _skip(inside, key.end()))
        if key is None or colon is None or colon.group() != b":" or not key.group().startswith(b'"'):
            raise ValueError("not a member of a JSON object")
        yield key.group()[1:-1].decode("utf-8", "replace"), inside[_skip(inside, colon.end()) : end]


def elements(text: bytes) -> Iterator[bytes]:
    """The elements' texts of an array; of null, none; ValueError where it is neither."""
    if text.strip() == b"null":
        return
    inside = _inner(text, b"[", b"]")
    for start, end in _parts(inside):
        yield inside[start:end]


def depth(text: bytes) -> int:
    """How deep a value is nested."""
    deepest = level = 0
    for token in _TOKEN.finditer(text):
        if token.group() in _OPENING:
            level += 1
            deepest = max(deepest, level)
        elif token.group() in _CLOSING:
            level -= 1
    return deepest


def _inner(text: bytes, opening: bytes, closing: bytes) -> bytes:
    text = text.strip()
    if len(text) < 2 or text[:1] != opening or text[-1:] != closing:
        raise ValueError(f"not enclosed in {opening.decode()} and {closing.decode()}")
    return text[1:-1]


def _parts(inside: bytes) -> Iterator[tuple[int, int]]:
    """Where the comma-separated parts of the outermost level begin and end."""
    level = 0
    start = end = -1
    for token in _TOKEN.finditer(inside):
        kind = token.group()
        if level == 0 and kind == b",":
            if start < 0:
                raise ValueError("an empty part in JSON")
            yield start, end
            start = -1
            continue
        start = token.start() if start < 0 else start
        end = token.end()
        level += (kind in _OPENING) - (kind in _CLOSING)
        if level < 0:
            raise ValueError("unbalanced JSON")
    if level:
        raise ValueError("unbalanced JSON")
    if start >= 0:
        yield start, end


def _skip(text: bytes, position: int) -> int:
    while text[position : position + 1].isspace():
        position += 1
    return position
