"""
The verdict as a status: what Argo CD, Flux, Helm, kubectl and people read.

It decides nothing. It must be stable: the same verdict upon its own status changes nothing, so that a healthy operator
writes nothing; and it is the last guard: no status leaves it for the API server that breaks the invariant of Ready.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from readiness.api.v1alpha1.review import Meta
from readiness.api.v1alpha1.status import Condition, ExpectationStatus, Status, SubjectStatus
from readiness.expectations.finding import Outcome
from readiness.judgement import verdict as judgement
from readiness.judgement.areas import Severity
from readiness.judgement.certificate import renewal, whole
from readiness.judgement.subject import SubjectVerdict
from readiness.judgement.verdict import Verdict
from readiness.outputs import entries, summary
from readiness.outputs.budget import bounded
from readiness.outputs.text import clean

__all__ = ["InvariantBroken", "bounded", "check_invariant", "minimal", "render", "same"]

_LATE: Final = timedelta(seconds=2)
"""So far the clock of an operator that has just started, or that asks another API server, may be behind the last one's."""

_AREA: Final[dict[Outcome, Literal["True", "False", "Unknown"]]] = {Outcome.MET: "True", Outcome.UNMET: "False"}


class InvariantBroken(Exception):  # noqa: N818  # a sentence about the status, not about the program
    """A status says Ready=True and must not."""


def render(verdict: Verdict, before: Status, now: datetime) -> Status:
    """The whole status that says so; `before` is the one it replaces."""
    if before.observed_generation < 0:
        before = Status()  # the schema's default was written by nobody, in 1970
    now = _after(before, whole(now))
    conditions = tuple(_conditions(verdict, before, now))
    certificate = verdict.certificate
    return bounded(
        Status(
            observed_generation=verdict.generation,
            spec_digest=verdict.digest,
            generation_since=verdict.generation_since,
            subject=_subject(verdict.subject),
            certified_at=certificate.certified_at if certificate else None,
            valid_until=certificate.valid_until if certificate else None,
            not_ready_since=verdict.not_ready_since,
            last_evaluation_time=verdict.judged_at,
            conditions=conditions,
            summary=summary.summarise(verdict, before, conditions[0].last_transition_time),
            areas=entries.areas(verdict.areas, before, now),
        )
    )


def minimal(meta: Meta, before: Status, now: datetime, why: str) -> Status:
    """What can always be written, when the full status could not be rendered or was refused."""
    plain = clean(why, 256).encode("ascii", "replace").decode()
    return render(judgement.internal_error(meta, before, now, plain), before, now)


def same(stored: Status, wanted: Status) -> bool:
    """Whether writing can be left out: nothing differs but instants that move with every look."""
    return _settled(stored) == _settled(wanted) and not _renewal_due(stored, wanted)


def check_invariant(status: Status, review_suspended: bool, deleting: bool, now: datetime) -> None:
    """Raise where the status is green and must not be."""
    ready = status.condition("Ready")
    if ready is None or ready.status != "True":
        return
    broken = next(_broken(status, review_suspended, deleting, now), None)
    if broken is not None:
        raise InvariantBroken(f"Ready would be True although {broken}")


def _after(before: Status, now: datetime) -> datetime:
    """`now`, but no transition is dated before the last one; a clock that was set back is another matter."""
    last = max((one.last_transition_time for one in before.conditions), default=now)
    return last if now < last <= now + _LATE else now


def _conditions(verdict: Verdict, before: Status, now: datetime) -> Iterator[Condition]:
    def condition(type_: str, status: Literal["True", "False", "Unknown"], reason: str, message: str) -> Condition:
        then = before.condition(type_)
        return Condition(
            type=type_,
            status=status,
            observed_generation=verdict.generation,
            last_transition_time=then.last_transition_time if then and then.status == status else now,
            reason=reason,
            message=clean(message, 512),
        )

    ready, fresh = verdict.ready, verdict.evidence_fresh
    yield condition("Ready", ready.status, ready.reason, ready.message)
    if verdict.mood is not None:
        yield condition(verdict.mood, "True", ready.reason, ready.message)
    yield condition("EvidenceFresh", fresh.status, fresh.reason, fresh.message)
    for area in verdict.areas:
        yield condition(area.condition, _AREA.get(area.outcome, "Unknown"), area.reason, area.message)


def _subject(subject: SubjectVerdict | None) -> SubjectStatus | None:
    if subject is None:
        return None
    revision = clean(subject.revision, 256) if subject.revision else None
    return SubjectStatus(revision=revision, verified=subject.verified, rolled_out=subject.rolled_out)


def _settled(status: Status) -> Status:
    """Without what moves at every look: lastEvaluationTime, evidenceTime, and validUntil, which has a rule of its own."""
    areas = tuple(
        area.model_copy(update={"expectations": tuple(_undated(one) for one in area.expectations)})
        for area in status.areas
    )
    certified = {"valid_until": status.valid_until is not None}
    return status.model_copy(update={"areas": areas, "last_evaluation_time": None, **certified})


def _undated(one: ExpectationStatus) -> ExpectationStatus:
    return one if one.evidence_time is None else one.model_copy(update={"evidence_time": None})


def _renewal_due(stored: Status, wanted: Status) -> bool:
    """A shorter certificate is written at once, a longer one when a third of the stored one has passed."""
    if stored.valid_until is None or wanted.valid_until is None or wanted.valid_until == stored.valid_until:
        return False
    if wanted.valid_until < stored.valid_until or stored.last_evaluation_time is None:
        return True
    issued_at = stored.last_evaluation_time
    return (wanted.last_evaluation_time or issued_at) >= renewal(issued_at, stored.valid_until)


def _broken(status: Status, suspended: bool, deleting: bool, now: datetime) -> Iterator[str]:
    fresh = status.condition("EvidenceFresh")
    held = fresh is not None and fresh.status == "False"
    yield from (f"it is {mood}" for mood in judgement.Mood if status.condition(mood))
    if suspended:
        yield "the review is suspended"
    if deleting:
        yield "the review is being deleted"
    if status.valid_until is None or status.valid_until <= now:
        yield "validUntil is not in the future"
    for area in status.areas:
        for one in area.expectations:
            harmless = one.outcome in {Outcome.MET, Outcome.NOT_APPLICABLE} or one.severity == Severity.ADVISORY
            if not harmless and not (held and one.outcome == Outcome.UNKNOWN):
                yield f"{area.name}: {one.name} is {one.outcome}"
