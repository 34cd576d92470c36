"""
What is certified: whether the revision that the review names is what the workloads carry.

Only the newest templates are asked whether the revision is deployed; whether older ones still run is told beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.review import Spec, Subject
from readiness.evidence.seen import Seen, Unseen
from readiness.evidence.selecting import compiled, matches
from readiness.evidence.workloads import Template, Workload, Workloads


@dataclass(frozen=True, slots=True)
class SubjectVerdict:
    """What was judged; `verified` only where a label or images say so."""

    revision: str | None = None
    verified: bool = False
    rolled_out: bool = False


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no certificate can be issued whatever the findings say; `gap` where it is only that evidence is missing."""

    reason: Reason
    message: str
    gap: Unseen | None = None


def unverified(spec: Spec) -> SubjectVerdict | None:
    """The subject of a review that is not judged."""
    return SubjectVerdict(spec.subject.revision) if spec.subject else None


def judge(spec: Spec, workloads: Seen[Workloads] | Unseen) -> tuple[SubjectVerdict | None, Obstacle | None]:
    """What is certified, and what stands in the way of certifying it."""
    scoped = spec.scope is not None and spec.scope.selector is not None
    named = spec.subject is not None and (spec.subject.version_label is not None or bool(spec.subject.images))
    if isinstance(workloads, Unseen):
        return unverified(spec), _missing(workloads) if scoped or named else None
    if scoped and not workloads.value.items and not workloads.value.unreadable:
        return unverified(spec), Obstacle(Reason.SCOPE_EMPTY, _scope_empty(workloads.value))
    if spec.subject is None:
        return None, None
    carriers = _carriers(spec.subject, workloads.value)
    obstacle = _obstacle(spec.subject, carriers, workloads.value) if named else None
    rolled_out = bool(carriers) and all(_rolled_out(workload) for workload in carriers)
    return SubjectVerdict(spec.subject.revision, named and obstacle is None, rolled_out), obstacle


def _missing(gap: Unseen) -> Obstacle:
    return Obstacle(Reason.EVIDENCE_UNAVAILABLE, f"workloads cannot be seen: {gap.message}", gap)


def _scope_empty(workloads: Workloads) -> str:
    return "spec.scope.selector selects no workload" + (f": {workloads.hint}" if workloads.hint else "")


def _carriers(subject: Subject, workloads: Workloads) -> tuple[Workload, ...]:
    """The workloads that carry the revision, in an order that does not depend on the store's."""
    selector = compiled(subject.selector)
    chosen = (workload for workload in workloads.items if matches(selector, workload.meta.labels))
    return tuple(sorted(chosen, key=lambda workload: (workload.subject.kind, workload.subject.name, workload.uid)))


def _rolled_out(workload: Workload) -> bool:
    """Whether no template but its own is live in it, as far as anybody can tell."""
    return isinstance(workload.own, Template) and not (workload.live or workload.unresolved or workload.pending)


def _obstacle(subject: Subject, carriers: tuple[Workload, ...], workloads: Workloads) -> Obstacle | None:
    """What is seen to be wrong comes before what cannot be seen."""
    selector = compiled(subject.selector)
    obscure = sorted(
        f"{one.kind}/{one.meta.name}" for one in workloads.unreadable if matches(selector, one.meta.labels)
    )
    found = (
        *([] if carriers or obscure else [_not_deployed("spec.subject.selector selects no workload")]),
        *_mislabelled(subject, carriers),
        *_unread(carriers),
        *(_not_deployed(f"{name} cannot be read, so its revision is not known") for name in obscure[:1]),
        *_images_absent(subject, carriers),
    )
    return next(iter(found), None)


def _not_deployed(message: str) -> Obstacle:
    return Obstacle(Reason.REVISION_NOT_DEPLOYED, message)


def _own(carriers: tuple[Workload, ...]) -> Iterator[tuple[Workload, Template]]:
    """Newest templates that can be read."""
    return ((workload, workload.own) for workload in carriers if isinstance(workload.own, Template))


def _mislabelled(subject: Subject, carriers: tuple[Workload, ...]) -> Iterator[Obstacle]:
    label = subject.version_label
    if label is None:
        return
    wrong = [
        (one, dict(own.labels).get(label))
        for one, own in _own(carriers)
        if dict(own.labels).get(label) != subject.revision
    ]
    for workload, value in wrong[:1]:
        carries = f"has {label} {value}" if value is not None else f"has no {label} on its Pod template"
        differ = f"{len(wrong)} of {len(carriers)} workloads differ{'s' if len(carriers) == 1 else ''}"
        yield _not_deployed(f"{workload.subject} {carries}, wanted {subject.revision}; {differ}")


def _unread(carriers: tuple[Workload, ...]) -> Iterator[Obstacle]:
    """A template that cannot be read may be any revision's. A lost one comes last: it alone may be held."""
    gaps = [(workload, workload.own) for workload in carriers if isinstance(workload.own, Unseen)]
    for workload in carriers:
        if workload.own is None:
            yield _not_deployed(f"the newest template of {workload.subject} is being read")
    for workload, gap in sorted(gaps, key=lambda pair: pair[1].reason.holds):
        yield Obstacle(Reason.EVIDENCE_UNAVAILABLE, f"the newest template of {workload.subject}: {gap.message}", gap)


def _images_absent(subject: Subject, carriers: tuple[Workload, ...]) -> Iterator[Obstacle]:
    present = {container.image for _, own in _own(carriers) for container in own.containers}
    absent = sorted(wanted.image for wanted in subject.images if wanted.image not in present)
    for image in absent[:1]:
        counted = f"{len(absent)} of {len(subject.images)} images absent"
        yield _not_deployed(f"{image} is in no newest template of {len(carriers)} workloads; {counted}")
