"""
A ReadinessReview as read from JSON: either a whole one, or everything that is wrong with it. The way in for every raw
object, from a watch or from a file; nothing after it needs to doubt a spec again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from readiness.api.v1alpha1 import explained, structure
from readiness.api.v1alpha1.check import KINDS, Check
from readiness.api.v1alpha1.problems import Problem, quoted
from readiness.api.v1alpha1.spec import Area, ExceptionEntry, Expectation, Scope, Spec, Subject, SubjectImage

__all__ = [
    "KINDS",
    "Area",
    "Check",
    "ExceptionEntry",
    "Expectation",
    "Invalid",
    "Meta",
    "Problem",
    "Review",
    "Scope",
    "Spec",
    "Subject",
    "SubjectImage",
    "digest",
    "read",
]

_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")


@dataclass(frozen=True, slots=True)
class Meta:
    """Which object it is, and which state of it was read."""

    name: str
    namespace: str
    uid: str
    generation: int
    resource_version: str
    deleting: bool


@dataclass(frozen=True, slots=True)
class Review:
    meta: Meta
    spec: Spec


@dataclass(frozen=True, slots=True)
class Invalid:
    """A review that cannot be judged; there is at least one problem."""

    meta: Meta
    problems: tuple[Problem, ...]


def read(raw: Mapping[str, object]) -> Review | Invalid:
    """Every problem at once. The status is not looked at: see status.py."""
    meta, spec = _meta(raw.get("metadata")), raw.get("spec")
    problems = [Problem(quoted(field), *explained.unknown(field, _FIELDS)) for field in raw if field not in _FIELDS]
    if not isinstance(spec, Mapping):
        found = "is required" if spec is None else f"must be a mapping, not {quoted(spec)}"
        return Invalid(meta, (*problems, Problem("spec", found, "write the areas of the review below it")))
    problems += structure.problems(spec)
    try:
        # By alias alone: `max_age` is how Python calls it, and unknown to the API server.
        whole = Spec.model_validate(dict(spec), by_alias=True, by_name=False)
    except ValidationError as error:
        return Invalid(meta, (*problems, *explained.problems(error, "spec", Spec)))
    return Invalid(meta, tuple(problems)) if problems else Review(meta, whole)


def digest(spec: Spec) -> str:
    """
    Identifies what is judged, defaults filled in: no certificate outlives a change of it. What only people read is left
    out. Absent optional parts are too, so that a newer operator's new parameters do not end every certificate.
    """
    for_people: dict[str, Any] = {"expectations": {"__all__": {"runbook"}}, "title": True, "owner": True}
    judged = spec.model_dump(
        mode="json",
        by_alias=True,
        exclude_none=True,
        exclude={"owner": True, "description": True, "areas": {"__all__": for_people}},
    )
    canonical = json.dumps(judged, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _meta(metadata: object) -> Meta:
    """Tolerant: an invalid review must be named too, and the API server vouches for metadata."""
    given = metadata if isinstance(metadata, Mapping) else {}
    texts = {key: value for key, value in given.items() if isinstance(value, str)}
    generation = given.get("generation")
    return Meta(
        name=texts.get("name", ""),
        namespace=texts.get("namespace", ""),
        uid=texts.get("uid", ""),
        generation=generation if isinstance(generation, int) else 0,
        resource_version=texts.get("resourceVersion", ""),
        deleting=given.get("deletionTimestamp") is not None,
    )
