"""Whatever stands in an object: it becomes a record or an Unreadable one, and no kind raises."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.collectors.errors import ApiError
from readiness.collectors.projections import BODIES, BY_RESOURCE
from readiness.collectors.store import Reading
from readiness.collectors.wire import Misfit
from readiness.evidence.objects import Unreadable
from readiness.expectations import table
from tests.expectations.example import Example
from tests.security.worlds import EXAMPLES, Document, judged, resource_of

TIMES = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-21T10:00:00+14:00", "yesterday", ""]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from([*TIMES, "9999999h", "-1h", "1h", "True", "*", "${x}", "$(A)", "\x1b[31m", "\u202e", "a" * 5000])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
IDENTITY = {
    ("metadata",),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "uid"),
    ("kind",),
    ("apiVersion",),
}
KINDS = tuple(kind.name for kind in table.TABLE)
LOOSE = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
WITH_OBJECTS = {kind: [one for one in EXAMPLES if one.kind == kind and one.objects] for kind in KINDS}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in an object but those that identify it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        if (*path, name) not in IDENTITY:
            yield (*path, name)
        yield from places(inner, (*path, name))


def put(document: Document, path: tuple[Any, ...], value: Any) -> Document:
    changed = copy.deepcopy(document)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


@st.composite
def spoilt(draw: st.DrawFn, kind: str) -> Example:
    """An example in which arbitrary JSON stands in one to three places of known objects."""
    example = draw(st.sampled_from(WITH_OBJECTS[kind]))
    objects = [json.loads(json.dumps(one, default=str)) for one in example.objects]
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(objects) - 1))
        path = draw(st.sampled_from(sorted(places(objects[index]), key=repr)))
        objects[index] = put(objects[index], path, draw(JSON))
    return replace(example, objects=tuple(objects))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@LOOSE
def test_no_kind_raises(kind: str, data: st.DataObject) -> None:
    example = data.draw(spoilt(kind))
    after = judged(example)
    assert after.assessed.raised is None, after.assessed.raised


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@LOOSE
def test_every_object_becomes_a_record(kind: str, data: st.DataObject) -> None:
    example = data.draw(spoilt(kind))
    for document in example.objects:
        resource = resource_of(document)
        projection = BY_RESOURCE[resource]
        content = json.dumps(document).encode()
        try:
            record = Reading(projection.decode, projection.unreadable).read(content)
        except ApiError:
            continue  # not even metadata: the list or the watch fails, and with it the source
        assert record is not None
        assert record.meta.uid == document["metadata"].get("uid", "")
        if resource in BODIES:
            try:
                BODIES[resource](content)
            except Misfit:
                continue


@pytest.mark.parametrize("resource", BY_RESOURCE, ids=lambda one: one.name)
@pytest.mark.parametrize("depth", [500, 100_000])
def test_deep_nesting_is_unreadable_at_worst(resource: Any, depth: int) -> None:
    metadata = b'{"name": "a", "namespace": "default", "uid": "u", "resourceVersion": "1"}'
    for part in (b"spec", b"status", b"data"):
        for left, right in ((b"[", b"]"), (b'{"a":', b"}")):
            content = b'{"metadata": %s, "%s": %s1%s}' % (metadata, part, left * depth, right * depth)
            projection = BY_RESOURCE[resource]
            record = Reading(projection.decode, projection.unreadable).read(content)
            assert record is not None
            assert record.meta.uid == "u"


@pytest.mark.parametrize("resource", BY_RESOURCE, ids=lambda one: one.name)
@pytest.mark.parametrize("labels", [5, ["a"], {"a": 1}, {"a": None}])
def test_odd_metadata_is_not_forgotten(resource: Any, labels: Any) -> None:
    metadata = {"name": "a", "namespace": "default", "uid": "u", "labels": labels, "ownerReferences": "nobody"}
    projection = BY_RESOURCE[resource]
    record = Reading(projection.decode, projection.unreadable).read(json.dumps({"metadata": metadata}).encode())
    assert isinstance(record, Unreadable)
    assert (record.meta.name, record.meta.namespace, record.meta.uid) == ("a", "default", "u")
