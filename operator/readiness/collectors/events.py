"""
YAML from the C parser's events, without recursion.

`yaml.load` and `yaml.compose` recurse in C: 60 kB of `[` end the process. Events come one by one, so that depth,
size and what is allowed are decided here. What a scalar means is handed in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Scalar = Callable[[str, bool, str], Any]
"""(text, whether it is plain and without a tag, tag or "") -> value; it may raise Refused."""


class Refused(Exception):  # noqa: N818  # a refusal of a text, not an error of ours
    """Why a text is not read; `line` counts from 1. Never holds a part of the text: it may be a password."""

    def __init__(self, said: str, line: int = 0) -> None:
        super().__init__(said)
        self.said = said
        self.line = line


@dataclass(frozen=True, slots=True)
class Rules:
    """What is read of one document at most, and what its scalars mean; what aliases repeat counts again."""

    depth: int
    nodes: int
    scalar: Scalar
    key: Scalar  # must answer a str
    aliases: bool = False


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being filled; `height` and `nodes` are those of what it holds."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    key: str | None = None
    merging: bool = False
    merged: list[dict[str, Any]] | None = None
    height: int = 0
    nodes: int = 1


def values(text: str, rules: Rules) -> Iterator[tuple[int, Any]]:
    """Each document, empty ones too: the line it begins at, and its value. Raises Refused."""
    builder, line = _Builder(rules), 1
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                builder, line = _Builder(rules), _line(event)
            elif isinstance(event, yaml.DocumentEndEvent):
                yield line, builder.value
            elif not isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent)):
                builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise Refused("it is not YAML", 0 if mark is None else mark.line + 1) from None
    except (yaml.YAMLError, ValueError):  # characters that no YAML may hold
        raise Refused("it is not YAML") from None


class _Builder:
    """Makes one document's value of its events."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._nodes = 0
        self.value: Any = None

    def take(self, event: Any) -> None:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            if self._stack and self._expects_key():
                raise Refused("a key is a list or mapping", line)
            self._stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor))
            self._bound(1, 0, line)
        else:
            done = self._stack.pop()
            _merge(done)
            self._add(done.value, done.anchor, done.nodes, done.height + 1, line)

    def _scalar(self, event: Any, line: int) -> None:
        plain, tag = event.implicit[0] and not event.tag, event.tag or ""
        self._bound(1, 0, line)
        try:
            if self._stack and self._expects_key():
                self._key(event.value, plain=plain, tag=tag, anchor=event.anchor)
            else:
                self._add(self._rules.scalar(event.value, plain, tag), event.anchor, 1, 0, line)
        except Refused as refused:
            raise Refused(refused.said, refused.line or line) from None

    def _expects_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.value, dict) and top.key is None and not top.merging

    def _key(self, text: str, *, plain: bool, tag: str, anchor: str | None) -> None:
        top = self._stack[-1]
        if plain and text == "<<":
            if not self._rules.aliases or top.merged is not None:
                raise Refused("it has a merge key" if top.merged is None else "it has a key twice")
            top.merging, top.merged = True, []
            return
        key = self._rules.key(text, plain, tag)
        if key in top.value:
            raise Refused("it has a key twice")
        if anchor is not None:
            self._anchors[anchor] = (key, 1, 0)
        top.key = key

    def _alias(self, anchor: str, line: int) -> None:
        if not self._rules.aliases:
            raise Refused("it has an alias", line)
        if anchor not in self._anchors:
            raise Refused("an alias refers to nothing, or to itself", line)
        value, nodes, height = self._anchors[anchor]
        if self._stack and self._expects_key():
            raise Refused("a key is an alias", line)
        self._bound(nodes, height, line)
        self._add(value, None, nodes, height, line)

    def _bound(self, nodes: int, height: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > self._rules.nodes:
            raise Refused(f"it has more than {self._rules.nodes} values", line)
        if len(self._stack) + height > self._rules.depth:
            raise Refused(f"it is nested more than {self._rules.depth} deep", line)

    def _add(self, value: Any, anchor: str | None, nodes: int, height: int, line: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, nodes, height)
        if not self._stack:
            self.value = value
            return
        top = self._stack[-1]
        top.nodes += nodes
        top.height = max(top.height, height)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.merging:
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(one, dict) for one in sources):
                raise Refused("what is merged is no mapping", line)
            assert top.merged is not None
            top.merged.extend(sources)
            top.merging = False
        else:
            assert top.key is not None
            top.value[top.key] = value
            top.key = None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _merge(done: _Open) -> None:
    """Keys of the mapping itself win, then those of the first one merged."""
    if done.merged:
        assert isinstance(done.value, dict)
        for source in done.merged:
            for key, value in source.items():
                done.value.setdefault(key, value)
