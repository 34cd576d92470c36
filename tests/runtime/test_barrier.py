"""Who may be judged, and when: in virtual time, with stores whose every state is at hand."""

import asyncio
from dataclasses import dataclass, field

from readiness.collectors.connection import Unreachable
from readiness.collectors.store import Listing
from readiness.evidence.resources import CONFIG_MAPS, DEPLOYMENTS, PODS, Resource
from readiness.evidence.seen import Unseen, Why
from readiness.runtime.barrier import Barrier, Passed
from tests.runtime.virtual import passed, virtual

NEEDS = frozenset({(DEPLOYMENTS, ""), (PODS, "")})


@dataclass
class Store:
    unseen: Unseen | None = None
    began: float | None = -3600.0
    version: str = "1"


@dataclass
class Reflector:
    store: Store = field(default_factory=Store)
    lists: list[float] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    takes: float = 0.1  # seconds
    failing: bool = False
    unexplained: set[str] = field(default_factory=set)

    async def list_versions(self, namespace: str = "") -> Listing:
        began = asyncio.get_running_loop().time()
        self.lists.append(passed())
        self.namespaces.append(namespace)
        await asyncio.sleep(self.takes)
        if self.failing:
            raise Unreachable("gone")
        return Listing(began, "7", {}, namespace)

    def behind(self, _listing: Listing) -> set[str]:
        return self.unexplained


class Bench:
    def __init__(self) -> None:
        self.reflectors = {watched: Reflector() for watched in NEEDS}
        self.passed: list[tuple[str, float]] = []
        self.barrier = Barrier(self, lambda uid: self.passed.append((uid, passed())))  # type: ignore[arg-type]
        self.task = asyncio.create_task(self.barrier.run())

    def reflector(self, watched: tuple[Resource, str]) -> Reflector | None:
        return self.reflectors.get(watched)

    @property
    def deployments(self) -> Reflector:
        return self.reflectors[DEPLOYMENTS, ""]

    def ask(
        self, uid: str = "a", generation: int = 1, namespace: str = "shop", seen: float | None = None
    ) -> Passed | None:
        return self.barrier.ask(uid, generation, namespace, NEEDS, seen)


@virtual
async def test_it_settles_lists_and_passes() -> None:
    bench = Bench()
    assert bench.ask() is None
    await asyncio.sleep(5)
    [(uid, at)] = bench.passed
    assert uid == "a"
    assert 1.0 <= at <= 1.4
    assert all(1.0 <= reflector.lists[0] <= 1.2 for reflector in bench.reflectors.values()), "no list before it settled"
    assert bench.ask() == Passed()
    assert bench.ask(generation=2) is None, "a new generation waits anew"
    bench.task.cancel()


@virtual
async def test_events_of_its_namespace_keep_it_unsettled_for_ten_seconds_at_most() -> None:
    bench = Bench()
    bench.ask()
    for _ in range(40):
        await asyncio.sleep(0.5)
        bench.barrier.event(DEPLOYMENTS, "shop")
    [(_, at)] = bench.passed
    assert 10 <= at <= 10.5
    bench.task.cancel()


@virtual
async def test_events_elsewhere_or_of_other_resources_do_not() -> None:
    bench = Bench()
    bench.ask()
    for _ in range(10):
        await asyncio.sleep(0.2)
        bench.barrier.event(DEPLOYMENTS, "other")
        bench.barrier.event(CONFIG_MAPS, "shop")
    [(_, at)] = bench.passed
    assert at <= 1.5
    bench.task.cancel()


@virtual
async def test_a_difference_that_the_watch_has_not_explained_holds_it() -> None:
    bench = Bench()
    bench.deployments.unexplained = {"u-9"}
    bench.ask()
    await asyncio.sleep(30)
    assert bench.passed == []
    assert bench.ask() is None
    bench.deployments.unexplained, bench.deployments.store.version = set(), "2"
    await asyncio.sleep(1)
    assert [uid for uid, _ in bench.passed] == ["a"]
    assert len(bench.deployments.lists) == 1, "the list stands, the watch has caught up with it"
    bench.task.cancel()


@virtual
async def test_a_finished_list_that_began_after_it_settled_needs_no_other() -> None:
    bench = Bench()
    bench.ask()
    await asyncio.sleep(0.5)
    for reflector in bench.reflectors.values():
        reflector.store.began = asyncio.get_running_loop().time() + 1
    await asyncio.sleep(2)
    assert bench.passed
    assert all(reflector.lists == [] for reflector in bench.reflectors.values())
    bench.task.cancel()


@virtual
async def test_one_list_serves_every_waiting_review_of_the_namespace() -> None:
    bench = Bench()
    for uid in "abcdef":
        bench.ask(uid)
    await asyncio.sleep(5)
    assert len(bench.passed) == 6
    assert len(bench.deployments.lists) == 1
    bench.task.cancel()


@virtual
async def test_a_list_is_of_the_waiting_namespace_or_of_all_where_many_wait() -> None:
    bench = Bench()
    bench.ask()
    await asyncio.sleep(5)
    assert bench.deployments.namespaces == ["shop"]
    for index in range(20):
        bench.ask(f"u-{index}", namespace=f"ns-{index}")
    await asyncio.sleep(5)
    assert len(bench.passed) == 21
    assert bench.deployments.namespaces == ["shop", ""]
    bench.task.cancel()


@virtual
async def test_what_a_roll_call_had_seen_needs_no_list_but_the_first() -> None:
    bench = Bench()
    await asyncio.sleep(5)
    began = asyncio.get_running_loop().time()
    for reflector in bench.reflectors.values():
        reflector.store.began, reflector.takes = began - 1, 0.5
    bench.ask("a", seen=began - 2.5)
    bench.ask("b", seen=began - 1.5)
    await asyncio.sleep(0.2)
    assert [uid for uid, _ in bench.passed] == ["a"], "b had not settled when the list began"
    await asyncio.sleep(1)
    assert [uid for uid, _ in bench.passed] == ["a", "b"]
    assert len(bench.deployments.lists) == 1
    bench.task.cancel()


@virtual
async def test_a_definite_reason_passes_and_any_other_waits() -> None:
    bench = Bench()
    bench.deployments.store.unseen = Unseen(Why.FORBIDDEN, "", "deployments.apps")
    bench.ask()
    await asyncio.sleep(3)
    assert bench.ask() == Passed()
    bench.deployments.store.unseen = Unseen(Why.STALE, "", "deployments.apps")
    bench.ask("b")
    await asyncio.sleep(30)
    assert bench.ask("b") is None
    bench.task.cancel()


@virtual
async def test_what_does_not_come_in_a_minute_passes_as_not_synced_until_it_comes() -> None:
    bench = Bench()
    bench.deployments.failing = True
    bench.ask()
    await asyncio.sleep(59)
    assert bench.passed == []
    await asyncio.sleep(4)
    found = bench.ask()
    assert found is not None
    [missing] = found.missing
    assert (missing.reason, missing.resource) == (Why.NOT_SYNCED, "deployments.apps")
    assert bench.barrier.waits("a", 1), "it is held to it still"
    assert not bench.barrier.waits("a", 2)
    assert len(bench.passed) == 1
    bench.deployments.failing = False
    await asyncio.sleep(3)
    assert bench.ask() == Passed()
    assert not bench.barrier.waits("a", 1)
    assert len(bench.passed) == 2, "and is told when it came"
    bench.task.cancel()


@virtual
async def test_a_watch_that_was_not_started_holds_it_too() -> None:
    bench = Bench()
    del bench.reflectors[PODS, ""]
    bench.ask()
    await asyncio.sleep(30)
    assert bench.ask() is None
    bench.task.cancel()


@virtual
async def test_a_forgotten_review_is_told_nothing() -> None:
    bench = Bench()
    bench.ask()
    bench.barrier.forget("a")
    await asyncio.sleep(10)
    assert bench.passed == []
    assert bench.barrier.since("a") is None
    bench.task.cancel()
