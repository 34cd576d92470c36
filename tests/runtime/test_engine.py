"""From a mark to a judgement, and when there is none."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry

from readiness.outputs.counters import Counters
from readiness.runtime.engine import Engine
from readiness.runtime.judge import Case, Judged
from readiness.runtime.register import Entry
from tests.runtime.virtual import EPOCH, now, passed, raw, virtual


@dataclass
class Clock:
    """A server's clock that somebody sets back."""

    back: timedelta = timedelta(0)

    def now(self) -> datetime:
        return now() - self.back


@dataclass
class Bench:
    """An engine whose verdicts stand for ten seconds, and say so by the clock alone."""

    clock: Clock = field(default_factory=Clock)
    moved: bool = True
    judged: list[float] = field(default_factory=list)
    until: datetime = EPOCH
    untold: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.clock, Counters(CollectorRegistry(), "0"))  # type: ignore[arg-type]
        desk = SimpleNamespace(
            stands=self.stands,
            take=lambda *_: False,
            untold=lambda _: SimpleNamespace(rank=0) if self.untold else None,
            is_ours=lambda _: False,
        )
        writer = SimpleNamespace(ask=lambda uid, rank: self.asked.append((uid, rank)))
        judge = SimpleNamespace(judge=self.judge, unmoved=lambda *_: not self.moved)
        nothing = SimpleNamespace()
        self.engine.connect(judge, desk, writer, nothing, nothing)  # type: ignore[arg-type]

    def stands(self, _entry: Entry) -> bool:
        return bool(self.judged) and self.clock.now() < self.until

    async def judge(self, _case: Case, _entry: Entry) -> Any:
        self.judged.append(passed())
        self.until = self.clock.now() + timedelta(seconds=10)
        verdict = SimpleNamespace(until=self.until, ready=SimpleNamespace(status="True"), rank=1)
        return Judged(verdict)  # type: ignore[arg-type]

    async def run(self, seconds: float) -> None:
        task = asyncio.create_task(self.engine.scheduler.run())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@virtual
async def test_a_review_of_which_nothing_moved_is_not_judged_again() -> None:
    bench = Bench()
    bench.engine.changed(raw())
    await bench.run(1)
    bench.moved = False
    bench.engine.passed("u-1")
    await bench.run(1)
    assert len(bench.judged) == 1
    bench.moved = True
    bench.engine.passed("u-1")
    await bench.run(1)
    assert len(bench.judged) == 2


@virtual
async def test_a_verdict_that_stands_and_was_not_written_is_asked_for_again() -> None:
    """A write can be left out for a while, and whoever asks for it then marks the review."""
    bench = Bench()
    bench.engine.changed(raw())
    await bench.run(1)
    bench.moved, bench.untold = False, True
    bench.engine.passed("u-1")
    await bench.run(1)
    assert len(bench.judged) == 1
    assert bench.asked == [("u-1", 0)]


@virtual
async def test_a_deadline_is_kept_by_a_clock_that_was_set_back_when_it_came() -> None:
    bench = Bench()
    bench.engine.changed(raw())
    await bench.run(9)
    bench.moved = False
    bench.engine.passed("u-1")  # due just before the deadline, and judged by a clock that goes wrong at that moment
    bench.engine.scheduler.wake("u-1", None)
    bench.clock.back = timedelta(seconds=5)
    await bench.run(20)
    assert len(bench.judged) >= 2
    assert bench.judged[1] >= 15
