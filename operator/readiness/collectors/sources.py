"""
Objects from YAML files and folders, each with the place it stands at, and everything that is wrong with them.

What an API server would refuse is refused here: a key twice, an object twice, a name or a label that cannot
be. All problems are told at once. It must not know what the objects mean.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from pydantic import TypeAdapter, ValidationError

from readiness.api.v1alpha1.problems import quoted
from readiness.api.v1alpha1.words import LabelKey, LabelValue, ObjectName
from readiness.collectors import manifests
from readiness.collectors.events import Refused

STDIN: Final = "-"
SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_NAME: Final = TypeAdapter(ObjectName)
_KEY: Final = TypeAdapter(LabelKey)
_VALUE: Final = TypeAdapter(LabelValue)
_HOOK: Final = "helm.sh/hook"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands; documents and lines count from 1."""

    file: str
    document: int
    line: int

    def __str__(self) -> str:
        """`apps.yaml: document 3 (line 41)`."""
        return f"{self.file}: document {self.document} (line {self.line})"


@dataclass(frozen=True, slots=True)
class Found:
    """One object and its place."""

    place: Place
    value: Mapping[str, Any]

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Group, kind, namespace, name: what an API server holds once."""
        meta = self.value["metadata"]
        group = self.value["apiVersion"].rpartition("/")[0]
        return group, self.value["kind"], str(meta.get("namespace") or ""), str(meta["name"])


@dataclass(slots=True)
class Read:
    """What the files hold: objects, problems one line each, and how many Helm test hooks were left out."""

    objects: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    skipped: int = 0


def read(paths: Iterable[str], namespace: str, stdin: TextIO = sys.stdin) -> Read:
    """Every object of files and folders; `-` is standard input, `namespace` that of objects which name none."""
    result = Read()
    seen: dict[tuple[str, str, str, str], Place] = {}
    for path in paths:
        for name, text in _texts(path, stdin, result.problems):
            for found in _objects(name, text, result):
                group, kind, own, called = found.identity
                first = seen.setdefault((group, kind, own or namespace, called), found.place)
                if first is not found.place:
                    result.problems.append(f"{found.place}: {kind}/{called} is defined twice, first at {first}")
                result.objects.append(found)
    return result


def _texts(path: str, stdin: TextIO, problems: list[str]) -> Iterator[tuple[str, str]]:
    if path == STDIN:
        yield "<stdin>", stdin.read()
        return
    place = Path(path)
    files = sorted(one for one in place.rglob("*") if one.suffix in SUFFIXES and one.is_file())
    for file in files if place.is_dir() else [place]:
        try:
            yield str(file), file.read_text(encoding="utf-8")
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
        except UnicodeDecodeError:
            problems.append(f"{file}: not UTF-8 text")


def _objects(name: str, text: str, result: Read) -> Iterator[Found]:
    try:
        for document in manifests.documents(text, file=name):
            place = Place(name, document.number, document.line)
            for path, value in _flat(document.value):
                wrong = list(_wrong(path, value))
                result.problems += [f"{place}: {problem}" for problem in wrong]
                if wrong:
                    continue
                if _is_test_hook(value):
                    result.skipped += 1
                else:
                    yield Found(place, value)
    except Refused as refused:
        result.problems.append(f"{name}: line {refused.line}: {refused.said}")


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A `List` stands for its items, however deep."""
    items = value.get("items") if isinstance(value, Mapping) and str(value.get("kind", "")).endswith("List") else None
    if not isinstance(items, list):
        yield path, value
        return
    for index, item in enumerate(items):
        yield from _flat(item, f"{path}items[{index}].")


def _wrong(path: str, value: Any) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or 'the document'} must be a Kubernetes object, not {quoted(value)}"
        return
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            yield f"{path}{key} is required"
    meta = value.get("metadata")
    if not isinstance(meta, Mapping):
        yield f"{path}metadata is required"
        return
    if not meta.get("name"):
        yield f"{path}metadata.name is required"
    elif not _fits(_NAME, meta["name"]) and "rbac" not in str(value.get("apiVersion", "")):
        yield f"{path}metadata.name: {quoted(meta['name'])} cannot be an object's name"
    yield from _wrong_labels(f"{path}metadata.labels", meta.get("labels"))


def _wrong_labels(path: str, labels: Any) -> Iterator[str]:
    if labels is None:
        return
    if not isinstance(labels, Mapping):
        yield f"{path} must be a mapping"
        return
    for key, value in labels.items():
        if not _fits(_KEY, key):
            yield f"{path}: {quoted(key)} cannot be a label"
        if not _fits(_VALUE, value):
            yield f"{path}.{key}: {quoted(value)} cannot be a label's value: quote it, or shorten it to 63 characters"


def _fits(adapter: TypeAdapter[str], value: object) -> bool:
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _is_test_hook(value: Mapping[str, Any]) -> bool:
    annotations = value["metadata"].get("annotations")
    hooks = str(annotations.get(_HOOK, "")) if isinstance(annotations, Mapping) else ""
    return any(hook.strip() in {"test", "test-success", "test-failure"} for hook in hooks.split(","))
