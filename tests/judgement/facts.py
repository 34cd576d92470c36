"""Builders of reviews, workloads and facts: a test says only what matters to it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from readiness.api.v1alpha1.review import Review, digest, read
from readiness.api.v1alpha1.status import Status
from readiness.evidence.objects import Meta, Ref, Unreadable
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Container, Live, Template, Workload, Workloads
from readiness.expectations.finding import Finding, met, unknown, unmet
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import Facts, Verdict, decide
from readiness.outputs.conditions import render

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
NEVER = Status.read(
    {
        "observedGeneration": -1,
        "conditions": [
            {
                "type": "Ready",
                "status": "Unknown",
                "reason": "Pending",
                "message": "Waiting for the operator",
                "lastTransitionTime": "1970-01-01T00:00:00Z",
            }
        ],
    }
)
PROBES: dict[str, Any] = {"check": {"probes": {}}}


def at(**later: float) -> datetime:
    return NOW + timedelta(**later)


def expectation(name: str = "probes", **fields: Any) -> dict[str, Any]:
    return {"name": name, **PROBES, **fields}


def area(name: str = "deployment", *expectations: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": name, "expectations": list(expectations or [expectation()]), **fields}


def review(
    *areas: dict[str, Any], generation: int = 4, deleting: bool = False, uid: str = "u-1", **spec: Any
) -> Review:
    metadata = {"name": "orders", "namespace": "shop", "uid": uid, "generation": generation, "resourceVersion": "7"}
    if deleting:
        metadata["deletionTimestamp"] = "2026-11-21T09:00:00Z"
    found = read({"metadata": metadata, "spec": {"owner": "team", "areas": list(areas or [area()]), **spec}})
    assert isinstance(found, Review), found.problems
    return found


def workload(
    name: str = "api",
    *,
    labels: Mapping[str, str] | None = None,
    carries: Mapping[str, str] | None = None,
    images: Iterable[str] = (),
    own: Template | Unseen | str | None = "template",
    live: tuple[Live, ...] = (),
    unresolved: tuple[str, ...] = (),
) -> Workload:
    ref = Ref("Deployment", name)
    containers = tuple(Container(f"c{index}", image=image) for index, image in enumerate(images))
    template = Template(tuple(sorted((carries or {}).items())), containers)
    meta = Meta(f"uid-{name}", name, "shop", labels=tuple(sorted((labels or {}).items())))
    whole = template if isinstance(own, str) else own
    return Workload(meta.uid, ref, ref, meta, whole, live, unresolved)


def unreadable(name: str, **labels: str) -> Unreadable:
    return Unreadable(
        Meta(f"uid-{name}", name, "shop", labels=tuple(sorted(labels.items()))), "Deployment", "too large"
    )


def good(name: str = "api", **fields: Any) -> Finding:
    return met(Ref("Deployment", name, "web"), "ProbesDefined", **fields)


def bad(name: str = "api", message: str = "no liveness probe", **fields: Any) -> Finding:
    return unmet(Ref("Deployment", name, "web"), "ProbeMissing", message, **fields)


def doubtful(name: str = "api", **fields: Any) -> Finding:
    return unknown(Ref("Deployment", name, "web"), "RolloutInProgress", "revision 7 is not to be found", **fields)


def lost(why: Why = Why.STALE, contact: datetime | None = None, resource: str = "pods") -> Unseen:
    return Unseen(why, f"no contact with {resource}", resource, contact)


def facts(of: Review, assessed: Mapping[str, Assessed] | None = None, /, **fields: Any) -> Facts:
    """By the expectation's name; what is not named is met."""
    given = assessed or {}
    every = {
        (where.name, one.name): given.get(one.name, Assessed((good(),)))
        for where in of.spec.areas
        for one in where.expectations
    }
    rest: dict[str, Any] = {
        "workloads": Seen(Workloads((workload(),)), NOW),
        "lost": (),
        "before": NEVER,
        "now": NOW,
        "proven": True,
        **fields,
    }
    return Facts(of, digest(of.spec), every, **rest)


def judged(of: Review, assessed: Mapping[str, Assessed] | None = None, /, **fields: Any) -> tuple[Verdict, Status]:
    """The verdict, and the status as it would be stored."""
    given = facts(of, assessed, **fields)
    verdict = decide(given)
    return verdict, stored(verdict, given.before, given.now)


def stored(verdict: Verdict, before: Status, now: datetime) -> Status:
    """Through JSON, as the API server would hand it back."""
    return Status.read(render(verdict, before, now).dump())
