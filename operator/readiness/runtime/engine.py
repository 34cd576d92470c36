"""
The loop from an event to a written status, one review at a time.

Everything that moves ends in a mark; a marked review is judged; a verdict that differs from what is stored
is written. It must not know how any of the parts does its work.
"""

import asyncio
from dataclasses import replace
from typing import Any, Final

import structlog

from readiness.collectors.clock import ServerClock
from readiness.collectors.reflector import Store
from readiness.evidence.objects import Record
from readiness.evidence.resources import Resource
from readiness.judgement import verdict
from readiness.outputs.counters import Counters
from readiness.runtime.barrier import Barrier
from readiness.runtime.desk import Desk
from readiness.runtime.judge import Case, Judge, Judged, Wait
from readiness.runtime.register import Register
from readiness.runtime.scheduler import Scheduler
from readiness.runtime.watches import Watches
from readiness.runtime.writer import Writer

SLOW: Final = 0.25  # seconds; an evaluation that takes longer is told


class Engine:
    """Marks, judges, hands to the desk. The parts are handed in by `connect`, since some of them call back."""

    def __init__(self, clock: ServerClock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters
        self._cases: dict[str, Case] = {}
        self._since: dict[str, float] = {}
        self._log = structlog.get_logger()
        self.register = Register(self.gone)
        self.scheduler = Scheduler(self.judge, self.failed, clock.now)

    def connect(self, judge: Judge, desk: Desk, writer: Writer, watches: Watches, barrier: Barrier) -> None:
        """The parts that need the engine themselves."""
        self._judge, self._desk, self._writer = judge, desk, writer
        self._watches, self._barrier = watches, barrier

    def changed(self, raw: dict[str, Any]) -> None:
        """A review as the API server has it."""
        entry = self.register.put(raw)
        if entry is not None and not self._desk.is_ours(entry):
            self.scheduler.mark(entry.uid)

    def deleted(self, uid: str) -> None:
        """The API server has it no more."""
        self.register.drop(uid)

    def gone(self, uid: str) -> None:
        """Forget all that was kept of it."""
        self._cases.pop(uid, None)
        self._since.pop(uid, None)
        self.scheduler.forget(uid)
        self._desk.drop(uid)
        self._writer.forget(uid)
        self._watches.drop(uid)
        self._barrier.forget(uid)

    def evidence_changed(self, resource: Resource, namespaces: frozenset[str] | None) -> None:
        """A projection changed: reviews of these namespaces (None: all) that read the resource are dirty."""
        for namespace in [None] if namespaces is None else namespaces:
            for uid in self.register.uids(namespace):
                case = self._cases.get(uid)
                if case is not None and any(resource is needed for needed, _ in case.needs):
                    self.scheduler.mark(uid, ahead=True)

    def passed(self, uid: str) -> None:
        """Evidence newer than a new generation is there."""
        self.scheduler.mark(uid, ahead=True, at_once=True)

    def looked_at_all(self) -> bool:
        """Whether every review was looked at, so that what they need is known."""
        return all(entry.uid in self._cases for entry in self.register)

    def state_changed(self, store: Store[Record]) -> None:
        """A watch became seen, stale or definite: that is news to every review that needs it."""
        for uid, case in self._cases.items():
            if (store.resource, store.namespace) in case.needs:
                self.scheduler.mark(uid)

    def written(self, uid: str) -> None:
        """A status was taken by the API server: its verdict rests on what it did, and on that status."""
        case, entry = self._cases.get(uid), self.register.entry(uid)
        if case is not None and case.grounds is not None and entry is not None and self._desk.stands(entry):
            case.grounds = replace(case.grounds, entry=entry)
        began = self._since.pop(uid, None)
        if began is not None:
            self._counters.event_to_status.observe(asyncio.get_running_loop().time() - began)

    async def judge(self, uid: str, first: float) -> None:
        """Judge one review and see that the answer is written."""
        entry = self.register.entry(uid)
        if entry is None:
            return
        case = self._cases.setdefault(uid, Case(uid))
        if self._desk.stands(entry) and self._judge.unmoved(case, entry):
            # The deadline itself may have led here, by a clock that was set back since.
            self.scheduler.wake(uid, case.until)
            if (waiting := self._desk.untold(uid)) is not None:
                self._writer.ask(uid, waiting.rank)
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await self._judge.judge(case, entry)
        self._told(uid, loop.time() - began, answer)
        now_known = self.register.entry(uid)
        if now_known is None:
            self._watches.drop(uid)  # gone while it was judged
            return
        if not now_known.judged_alike(entry):
            self.scheduler.mark(uid)
            return
        if isinstance(answer, Wait):
            if answer.seconds is not None:
                self.scheduler.after(uid, answer.seconds)
            return
        case.until = answer.verdict.until
        self.scheduler.wake(uid, case.until)
        if self._desk.take(uid, now_known, answer.verdict):
            self._since.setdefault(uid, first)
            self._writer.ask(uid, answer.verdict.rank)

    def failed(self, uid: str) -> None:
        """A defect ended the judging of this review: what was certified must not stand for it."""
        if self._desk.give_up(uid, "this review could not be judged: see the operator's log"):
            self._writer.ask(uid, verdict.ENDING)

    def _told(self, uid: str, seconds: float, answer: Judged | Wait) -> None:
        self._counters.evaluation_duration.observe(seconds)
        if seconds > SLOW:
            self._log.warning("slow evaluation", uid=uid, seconds=round(seconds, 3))
        if isinstance(answer, Wait):
            return
        self._counters.evaluations.labels(result=answer.verdict.ready.status).inc()
        for kind, error in answer.raised:
            self._counters.kind_errors.labels(kind=kind).inc()
            self._log.error("a kind failed: the expectation is Unknown", kind=kind, uid=uid, exc_info=error)
