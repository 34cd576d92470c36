"""
One review, from what is registered and seen to a verdict.

This is where the pure half is called: evidence in, verdict out. It keeps per review what must outlive one
judgement (the parsed spec and the memo) and decides nothing itself.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from readiness.api.v1alpha1 import review as reviews
from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.review import Invalid, Review
from readiness.api.v1alpha1.status import Status
from readiness.collectors.access import Gate
from readiness.collectors.clock import ServerClock
from readiness.evidence.resources import ELSEWHERE
from readiness.evidence.seen import MANY, Seen, Unseen, Why
from readiness.evidence.selecting import Scope
from readiness.expectations import table
from readiness.expectations.finding import Outcome
from readiness.judgement import verdict as verdicts
from readiness.judgement.assess import Assessed, assess
from readiness.judgement.verdict import Facts, Verdict
from readiness.runtime import grounds, taking
from readiness.runtime.barrier import Barrier, Passed
from readiness.runtime.grounds import Grounds
from readiness.runtime.register import Entry
from readiness.runtime.taking import Key
from readiness.runtime.watches import Watched, Watches

SKEW: Final = timedelta(seconds=30)
EVALUATING_AFTER: Final = 3.0  # seconds; a new generation without a verdict then says that it is being evaluated
RESTORING: Final = 60.0  # seconds after a start in which a stored verdict waits for the first lists
TURN: Final = 0.005  # seconds after which the loop may run: letting it run costs more than most expectations do
_NEVER_JUDGED: Final = frozenset({Reason.PENDING, Reason.EVALUATING})


@dataclass(frozen=True, slots=True)
class Wait:
    """No verdict yet: it is judged again when something moves, or after so many seconds."""

    seconds: float | None = None


@dataclass(slots=True)
class Case:
    """What is kept of one review between judgements."""

    uid: str
    spec: bytes = b""
    digest: str = ""
    memos: dict[Key, table.Memo] = field(default_factory=dict)
    needs: frozenset[Watched] = frozenset()
    scopes: tuple[Scope, ...] = ()
    grounds: Grounds | None = None  # of the verdict in force
    until: datetime | None = None  # when that one must be made again

    def read(self, entry: Entry) -> Review | Invalid:
        """The review; another spec forgets what was remembered for the old one."""
        parsed = entry.read()
        if entry.spec != self.spec:
            self.spec = entry.spec
            self.memos.clear()
            self.digest = reviews.digest(parsed.spec) if isinstance(parsed, Review) else ""
            self.scopes = taking.scopes(parsed) if isinstance(parsed, Review) else ()
        return parsed

    def memo(self, key: Key, evidence: Seen[object] | Unseen) -> table.Memo | None:
        """What is remembered of many subjects; few are judged again in less time than they are worth in memory."""
        subjects = getattr(evidence.value, "items", ()) if isinstance(evidence, Seen) else ()
        if len(subjects) > MANY:
            return self.memos.setdefault(key, table.Memo())
        self.memos.pop(key, None)
        return None


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and what kinds raised on the way to it (by kind)."""

    verdict: Verdict
    raised: tuple[tuple[str, Exception], ...] = ()


class Judge:
    """Gathers, assesses, decides."""

    def __init__(
        self,
        gate: Gate,
        watches: Watches,
        barrier: Barrier,
        clock: ServerClock,
        *,
        hold_for: timedelta,
        uptime: Callable[[], float],
        seen: Callable[[Entry], float | None] = lambda _: None,
    ) -> None:
        """`seen` is when this state of a review was seen first, by the loop's clock, where that was before now."""
        self._seen = seen
        self._gate = gate
        self._watches = watches
        self._barrier = barrier
        self._clock = clock
        self._hold_for = hold_for
        self._uptime = uptime
        self._shared: dict[frozenset[Watched], frozenset[Watched]] = {}  # most reviews need the same

    def unmoved(self, case: Case, entry: Entry) -> bool:
        """Whether nothing that the last verdict rested on has moved since."""
        known = case.grounds
        if known is None or self._barrier.waits(case.uid, entry.generation):
            return False
        return known.stand(self._grounds(case, entry))

    async def judge(self, case: Case, entry: Entry) -> Judged | Wait:
        """The verdict on this state of the review; the loop may run between two expectations."""
        case.grounds = None
        now, before, review = self._clock.now(), entry.stored(), case.read(entry)
        if isinstance(review, Invalid):
            self._needs_nothing(case)
            return Judged(verdicts.invalid(review.meta, review.problems, before, now))
        if entry.deleting or review.spec.suspend:
            self._needs_nothing(case)
            row = verdicts.deleting if entry.deleting else verdicts.suspended
            return Judged(row(review, before, now))
        needs = frozenset(self._needs(review))
        case.needs = self._shared.setdefault(needs, needs)
        self._watches.need(case.uid, case.needs)
        if _judged_before(entry, before, case.digest) and not self._barrier.waits(case.uid, entry.generation):
            self._barrier.forget(case.uid)
            waiting = self._restoring(review, case, before)
            return waiting if waiting is not None else await self._evidence(case, entry, review, before, Passed())
        seen = self._seen(entry)
        passed = self._barrier.ask(case.uid, entry.generation, entry.namespace, case.needs, seen)
        if passed is not None:
            return await self._evidence(case, entry, review, before, passed)
        await self._look_ahead(case, review)
        return self._evaluating(review, case, before)

    def _needs_nothing(self, case: Case) -> None:
        case.needs = frozenset()
        self._watches.need(case.uid, ())
        self._barrier.forget(case.uid)

    def _needs(self, review: Review) -> Iterator[Watched]:
        view = self._gate.view(review.meta.namespace)
        for resource in taking.reads(review):
            if resource in ELSEWHERE:
                yield from ((resource, namespace) for namespace in view.listed_namespaces(resource))
            else:
                yield self._watches.where(resource, review.meta.namespace)

    def _restoring(self, review: Review, case: Case, before: Status) -> Judged | Wait | None:
        """After a start a stored verdict stands until its evidence is there again, unless it has expired meanwhile."""
        if self._uptime() >= RESTORING:
            return None
        states = [self._watches.state(watched) for watched in case.needs]
        if not any(isinstance(state, Unseen) and state.reason is Why.NOT_SYNCED for state in states):
            return None
        return self._standing(review, before, RESTORING - self._uptime())

    def _standing(self, review: Review, before: Status, seconds: float | None) -> Judged | Wait:
        """A stored verdict on this generation stands for so long, and its certificate until it has run out."""
        if before.valid_until is None:
            return Wait(seconds)
        now = self._clock.now()
        if before.valid_until <= now:
            return Judged(verdicts.expired(review, before, now))
        left = (before.valid_until - now).total_seconds()
        return Wait(left if seconds is None else min(left, seconds))

    def _evaluating(self, review: Review, case: Case, before: Status) -> Judged | Wait:
        waited = self._barrier.since(case.uid) or 0.0
        if waited < EVALUATING_AFTER:
            return Wait(EVALUATING_AFTER - waited)
        if before.observed_generation == review.meta.generation:
            return self._standing(review, before, None)
        missing = {watched[0].name for watched in case.needs if isinstance(self._watches.state(watched), Unseen)}
        awaited = ", ".join(sorted(missing)) or "evidence newer than this generation"
        return Judged(verdicts.evaluating(review, before, self._clock.now(), awaited))

    def _grounds(self, case: Case, entry: Entry) -> Grounds:
        view = self._gate.view(entry.namespace)
        selected = [taking.selected(view, scope)[0] for scope in case.scopes]
        states = [(watched, self._watches.state(watched)) for watched in case.needs]
        return grounds.of(entry, view, selected, states, skewed=abs(self._clock.skew) > SKEW)

    async def _look_ahead(self, case: Case, review: Review) -> None:
        """Where many subjects are selected, judge while the generation settles: only what still changes is left then."""
        view, now = self._gate.view(review.meta.namespace), self._clock.now()
        sizes = [
            len(found.value.items) for one in case.scopes if isinstance(found := taking.selected(view, one)[0], Seen)
        ]
        if max(sizes, default=0) > MANY:
            await _assessed(case, taking.take(review, view), now, remembered_only=True)

    async def _evidence(
        self, case: Case, entry: Entry, review: Review, before: Status, passed: Passed
    ) -> Judged | Wait:
        view = self._gate.view(review.meta.namespace)
        now = self._clock.now()
        # All evidence is taken in one step, before the loop may run again: a verdict speaks of one moment.
        rests_on = self._grounds(case, entry)
        evidence = taking.take(review, view, passed.missing)
        selected, unfinished = taking.workloads(review, view, passed.missing)
        lost = [state for watched in case.needs if isinstance(state := self._watches.state(watched), Unseen)]
        lost += [absent for _, gathered in evidence.values() for absent in gathered.lost]
        pending = {key for key, (_, gathered) in evidence.items() if gathered.pending}
        assessed = await _assessed(case, evidence, now)
        facts = Facts(
            review=review,
            digest=case.digest,
            assessed=assessed,
            workloads=selected,
            lost=tuple(dict.fromkeys(lost)),
            before=before,
            now=now,
            proven=True,  # what did not come in time is Unseen, and stays so until it comes
            skewed=self._clock.skew if abs(self._clock.skew) > SKEW else None,
            hold_for=self._hold_for,
        )
        if pending or unfinished:
            facts = replace(facts, assessed=_without_pending(assessed, pending))
            if not _loses(before, decided := verdicts.decide(facts)):
                return Wait()  # the body that is being fetched marks the review when it is there
        else:
            decided = verdicts.decide(facts)
            case.grounds = rests_on if not passed.missing else None
        raised = tuple(
            (expectation.check.one()[0], error)
            for key, (expectation, _) in evidence.items()
            if (error := assessed[key].raised) is not None
        )
        return Judged(decided, raised)


async def _assessed(
    case: Case, evidence: taking.Evidence, now: datetime, *, remembered_only: bool = False
) -> dict[Key, Assessed]:
    """What each expectation finds, or each of which the case remembers findings; the loop may run between two."""
    assessed: dict[Key, Assessed] = {}
    turn = asyncio.get_running_loop().time()
    for key, (expectation, gathered) in evidence.items():
        name, want = expectation.check.one()
        memo = case.memo(key, gathered.evidence)
        if memo is None and remembered_only:
            continue
        assessed[key] = assess(table.by_name(name), want, gathered.evidence, now, memo)
        turn = await _let_run(turn)
    return assessed


async def _let_run(turn: float) -> float:
    """Let the loop run if this turn has lasted long enough; when the turn began."""
    loop = asyncio.get_running_loop()
    if loop.time() - turn < TURN:
        return turn
    await asyncio.sleep(0)
    return loop.time()


def _judged_before(entry: Entry, before: Status, digest: str) -> bool:
    """Whether the stored status is a verdict on this very generation: no newer evidence needs to be awaited."""
    ready = before.condition("Ready")
    return (
        ready is not None
        and ready.reason not in _NEVER_JUDGED
        and before.observed_generation == entry.generation
        and before.spec_digest == digest
    )


def _without_pending(assessed: dict[Key, Assessed], pending: set[Key]) -> dict[Key, Assessed]:
    """What is being read decides nothing but what is Unmet already."""
    return {key: _unfinished(one) if key in pending else one for key, one in assessed.items()}


def _unfinished(one: Assessed) -> Assessed:
    being_read = Unseen(Why.NOT_SYNCED, "an object that changed is being read")
    unmet = tuple(finding for finding in one.findings if finding.outcome is Outcome.UNMET)
    return replace(one, findings=unmet) if unmet else Assessed(unseen=being_read)


def _loses(before: Status, decided: Verdict) -> bool:
    """Whether a certificate that stands is ended by what is known already."""
    ready = before.condition("Ready")
    return ready is not None and ready.status == "True" and decided.ready.status == "False"
