"""
Manifests in YAML files, typed as `kubectl apply` types them before it sends JSON (kubernetes-sigs/yaml, goyaml.v2/resolve.go).

So `on` is true, `0x10` is 16, and a time stays text. What kubectl leaves to chance (a key twice) is refused.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from readiness.collectors.events import Refused, Rules, values

DEPTH: Final = 256
NODES: Final = 1_000_000

_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER: Final = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?0[oO][0-7]+"), 8),
    (re.compile(r"[-+]?0[0-7]+"), 8),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10),
)
_PLAIN: Final = 1e21
"""Below it, Go writes a whole float64 into JSON without a point: `replicas: 2.0` is accepted as 2."""
_LONGEST: Final = 400
"""No number that JSON should hold has more characters."""


_TYPES: Final[dict[str, set[type]]] = {"bool": {bool}, "int": {int}, "float": {int, float}, "null": {type(None)}}


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its place in it, and what it says."""

    file: str
    number: int
    line: int
    value: Any


def documents(text: str, *, file: str = "", depth: int = DEPTH, nodes: int = NODES) -> Iterator[Document]:
    """Every document that holds anything. Raises Refused with document and line; those before it were yielded."""
    found = values(text, Rules(depth, nodes, scalar=_scalar, key=_key, aliases=True))
    number = 0
    while True:
        number += 1
        try:
            line, value = next(found)
        except StopIteration:
            return
        except Refused as refused:
            raise Refused(f"document {number}: {refused.said}", refused.line) from None
        if value is not None:
            yield Document(file, number, line, value)


def _scalar(text: str, plain: bool, tag: str) -> object:
    kind = tag.removeprefix(_TAG)
    if kind in {"str", "timestamp", "binary"} or (not plain and tag in {"", "!"}):
        return text
    if not plain and kind not in _TYPES:
        raise Refused("it has a tag that JSON knows nothing of")
    value = _resolved(text)
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("it holds a number that JSON does not have")
    if not plain and type(value) not in _TYPES[kind]:
        raise Refused("a value does not fit its tag")
    return value


def _resolved(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or _DATE.fullmatch(text) or len(text) > _LONGEST:
        return text
    number = text.replace("_", "")
    for pattern, base in _INTEGER:
        if pattern.fullmatch(number):
            return int(number, base)
    if not _FLOAT.fullmatch(number):
        return text
    value = float(number)
    return int(value) if value.is_integer() and abs(value) < _PLAIN else value


def _key(text: str, plain: bool, tag: str) -> str:
    value = _scalar(text, plain, tag)
    if value is None:
        raise Refused("a key is null")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
