"""
Objects from YAML files and folders, each with the place it stands at, and everything that is wrong with them.

All problems are told at once, and none of them shows a value that could be a password. It must not know what the
objects mean; what no API server would hold is refusals.py's to tell.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from readiness.collectors import manifests
from readiness.collectors.events import Refused
from readiness.collectors.refusals import refusals

STDIN: Final = "-"
SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
LIMIT: Final = 8 * 1024 * 1024
"""Of one file, in bytes: rendered charts are smaller, and parsing more would look like a hang."""
_HOOK: Final = "helm.sh/hook"
_TESTS: Final = frozenset({"test", "test-success", "test-failure"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands; documents and lines count from 1, `path` is its path in a List."""

    file: str
    document: int
    line: int
    path: str = ""

    def __str__(self) -> str:
        """`apps.yaml: document 3 (line 41): items[2]`."""
        inside = f": {self.path.removesuffix('.')}" if self.path else ""
        return f"{self.file}: document {self.document} (line {self.line}){inside}"


@dataclass(frozen=True, slots=True)
class Found:
    """One object and its place."""

    place: Place
    value: Mapping[str, Any]

    @property
    def type(self) -> tuple[str, str]:
        """Group and kind."""
        return self.value["apiVersion"].rpartition("/")[0], self.value["kind"]

    @property
    def name(self) -> str:
        return str(self.value["metadata"]["name"])

    def namespace(self, default: str) -> str:
        """Its own, or the default."""
        return str(self.value["metadata"].get("namespace") or default)


@dataclass
class Reader:
    """Reads each file once, however often it is named; `stdin` is asked for everything at once."""

    stdin: Callable[[int], bytes]
    problems: list[str] = field(default_factory=list)
    skipped: int = 0
    _visited: set[str] = field(default_factory=set)

    def read(self, paths: Iterable[str]) -> list[Found]:
        """Every object of files, folders and standard input (`-`), in the order of their names."""
        return [found for path in paths for name in self._files(path) for found in self._objects(name)]

    def _files(self, path: str) -> Iterator[str]:
        if path == STDIN or not Path(path).is_dir():
            yield path
            return
        files = sorted(_below(path, lambda error: self.problems.append(f"{error.filename}: {error.strerror}")))
        if not files:
            self.problems.append(f"{path}: holds no .yaml, .yml or .json file")
        yield from files

    def _objects(self, name: str) -> Iterator[Found]:
        if (identity := STDIN if name == STDIN else os.path.realpath(name)) in self._visited:
            return
        self._visited.add(identity)
        shown, text = "<stdin>" if name == STDIN else name, self._text(name)
        try:
            for document in manifests.documents(text, file=shown):
                for path, value in _flat(document.value):
                    yield from self._admitted(Place(shown, document.number, document.line, path), value)
        except Refused as refused:
            at = f" (line {refused.line})" if refused.line else ""
            self.problems.append(f"{shown}: {refused.said}{at}")

    def _text(self, name: str) -> str:
        try:
            raw = self.stdin(LIMIT + 1) if name == STDIN else _bytes(name)
            if len(raw) <= LIMIT:
                return raw.decode("utf-8-sig")
            self.problems.append(f"{name}: is larger than {LIMIT // 1024**2} MiB: split it")
        except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a path with a NUL in it
            said = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            self.problems.append(f"{name}: {said}")
        return ""

    def _admitted(self, place: Place, value: Any) -> Iterator[Found]:
        at = Place(place.file, place.document, place.line)
        wrong = [f"{at}: {problem}" for problem in refusals(place.path, value)]
        self.problems += wrong
        if wrong:
            return
        if _is_test_hook(value):
            self.skipped += 1
        else:
            yield Found(place, value)


def twice(objects: Iterable[Found], namespace: str) -> Iterator[str]:
    """Objects that an API server holds once; the uid too tells two apart, and hides one where they share it."""
    names: dict[tuple[str, ...], Place] = {}
    uids: dict[str, Place] = {}
    for one in objects:
        first = names.setdefault((*one.type, one.namespace(namespace), one.name), one.place)
        if first is not one.place:
            yield f"{one.place}: {one.type[1]}/{one.name} is defined twice, first at {first}"
        uid = one.value["metadata"].get("uid")
        if uid and (first := uids.setdefault(uid, one.place)) is not one.place:
            yield f"{one.place}: metadata.uid is that of another object, at {first}: remove it"


def _below(folder: str, failed: Callable[[OSError], None]) -> Iterator[str]:
    """Files of manifests in a folder and those below it; a folder that cannot be listed is told, not passed over."""
    for place, _, names in os.walk(folder, onerror=failed):
        for name in names:
            if Path(name).suffix in SUFFIXES:
                yield str(Path(place, name))


def _bytes(name: str) -> bytes:
    with Path(name).open("rb") as file:
        return file.read(LIMIT + 1)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A `List` stands for its items, however deep."""
    items = value.get("items") if isinstance(value, Mapping) and str(value.get("kind", "")).endswith("List") else None
    if not isinstance(items, list):
        yield path, value
        return
    for index, item in enumerate(items):
        yield from _flat(item, f"{path}items[{index}].")


def _is_test_hook(value: Mapping[str, Any]) -> bool:
    """Whether Helm creates the object for `helm test` alone."""
    hooks = str((value["metadata"].get("annotations") or {}).get(_HOOK, ""))
    return bool(hooks) and {hook.strip() for hook in hooks.split(",")} <= _TESTS
