"""No review sees another namespace: objects there change nothing of what it says, whatever its author writes."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from readiness.api.v1alpha1.review import Expectation
from readiness.collectors.inventory import shown
from readiness.collectors.projections import BY_RESOURCE
from readiness.collectors.wire import Misfit
from readiness.evidence.objects import Record
from tests.expectations.example import Example
from tests.security.worlds import EXAMPLES, Document, judged, namespaced, resource_of

FOREIGN = "zq-foreign"
EACH = pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)


def listed(example: Example) -> set[str]:
    """Namespaces whose objects the example's settings show, in part."""
    return set(example.head.get("settings", {}).get("evidenceNamespaces", {}))


def abroad(example: Example, *, renamed: bool) -> list[Document]:
    """The example's own objects once more in a foreign namespace, with other uids and with texts that would be noticed."""
    own = example.head.get("namespace", "default")
    found = []
    for document in example.objects:
        there = document.get("metadata", {}).get("namespace", own)
        if namespaced(document) and there not in listed(example):
            clone = moved(copy.deepcopy(document), own, renamed=renamed)
            clone["metadata"]["namespace"] = FOREIGN
            found.append(clone)
    return found


def moved(value: Any, own: str, *, renamed: bool, key: str = "") -> Any:
    """Uids differ; what names the own namespace names the foreign one; names stay, or differ too; free texts differ."""
    if isinstance(value, dict):
        return {name: moved(inner, own, renamed=renamed, key=name) for name, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, own, renamed=renamed, key=key) for inner in value]
    if not isinstance(value, str):
        return value
    if key == "uid" or key.endswith("UID") or (key in {"message", "image", "value"}) or (renamed and key == "name"):
        return f"{FOREIGN}-{value}"
    return FOREIGN if value == own else value


@EACH
@pytest.mark.parametrize("renamed", [False, True], ids=["same-names", "other-names"])
def test_objects_of_a_foreign_namespace_change_nothing(example: Example, *, renamed: bool) -> None:
    before = judged(example)
    after = judged(example, [*abroad(example, renamed=renamed), *example.objects])
    assert (after.outcome, after.findings) == (before.outcome, before.findings)
    assert after.assessed.hint == before.assessed.hint


def elsewhere(example: Example) -> list[Document]:
    """Objects of listed namespaces and of none, once more, as far as they are then about the foreign namespace alone."""
    own = example.head.get("namespace", "default")
    found = []
    for document in example.objects:
        if not namespaced(document) or document.get("metadata", {}).get("namespace", own) in listed(example):
            clone = moved(copy.deepcopy(document), own, renamed=True)
            record = record_of(clone)
            if record is not None and not shown(resource_of(clone), record, own):
                found.append(clone)
    return found


def record_of(document: Document) -> Record | None:
    try:
        return BY_RESOURCE[resource_of(document)].decode(json.dumps(document, default=str).encode())
    except Misfit:
        return None


@EACH
def test_what_is_about_a_foreign_namespace_changes_nothing(example: Example) -> None:
    clones = elsewhere(example)
    before, after = judged(example), judged(example, [*clones, *example.objects])
    assert (after.outcome, after.findings) == (before.outcome, before.findings)


def test_some_example_has_such_objects() -> None:
    if any(one.kind == "backups" for one in EXAMPLES):
        assert any(elsewhere(one) for one in EXAMPLES)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a text stands."""
    if isinstance(value, str):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def put(value: Any, path: tuple[Any, ...], new: str) -> Any:
    changed = copy.deepcopy(value)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return changed


@EACH
def test_whatever_the_author_writes_in_any_field(example: Example) -> None:
    written = example.head["expectation"]
    choice = random.Random(example.name)
    every = list(places(written))
    for path in choice.sample(every, min(len(every), 6)):
        for text in (FOREIGN, f"{FOREIGN}/api", f"{FOREIGN}.svc", f"{FOREIGN}-api"):
            expectation = put(written, path, text)
            try:
                Expectation.model_validate({"name": "example", **expectation})
            except ValidationError:
                continue
            before = judged(example, expectation=expectation)
            foreign = [*abroad(example, renamed=True), *abroad(example, renamed=False)]
            after = judged(example, [*example.objects, *foreign], expectation=expectation)
            assert (after.outcome, after.findings) == (before.outcome, before.findings), (path, text)
