"""
The verdict on one review: what is known, whether it is certified, and when to look again.

Every situation of a review leads through here, judged or not, so that no output has a rule of its own. It must not
know how a status looks when written, nor read any clock: `now` is the API server's, handed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.review import Meta, Problem, Review
from readiness.api.v1alpha1.status import Status
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Workloads
from readiness.expectations.finding import Outcome
from readiness.judgement import areas, certificate, subject
from readiness.judgement.areas import AreaVerdict, ExpectationVerdict
from readiness.judgement.assess import Assessed
from readiness.judgement.certificate import Certificate, Standing
from readiness.judgement.subject import Obstacle, SubjectVerdict
from readiness.judgement.tally import distinct, earliest


class Mood(StrEnum):
    """What is abnormal about a review that is not ready: it may still come right by itself, or it will not."""

    RECONCILING = "Reconciling"
    STALLED = "Stalled"


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of one condition, and why."""

    status: Literal["True", "False", "Unknown"]
    reason: Reason
    message: str


ENDING: Final = 0
ORDINARY: Final = 1
RENEWAL: Final = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that outputs need to know of one review.

    `judged`: the areas say what was found, rather than that nobody looked. `until` is when to judge again at the latest.
    `rank` orders writes: those that end a certificate, ordinary ones, renewals. `outside` counts workloads that the
    review does not select, None where they could not be seen.
    """

    uid: str
    namespace: str
    name: str
    owner: str
    generation: int
    judged_at: datetime
    ready: Answer
    evidence_fresh: Answer
    mood: Mood | None = None
    digest: str | None = None
    subject: SubjectVerdict | None = None
    areas: tuple[AreaVerdict, ...] = ()
    certificate: Certificate | None = None
    generation_since: datetime | None = None
    not_ready_since: datetime | None = None
    outside: int | None = None
    until: datetime | None = None
    rank: int = ORDINARY
    judged: bool = False


def without_findings(verdict: Verdict) -> Verdict:
    """What is needed of a verdict once a status tells of it: outcomes, counts and deadlines."""
    return replace(verdict, areas=tuple(areas.without_findings(area) for area in verdict.areas))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verdict is made of; `assessed` by (area, expectation), one for each."""

    review: Review
    digest: str
    assessed: Mapping[tuple[str, str], Assessed]
    workloads: Seen[Workloads] | Unseen
    lost: tuple[Unseen, ...]
    before: Status
    now: datetime
    proven: bool
    skewed: timedelta | None = None
    hold_for: timedelta = timedelta(minutes=15)


def decide(facts: Facts) -> Verdict:
    """Judge; a review that must not be judged, or not yet, gets its own row."""
    review, before, now = facts.review, facts.before, facts.now
    if review.meta.deleting:
        return deleting(review, before, now)
    if review.spec.suspend:
        return suspended(review, before, now)
    if not facts.proven:
        return evaluating(review, before, now, "evidence newer than this generation")
    found = _areas(facts)
    what, obstacle = subject.judge(review.spec, facts.workloads)
    conclusion = _conclude(facts, found, what, obstacle)
    verdict = replace(
        _blank(review.meta, before, now, conclusion.ready),
        owner=review.spec.owner or "",
        digest=facts.digest,
        subject=what,
        areas=found,
        evidence_fresh=_freshness(facts, found, obstacle),
        certificate=conclusion.certificate,
        generation_since=_generation_since(facts),
        outside=facts.workloads.value.outside if isinstance(facts.workloads, Seen) else None,
        judged=True,
    )
    return _dated(verdict, facts, conclusion)


def invalid(meta: Meta, problems: Iterable[Problem], before: Status, now: datetime) -> Verdict:
    """The spec cannot be judged; the message names the fields."""
    said = "; ".join(str(problem) for problem in problems)
    return replace(_blank(meta, before, now, Answer("False", Reason.INVALID_SPEC, said)), mood=Mood.STALLED)


def internal_error(meta: Meta, before: Status, now: datetime, why: str) -> Verdict:
    """The status could not be rendered, or was refused."""
    return replace(_blank(meta, before, now, Answer("Unknown", Reason.INTERNAL_ERROR, why)), mood=Mood.STALLED)


def suspended(review: Review, before: Status, now: datetime) -> Verdict:
    return _unjudged(review, before, now, Answer("Unknown", Reason.SUSPENDED, "spec.suspend is true: not judged"))


def deleting(review: Review, before: Status, now: datetime) -> Verdict:
    """Another party's finalizer keeps the review; its deletion has raised the generation."""
    return _unjudged(review, before, now, Answer("Unknown", Reason.DELETING, "the review is being deleted"))


def evaluating(review: Review, before: Status, now: datetime, waiting_for: str) -> Verdict:
    """This generation was never judged, and what it must be judged by is not there yet."""
    verdict = _unjudged(review, before, now, Answer("Unknown", Reason.EVALUATING, f"waiting for {waiting_for}"))
    return replace(verdict, mood=Mood.RECONCILING)


def expired(review: Review, before: Status, now: datetime) -> Verdict:
    """The stored certificate has run out before anybody renewed it."""
    ended = f" at {instants.text(before.valid_until)}" if before.valid_until else ""
    ready = Answer("Unknown", Reason.CERTIFICATE_EXPIRED, f"the certificate ran out{ended} and was not renewed")
    same = before.observed_generation == review.meta.generation
    return replace(
        _unjudged(review, before, now, ready),
        mood=Mood.RECONCILING,
        digest=before.spec_digest if same else None,
        generation_since=before.generation_since if same else None,
    )


@dataclass(frozen=True, slots=True)
class _Conclusion:
    ready: Answer
    certificate: Certificate | None = None
    needs_a_person: bool = False
    look_again: datetime | None = None  # where no deadline of the evidence says when


def _areas(facts: Facts) -> tuple[AreaVerdict, ...]:
    spec = facts.review.spec
    return tuple(
        areas.roll_up(
            area,
            spec.owner or "",
            tuple(areas.judge(one, facts.assessed[area.name, one.name], facts.now) for one in area.expectations),
        )
        for area in spec.areas
    )


def _conclude(
    facts: Facts, found: tuple[AreaVerdict, ...], what: SubjectVerdict | None, obstacle: Obstacle | None
) -> _Conclusion:
    """The review over its areas: what is unmet first, then what is not known, then whether enough was proven."""
    if _with(found, Outcome.UNMET):
        said = _listed(found, Outcome.UNMET)
        return _Conclusion(Answer("False", Reason.BLOCKING_FINDINGS, said), needs_a_person=True)
    stands = certificate.standing(facts.before, facts.review.meta.generation, facts.digest, facts.now)
    unknown = _with(found, Outcome.UNKNOWN)
    if unknown or obstacle:
        return _held(facts, found, obstacle, stands) or _unavailable(found, unknown, obstacle)
    proven = _with(found, Outcome.MET)
    if not proven:
        said = "no blocking expectation is met: nothing was proven"
        return _Conclusion(Answer("Unknown", Reason.NOTHING_ENFORCED, said), needs_a_person=True)
    return _issued(facts, found, what, stands)


def _issued(
    facts: Facts, found: tuple[AreaVerdict, ...], what: SubjectVerdict | None, stands: Standing | None
) -> _Conclusion:
    spec, before = facts.review.spec, facts.before
    terms = certificate.Terms(facts.now, spec.valid_for, _bound(found), facts.skewed is not None)
    images = bool(spec.subject and spec.subject.images)
    began = certificate.unbroken_since(
        before,
        what.revision if what else None,
        same_images=not images or before.spec_digest == facts.digest,
        now=facts.now,
    )
    issued = certificate.issue(terms, stands, began)
    met = len(_with(found, Outcome.MET))
    if issued is not None:
        said = f"{met} of {met} blocking expectations met"
        return _Conclusion(Answer("True", Reason.CERTIFIED, said), issued)
    said, pause = ("a proof ends at this very instant", _MOMENT) if facts.skewed is None else (_SKEWED, _WHILE)
    return _Conclusion(Answer("Unknown", Reason.EVIDENCE_UNAVAILABLE, said), look_again=facts.now + pause)


def _held(
    facts: Facts, found: tuple[AreaVerdict, ...], obstacle: Obstacle | None, stands: Standing | None
) -> _Conclusion | None:
    """Rule Hold: lost evidence, and nothing else, leaves an earned certificate standing for a while."""
    if obstacle is not None and (obstacle.gap is None or not obstacle.gap.reason.holds):
        return None
    if not certificate.may_be_held(facts.before, found):
        return None
    gaps = [gap for one in _with(found, Outcome.UNKNOWN) for gap in one.gaps]
    gaps += [obstacle.gap] if obstacle is not None and obstacle.gap is not None else []
    kept = certificate.hold(stands, gaps, facts.now, facts.hold_for)
    if kept is None:
        return None
    said = f"on earlier evidence until {instants.text(kept.valid_until)}; not seen now: {_sources(distinct(gaps))}"
    return _Conclusion(Answer("True", Reason.CERTIFIED, said), kept)


def _unavailable(
    found: tuple[AreaVerdict, ...], unknown: tuple[ExpectationVerdict, ...], obstacle: Obstacle | None
) -> _Conclusion:
    """What concerns the whole review is named first: it is often why the rest is not known."""
    person = any(one.needs_a_person for one in unknown)
    if obstacle is None:
        said = _listed(found, Outcome.UNKNOWN)
        return _Conclusion(Answer("Unknown", Reason.EVIDENCE_UNAVAILABLE, said), needs_a_person=person)
    person = person or obstacle.gap is None or Reason(obstacle.gap.reason) in areas.NEEDS_A_PERSON
    return _Conclusion(Answer("Unknown", obstacle.reason, obstacle.message), needs_a_person=person)


def _with(found: tuple[AreaVerdict, ...], outcome: Outcome) -> tuple[ExpectationVerdict, ...]:
    return tuple(one for area in found for one in area.blocking(outcome))


def _listed(found: tuple[AreaVerdict, ...], outcome: Outcome) -> str:
    return "; ".join(f"{area.name}: {areas.listed(area.blocking(outcome))}" for area in found if area.blocking(outcome))


def _bound(found: tuple[AreaVerdict, ...]) -> datetime | None:
    """When a proof that counts ends by itself, or an announced expectation begins to count."""
    every = [one for area in found for one in area.expectations]
    return earliest([one.met_until for one in every if one.blocking] + [one.enforce_from for one in every])


_MOMENT: Final = timedelta(seconds=1)
_WHILE: Final = timedelta(minutes=1)
_SKEWED: Final = "the operator's clock and the API server's differ by more than 30s: nothing is issued or extended"
_GRAVEST: Final = (Why.FORBIDDEN, Why.FAILED, Why.STALE, Why.NOT_SYNCED)


def _freshness(facts: Facts, found: tuple[AreaVerdict, ...], obstacle: Obstacle | None) -> Answer:
    """About the sources alone, whatever they decide."""
    gaps = [*facts.lost, *(gap for area in found for one in area.expectations for gap in one.gaps)]
    gaps += [obstacle.gap] if obstacle is not None and obstacle.gap is not None else []
    lost = sorted(distinct(gap for gap in gaps if gap.reason.holds), key=lambda gap: _GRAVEST.index(gap.reason))
    if facts.skewed is not None:
        return Answer("False", Reason.CLOCK_SKEW, "; ".join([_SKEWED, *([_sources(lost)] if lost else [])]))
    if lost:
        return Answer("False", Reason(lost[0].reason), _sources(lost))
    return Answer("True", Reason.ALL_SOURCES_FRESH, "every source was in contact lately")


def _sources(gaps: Iterable[Unseen]) -> str:
    """`pods (Stale: no contact since ...); ...`, a source that is lost at many objects only once."""
    by_source: dict[tuple[str, str], str] = {}
    for gap in gaps:
        name = gap.resource or "an object"
        by_source.setdefault((name, gap.reason), gap.message.removeprefix(f"{name}: "))
    return "; ".join(
        f"{name} ({why}: {said})" if said else f"{name} ({why})" for (name, why), said in by_source.items()
    )


def _blank(meta: Meta, before: Status, now: datetime, ready: Answer) -> Verdict:
    """Nothing but the answer itself; EvidenceFresh is not known where nothing was judged."""
    certified = certificate.is_certified(before)
    ends = certified and ready.status != "True"
    known = None if certified else before.not_ready_since
    return Verdict(
        uid=meta.uid,
        namespace=meta.namespace,
        name=meta.name,
        owner="",
        generation=meta.generation,
        judged_at=certificate.whole(now),
        ready=ready,
        evidence_fresh=Answer("Unknown", ready.reason, "not judged"),
        not_ready_since=None if ready.status == "True" else known or certificate.whole(now),
        rank=ENDING if ends else ORDINARY,
    )


def _unjudged(review: Review, before: Status, now: datetime, ready: Answer) -> Verdict:
    spec = review.spec
    return replace(
        _blank(review.meta, before, now, ready),
        owner=spec.owner or "",
        subject=subject.unverified(spec),
        areas=tuple(areas.unjudged(area, spec.owner or "", ready.reason, now) for area in spec.areas),
    )


def _generation_since(facts: Facts) -> datetime:
    """When this generation was first judged: grace begins anew with each."""
    same = facts.before.observed_generation == facts.review.meta.generation
    return (facts.before.generation_since if same else None) or certificate.whole(facts.now)


def _dated(verdict: Verdict, facts: Facts, conclusion: _Conclusion) -> Verdict:
    """The mood, the next instant at which anything could change, and the order of the write."""
    now, cert = facts.now, conclusion.certificate
    grace_ends = _grace_ends(verdict, facts) if conclusion.needs_a_person else None
    mood = Mood.STALLED if grace_ends and now >= grace_ends else None if cert else Mood.RECONCILING
    every = [one for area in verdict.areas for one in area.expectations]
    ahead = [
        *(one.changes_at for one in every),
        *(one.enforce_from for one in every),
        *((cert.ends_at, cert.renew_at) if cert else (conclusion.look_again, grace_ends)),
    ]
    until = earliest(instant for instant in ahead if instant is not None and instant > now)
    rank = RENEWAL if cert and _merely_renews(verdict, facts.before) else verdict.rank
    return replace(verdict, mood=mood, until=until, rank=rank)


def _grace_ends(verdict: Verdict, facts: Facts) -> datetime:
    """A fix to a long-red review is a new generation, and gets a new grace."""
    begun = max(stamp for stamp in (verdict.not_ready_since, verdict.generation_since) if stamp)
    return begun + facts.review.spec.grace_period


def _merely_renews(verdict: Verdict, before: Status) -> bool:
    """Whether nothing that a reader would notice differs from what is stored."""
    outcomes = {(area.name, one.name): one.outcome for area in before.areas for one in area.expectations}
    fresh = before.condition("EvidenceFresh")
    return (
        certificate.is_certified(before)
        and before.observed_generation == verdict.generation
        and fresh is not None
        and fresh.status == verdict.evidence_fresh.status
        and outcomes == {(area.name, one.name): str(one.outcome) for area in verdict.areas for one in area.expectations}
    )
