"""
The same judgement over YAML files, without a cluster: what `readiness review` does.

The pure half is the operator's own; only the inventory is filled from files. The barrier does not apply, and
what the files do not hold is seen and empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from readiness.api.v1alpha1 import review as reviews
from readiness.api.v1alpha1.review import Invalid, Review
from readiness.api.v1alpha1.status import Status
from readiness.collectors.access import Gate
from readiness.collectors.files import FileWorld
from readiness.collectors.sources import Found, Read
from readiness.expectations import table
from readiness.judgement import verdict as verdicts
from readiness.judgement.assess import assess
from readiness.judgement.verdict import Facts
from readiness.outputs import conditions
from readiness.runtime import taking
from readiness.runtime.register import API_VERSION, REVIEWS
from readiness.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Answered:
    """A review as the operator would leave it: the object, with its status filled."""

    object: dict[str, Any]
    status: Status

    @property
    def certified(self) -> bool:
        """Whether Ready is True."""
        ready = self.status.condition("Ready")
        return ready is not None and ready.status == "True"


@dataclass(frozen=True, slots=True)
class Answers:
    """All reviews, or everything that is wrong with the input."""

    reviews: tuple[Answered, ...] = ()
    problems: tuple[str, ...] = ()


def review(read: Read, named: Read | None, settings: Settings, namespace: str, now: datetime) -> Answers:
    """Judge the reviews of `named` (else those among the manifests) over the manifests."""
    problems = [*read.problems, *(named.problems if named else ())]
    found = [one for one in (named or read).objects if _is_review(one)]
    parsed = [(one, _complete(one.value, namespace)) for one in found]
    judged: list[tuple[dict[str, Any], Review]] = []
    for one, whole in parsed:
        answer = reviews.read(whole)
        if isinstance(answer, Invalid):
            problems += [f"{one.place}: {problem}" for problem in answer.problems]
        else:
            judged.append((whole, answer))
    if not found:
        problems.append(f"no ReadinessReview ({API_VERSION}) in {'--file' if named else 'the manifests'}")
    if problems:
        return Answers(problems=tuple(problems))
    gate = _gate(read, settings, namespace, now)
    return Answers(tuple(_answered(whole, answer, gate, settings, now) for whole, answer in judged))


_SPEC: Final = ("apiVersion", "kind", "metadata", "spec")


def _is_review(found: Found) -> bool:
    group, kind, *_ = found.identity
    return (group, kind) == (REVIEWS.group, REVIEWS.kind)


def _complete(value: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """As an API server would hold it; a status in a file says nothing."""
    meta = {"namespace": namespace, "generation": 1, **value["metadata"]}
    meta.setdefault("uid", f"{REVIEWS.group}/{REVIEWS.kind}/{meta['namespace']}/{meta['name']}")
    return {**{key: value[key] for key in value if key != "status"}, "metadata": meta}


def _gate(read: Read, settings: Settings, namespace: str, now: datetime) -> Gate:
    listed = {ns: frozenset(names) for ns, names in settings.evidence_namespaces.items()}
    allowed = [name for names in listed.values() for name in names]
    world = FileWorld(now, namespace=namespace, allowed=allowed)
    for one in read.objects:
        world.add(one.value)
    return Gate(world.sealed(), listed)


def _answered(whole: dict[str, Any], review: Review, gate: Gate, settings: Settings, now: datetime) -> Answered:
    view = gate.view(review.meta.namespace)
    evidence = taking.take(review, view)
    selected, _ = taking.workloads(review, view)
    assessed = {}
    for key, (expectation, gathered) in evidence.items():
        name, want = expectation.check.one()
        assessed[key] = assess(table.by_name(name), want, gathered.evidence, now)
    before = Status()
    facts = Facts(
        review=review,
        digest=reviews.digest(review.spec),
        assessed=assessed,
        workloads=selected,
        lost=tuple(dict.fromkeys(absent for _, gathered in evidence.values() for absent in gathered.lost)),
        before=before,
        now=now,
        proven=True,
        hold_for=settings.hold_for,
    )
    verdict = (verdicts.suspended(review, before, now)) if review.spec.suspend else verdicts.decide(facts)
    status = conditions.render(verdict, before, now)
    return Answered({**{key: whole[key] for key in _SPEC if key in whole}, "status": status.dump()}, status)
