import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from readiness.runtime.scheduler import LONGEST, QUIET, Scheduler
from tests.runtime.virtual import EPOCH, now, passed, virtual

Judge = Callable[[str, float], Awaitable[None]]


class Bench:
    """A scheduler that runs, and what it had judged when."""

    def __init__(self, judge: Judge | None = None) -> None:
        self.judged: list[tuple[str, float]] = []
        self.failed: list[str] = []
        self.scheduler = Scheduler(judge or self.judge, self.failed.append, now)
        self.task = asyncio.create_task(self.scheduler.run())

    async def judge(self, uid: str, _first: float) -> None:
        self.judged.append((uid, round(passed(), 3)))

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@virtual
async def test_a_marked_review_is_judged_after_a_moment_of_quiet() -> None:
    bench = Bench()
    await asyncio.sleep(5)
    bench.scheduler.mark("a")
    await asyncio.sleep(0.05)
    bench.scheduler.mark("a")
    await asyncio.sleep(2)
    await bench.end()
    assert bench.judged == [("a", round(5 + 0.05 + QUIET, 3))]


@virtual
async def test_one_that_has_been_quiet_already_is_judged_at_once() -> None:
    bench = Bench()
    bench.scheduler.mark("a")
    bench.scheduler.mark("b")
    await asyncio.sleep(0.01)
    bench.scheduler.mark("a", at_once=True)
    await asyncio.sleep(1)
    await bench.end()
    assert bench.judged == [("a", 0.01), ("b", QUIET)]


@virtual
async def test_endless_events_do_not_put_it_off_for_ever() -> None:
    bench = Bench()
    for _ in range(60):
        bench.scheduler.mark("a")
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    await bench.end()
    assert bench.judged[0] == ("a", LONGEST)
    assert len(bench.judged) == 3, "once a second while events last"


@virtual
async def test_evidence_goes_ahead_of_renewals_and_does_not_starve_them() -> None:
    bench = Bench()
    for number in range(20):
        bench.scheduler.mark(f"renewal-{number:02}")
    for number in range(10):
        bench.scheduler.mark(f"event-{number}", ahead=True)
    bench.scheduler.mark("renewal-19", ahead=True)
    await asyncio.sleep(1)
    await bench.end()
    order = [uid for uid, _ in bench.judged]
    assert len(order) == 30, "each once"
    assert set(order[:16]) >= {*(f"event-{number}" for number in range(10)), "renewal-19"}
    assert [uid for uid in order[:16] if uid.startswith("renewal") and uid != "renewal-19"] == [
        f"renewal-{number:02}" for number in range(5)
    ], "one of four turns is for what waits"


@virtual
async def test_others_run_between_two_judgements_that_never_wait() -> None:
    seen: list[str] = []

    async def judge(uid: str, _first: float) -> None:
        seen.append(f"judged {uid}")
        asyncio.get_running_loop().call_soon(seen.append, f"ran after {uid}")

    bench = Bench(judge)
    for uid in "abc":
        bench.scheduler.mark(uid)
    await asyncio.sleep(1)
    await bench.end()
    assert seen == [f"{what} {uid}" for uid in "abc" for what in ("judged", "ran after")]


@virtual
async def test_one_marked_while_it_is_judged_is_judged_again() -> None:
    async def judge(uid: str, _first: float) -> None:
        bench.judged.append((uid, passed()))
        if len(bench.judged) == 1:
            bench.scheduler.mark(uid)

    bench = Bench(judge)
    bench.scheduler.mark("a")
    await asyncio.sleep(3)
    await bench.end()
    assert len(bench.judged) == 2


@virtual
async def test_a_deadline_is_kept_within_a_second_by_the_servers_clock() -> None:
    bench = Bench()
    bench.scheduler.wake("a", EPOCH + timedelta(seconds=100))
    bench.scheduler.wake("b", EPOCH + timedelta(seconds=50))
    await asyncio.sleep(99.9)
    assert [uid for uid, _ in bench.judged] == ["b"]
    await asyncio.sleep(2)
    await bench.end()
    [_, (uid, at)] = bench.judged
    assert uid == "a"
    assert 100 <= at <= 101.2


@virtual
async def test_a_later_deadline_replaces_an_earlier_one_and_none_removes_it() -> None:
    bench = Bench()
    bench.scheduler.wake("a", EPOCH + timedelta(seconds=10))
    bench.scheduler.wake("a", EPOCH + timedelta(seconds=30))
    bench.scheduler.wake("b", EPOCH + timedelta(seconds=10))
    bench.scheduler.wake("b", None)
    await asyncio.sleep(20)
    assert bench.judged == []
    await asyncio.sleep(20)
    await bench.end()
    assert [uid for uid, _ in bench.judged] == ["a"]


@virtual
async def test_what_is_asked_for_later_is_not_judged_twice() -> None:
    bench = Bench()
    bench.scheduler.after("a", 3.0)
    await asyncio.sleep(1)
    bench.scheduler.mark("a")
    await asyncio.sleep(10)
    await bench.end()
    assert bench.judged == [("a", 1 + QUIET)]


@virtual
async def test_a_forgotten_review_is_not_judged() -> None:
    bench = Bench()
    bench.scheduler.mark("a")
    bench.scheduler.after("b", 1.0)
    bench.scheduler.wake("c", EPOCH + timedelta(seconds=1))
    for uid in "abc":
        bench.scheduler.forget(uid)
    await asyncio.sleep(5)
    await bench.end()
    assert bench.judged == []


@virtual
async def test_a_judge_that_raises_ends_the_task_and_the_review_is_named_when_it_runs_again() -> None:
    async def judge(uid: str, _first: float) -> None:
        if uid == "bad":
            raise ValueError("a defect")
        bench.judged.append((uid, passed()))

    bench = Bench(judge)
    bench.scheduler.mark("bad")
    bench.scheduler.mark("good")
    with pytest.raises(ValueError, match="a defect"):
        await bench.task
    assert bench.failed == []
    again = asyncio.create_task(bench.scheduler.run())
    await asyncio.sleep(1)
    again.cancel()
    assert bench.failed == ["bad"]
    assert [uid for uid, _ in bench.judged] == ["good"], "others are judged all the same"


@virtual
async def test_the_heartbeat_goes_on_while_nothing_happens() -> None:
    bench = Bench()
    await asyncio.sleep(1000)
    assert passed() - bench.scheduler.heartbeat <= 1.0
    await bench.end()
