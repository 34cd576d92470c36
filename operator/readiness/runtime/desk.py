"""
Where a verdict becomes a written status.

The desk holds the last verdict of each review, compares it with what is stored, and hands the writer a draft
when its turn comes. It must not judge: it asks the judge, and asks again whenever the review moved.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.status import Status
from readiness.collectors.clock import ServerClock
from readiness.judgement import verdict as verdicts
from readiness.judgement.verdict import Verdict
from readiness.outputs import conditions
from readiness.runtime.announcer import Announcer
from readiness.runtime.register import Entry, Register, status_of, version_of
from readiness.runtime.writer import Draft

RETRY: Final = 300.0  # seconds after which a review that ended in an error is judged again, though nothing moved


@dataclass(slots=True)
class _Held:
    """A verdict and the state of the review that it is about."""

    entry: Entry
    verdict: Verdict
    told: bool = False  # the stored status tells of it, so that its findings are forgotten
    sent: Draft | None = None  # what was handed out last of this very verdict

    def tells(self) -> None:
        """A thousand verdicts are held for metrics and deadlines, and most have nothing more to say."""
        self.told, self.sent = True, None
        self.verdict = verdicts.without_findings(self.verdict)


class Desk:
    """The verdicts in force. `again` is told the uid of each review that must be judged anew."""

    def __init__(
        self,
        register: Register,
        clock: ServerClock,
        announcer: Announcer,
        again: Callable[[str], None],
        written: Callable[[str], None],
        later: Callable[[str, float], None] = lambda _uid, _seconds: None,
    ) -> None:
        """`again` is told the uid of each review that must be judged anew, `later` the same after so many seconds."""
        self._register = register
        self._clock = clock
        self._announcer = announcer
        self._again = again
        self._written = written
        self._later = later
        self._held: dict[str, _Held] = {}
        self._log = structlog.get_logger()

    def take(self, uid: str, entry: Entry, verdict: Verdict) -> bool:
        """Put a verdict in force; whether the stored status must be written."""
        self._held[uid] = _Held(entry, verdict)
        before, now, held = entry.stored(), self._clock.now(), self._held[uid]
        if conditions.same(before, self._render(held, entry, before, now)):
            held.tells()
        return not held.told

    def stands(self, entry: Entry) -> bool:
        """Whether a verdict on this very state of the review is in force, and time has not ended it.

        One that was written stands for the status that tells of it: judged upon that, it comes out the same.
        """
        held = self._held.get(entry.uid)
        return (
            held is not None
            and held.verdict.judged
            and held.entry.judged_alike(entry)
            and not _is_over(held.verdict, self._clock.now())
        )

    def untold(self, uid: str) -> Verdict | None:
        """The verdict that is in force and not written yet, for whatever reason."""
        held = self._held.get(uid)
        return None if held is None or held.told else held.verdict

    def is_ours(self, entry: Entry) -> bool:
        """Whether this is what is being written, seen before the answer to the write, which deals with it.

        A write without an answer is drafted anew, and finds then that the review is another than the one judged.
        """
        held = self._held.get(entry.uid)
        sent = None if held is None else held.sent
        return (
            sent is not None
            and sent.entry.version < entry.version
            and sent.entry.asked_alike(entry)
            and status_of({"status": sent.status.dump()}) == entry.status
        )

    def drop(self, uid: str) -> None:
        """The review is gone, and its verdict with it."""
        self._held.pop(uid, None)
        self._announcer.forget(uid)

    def void(self) -> None:
        """Contact was lost: no verdict from before may be written any more."""
        for uid in list(self._held):
            self._again(uid)
        self._held.clear()

    def verdicts(self) -> Iterable[Verdict]:
        """Those in force, for metrics."""
        return [held.verdict for held in list(self._held.values())]  # asked by another thread

    def draft(self, uid: str) -> Draft | None:
        """The status to write now; None where there is none (any more), or none that is young enough."""
        held, entry = self._held.get(uid), self._register.entry(uid)
        if held is None or entry is None:
            return None
        now = self._clock.now()
        if not held.entry.judged_alike(entry) or _is_over(held.verdict, now):
            self._again(uid)
            return None
        if held.told:
            return None
        before = entry.stored()
        status = self._render(held, entry, before, now)
        try:
            suspended = held.verdict.ready.reason == Reason.SUSPENDED
            conditions.check_invariant(status, suspended, entry.deleting, now)
        except conditions.InvariantBroken as broken:
            self._log.error("a status that breaks the invariant was not written", uid=uid, error=str(broken))
            return self.give_up(uid, "its verdict contradicted itself: see the operator's log")
        if conditions.same(before, status):
            return None
        held.sent = Draft(entry, before, status)
        return held.sent

    def give_up(self, uid: str, why: str) -> Draft | None:
        """The verdict that nothing can be told, in force until the review is judged again."""
        entry = self._register.entry(uid)
        if entry is None:
            return None
        now, before, meta = self._clock.now(), entry.stored(), entry.read().meta
        held = self._held[uid] = _Held(entry, verdicts.internal_error(meta, before, now, why))
        self._later(uid, RETRY)
        held.sent = Draft(entry, before, conditions.render(held.verdict, before, now))
        return held.sent

    minimal = give_up  # what is written where the API server refused the whole status

    def written(self, draft: Draft, answer: dict[str, Any]) -> None:
        """The answer becomes the stored copy; the verdict stands for it, unless another came while it was written.

        That one was held against the status of before: where the two agreed, nobody would ever write it. Nor does the
        verdict stand for a status that somebody else wrote upon ours before its answer was here.
        """
        uid = draft.entry.uid
        self._register.put(answer)
        stored = self._register.entry(uid)
        held = self._held.get(uid)
        if (
            stored is not None
            and held is not None
            and held.sent is draft
            and stored.version == version_of(answer)
            and (stored.spec, stored.generation) == (draft.entry.spec, draft.entry.generation)
        ):
            held.entry = stored
            held.tells()
        else:
            self._again(uid)
        self._announcer.tell(draft.entry, draft.before, draft.status)
        self._written(uid)

    def moved(self, uid: str, newest: dict[str, Any] | None, known: int = 0) -> None:
        """It was edited, re-created or deleted after version `known`, or the API server knows that version no more."""
        if newest is None:
            self._register.drop(uid)
        else:
            self._register.outdate(newest, known)
            entry = self._register.put(newest)
            if entry is not None and entry.uid != uid:
                self._again(entry.uid)
        self._again(uid)

    def _render(self, held: _Held, entry: Entry, before: Status, now: datetime) -> Status:
        """The last guard: what must not be green becomes an error that names why."""
        status = conditions.render(held.verdict, before, now)
        if _is_over(held.verdict, now):
            return status  # never sent: it is judged again first
        try:
            conditions.check_invariant(status, entry.suspended, entry.deleting, now)
        except conditions.InvariantBroken as broken:
            self._log.error("a status was not written", review=f"{entry.namespace}/{entry.name}", error=str(broken))
            held.verdict = verdicts.internal_error(entry.read().meta, before, now, str(broken))
            self._later(entry.uid, RETRY)
            status = conditions.render(held.verdict, before, now)
        return status


def _is_over(verdict: Verdict, now: datetime) -> bool:
    """Whether time itself has overtaken it."""
    certificate = verdict.certificate
    return (verdict.until is not None and verdict.until <= now) or (
        certificate is not None and certificate.valid_until <= now
    )
