"""The smaller parts of the engine room, in virtual time."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import kopf
import msgspec
import pytest
import structlog

from readiness.api.v1alpha1.status import Status
from readiness.collectors.connection import Answer, NotFound, Unreachable
from readiness.evidence.resources import DEPLOYMENTS, PODS
from readiness.outputs import events
from readiness.runtime import handlers
from readiness.runtime.announcer import Announcer
from readiness.runtime.outage import Outage
from readiness.runtime.refusals import Refusals
from readiness.runtime.register import Entry, Register
from readiness.runtime.rollcall import RollCall
from readiness.runtime.supervisor import Supervisor
from readiness.runtime.watches import Watches
from tests.runtime.virtual import Clock, passed, raw, virtual


def entry(uid: str = "u-1", namespace: str = "shop") -> Entry:
    found = Register().put(raw(uid, uid=uid, namespace=namespace))
    assert found is not None
    return found


# --- supervisor


@virtual
async def test_a_task_that_dies_is_started_again_later_and_later_and_counted() -> None:
    died: list[str] = []
    started: list[float] = []

    async def run() -> None:
        started.append(passed())
        if len(started) % 2:
            raise ValueError("a defect")

    supervisor = Supervisor(died.append)
    supervisor.start("frail", run)
    await asyncio.sleep(120)
    await supervisor.close()
    pauses = [later - sooner for sooner, later in itertools.pairwise(started)]
    assert pauses[0] <= 0.5
    assert 5 <= pauses[-1] <= 10
    assert died == ["frail"] * len(died)
    assert len(died) >= len(started) - 1


@virtual
async def test_a_task_that_lived_long_is_started_again_at_once() -> None:
    started: list[float] = []

    async def run() -> None:
        started.append(passed())
        await asyncio.sleep(100)

    supervisor = Supervisor(lambda _: None)
    supervisor.start("long", run)
    await asyncio.sleep(1000)
    await supervisor.close()
    assert all(later - sooner <= 100.5 for sooner, later in itertools.pairwise(started))


@virtual
async def test_a_cancelled_task_stays_ended() -> None:
    died: list[str] = []
    supervisor = Supervisor(died.append)
    task = supervisor.start("ended", asyncio.Event().wait)
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(100)
    assert task.cancelled()
    assert died == []


# --- refusals


@virtual
async def test_a_refused_namespace_waits_longer_and_longer_as_one() -> None:
    tried: list[tuple[str, float]] = []

    def again(uid: str, rank: int) -> None:
        tried.append((uid, passed()))
        refusals.refused(entry(uid), rank)

    refusals = Refusals(again)
    for uid in "abc":
        refusals.refused(entry(uid), 1)
    assert refusals
    await asyncio.sleep(3000)
    of_a = [at for uid, at in tried if uid == "a"]
    assert of_a[0] <= 5
    assert 150 <= of_a[-1] - of_a[-2] <= 300
    assert [at for uid, at in tried if uid == "c"] == of_a, "a hundred reviews are one refusal"


@virtual
async def test_permission_in_one_namespace_says_nothing_of_another() -> None:
    tried: list[tuple[str, int]] = []
    refusals = Refusals(lambda uid, rank: tried.append((uid, rank)))
    refusals.refused(entry("a", "one"), 0)
    refusals.refused(entry("b", "one"), 2)
    refusals.refused(entry("c", "two"), 1)
    refusals.permitted("one")
    assert sorted(tried) == [("a", 0), ("b", 2)]
    assert refusals, "the other namespace is refused still"
    refusals.forget("c")
    assert not refusals
    await asyncio.sleep(1000)
    assert len(tried) == 2, "what was forgotten, or let go, is not tried by its timer too"


# --- outage


class Server:
    """Reachable or not."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.reachable = True
        self.posted: list[tuple[float, bytes]] = []
        self.error: Exception | None = None

    async def get(self, _path: str, **_: Any) -> None:
        if not self.reachable:
            raise Unreachable("gone")

    async def post(self, _path: str, body: bytes, **_: Any) -> None:
        self.posted.append((passed(), body))
        if self.error is not None:
            raise self.error


@virtual
async def test_writing_waits_until_every_watch_was_in_contact_again() -> None:
    server, fresh, returned = Server(), False, list[float]()
    outage = Outage(server, lambda _: fresh, lambda: returned.append(passed()))  # type: ignore[arg-type]
    task = asyncio.create_task(outage.run())
    await outage.wait_over()
    server.reachable = False
    outage.begin()
    waiting = asyncio.create_task(outage.wait_over())
    await asyncio.sleep(600)
    assert not waiting.done()
    server.reachable = True
    await asyncio.sleep(5.5)
    assert not waiting.done()
    fresh = True
    await asyncio.sleep(0.2)
    assert waiting.done()
    assert len(returned) == 1
    task.cancel()


@virtual
async def test_one_watch_that_does_not_come_back_holds_the_writer_for_seconds_only() -> None:
    server, returned = Server(), list[float]()
    outage = Outage(server, lambda _: False, lambda: returned.append(passed()))  # type: ignore[arg-type]
    task = asyncio.create_task(outage.run())
    outage.begin()
    await outage.wait_over()
    assert 10 <= returned[0] <= 10.5
    task.cancel()


# --- announcer


def status(ready: str, reason: str = "Certified") -> Status:
    condition = {"type": "Ready", "status": ready, "reason": reason, "message": "m"}
    return Status.read(
        {"observedGeneration": 1, "conditions": [{**condition, "lastTransitionTime": "2026-11-21T10:00:00Z"}]}
    )


@virtual
async def test_a_transition_is_told_once_it_has_lasted() -> None:
    server = Server()
    announcer = Announcer(server, "me", 30.0)  # type: ignore[arg-type]
    task = asyncio.create_task(announcer.run())
    announcer.tell(entry(), status("True"), status("False", "BlockingFindings"))
    await asyncio.sleep(29)
    assert server.posted == []
    await asyncio.sleep(3)
    [(_, body)] = server.posted
    assert b'"CertificateLost"' in body
    assert b'"generateName":"u-1-"' in body
    task.cancel()


@virtual
async def test_a_state_that_came_back_is_no_news() -> None:
    server = Server()
    announcer = Announcer(server, "me", 30.0)  # type: ignore[arg-type]
    task = asyncio.create_task(announcer.run())
    announcer.tell(entry(), status("True"), status("False"))
    await asyncio.sleep(10)
    announcer.tell(entry(), status("False"), status("True"))
    await asyncio.sleep(100)
    assert server.posted == []
    task.cancel()


@virtual
async def test_a_lost_event_is_never_sent_again_and_one_of_a_deleted_review_not_at_all() -> None:
    server = Server()
    server.error = Unreachable("perhaps it arrived")
    announcer = Announcer(server, "me", 1.0)  # type: ignore[arg-type]
    task = asyncio.create_task(announcer.run())
    announcer.tell(entry("a"), status("True"), status("False"))
    announcer.tell(entry("b"), status("True"), status("False"))
    announcer.forget("b")
    await asyncio.sleep(100)
    assert len(server.posted) == 1
    task.cancel()


@virtual
async def test_the_log_tells_what_events_tell_and_nothing_else() -> None:
    server = Server()
    server.error = Unreachable("nobody takes Events")
    red, green = status("False", "BlockingFindings"), status("True")
    with structlog.testing.capture_logs() as lines:
        announcer = Announcer(server, "me", 30.0)  # type: ignore[arg-type]
        task = asyncio.create_task(announcer.run())
        announcer.tell(entry("same"), red, red)  # as after a restart: written anew, and nothing moved
        announcer.tell(entry("back"), green, red)
        announcer.tell(entry("back"), red, green)
        announcer.tell(entry("lost"), green, red)
        announcer.tell(entry("won"), red, green)
        announcer.at_once(entry("rival"), events.another_writer(5, 10))  # told where it is noticed
        await asyncio.sleep(100)
    task.cancel()
    assert [line for line in lines if line["log_level"] == "info"] == [
        {"event": what, "log_level": "info", "review": f"shop/{name}", "reason": reason, "message": "m"}
        for what, name, reason in (("certificate lost", "lost", "BlockingFindings"), ("certified", "won", "Certified"))
    ]


# --- watches


class Reflected:
    """Stands for a reflector."""

    def __init__(self, log: list[str], name: str) -> None:
        self._log, self._name = log, name

    async def run(self) -> None:
        self._log.append(f"+{self._name}")
        try:
            await asyncio.Event().wait()
        finally:
            self._log.append(f"-{self._name}")


def watches(log: list[str], **more: Any) -> Watches:
    supervisor = Supervisor(lambda _: None)
    return Watches(
        lambda resource, namespace: Reflected(log, f"{resource.plural}/{namespace or '*'}"),  # type: ignore[arg-type,return-value]
        supervisor.start,
        lambda resource, namespace: log.append(f"forget {resource.plural}/{namespace or '*'}"),
        **more,
    )


@virtual
async def test_a_watch_lives_from_its_first_user_until_some_minutes_after_its_last() -> None:
    log: list[str] = []
    made = watches(log, linger=600.0)
    made.need("a", [(DEPLOYMENTS, "")])
    made.need("b", [(DEPLOYMENTS, ""), (PODS, "")])
    await asyncio.sleep(1)
    assert sorted(log) == ["+deployments/*", "+pods/*"]
    made.drop("a")
    made.need("b", [(DEPLOYMENTS, "")])
    await asyncio.sleep(599)
    made.sweep()
    await asyncio.sleep(2)
    assert len(log) == 2
    made.sweep()
    await asyncio.sleep(1)
    assert log[2:] == ["forget pods/*", "-pods/*"]
    await made.close()


@virtual
async def test_a_watch_that_is_needed_again_is_kept() -> None:
    log: list[str] = []
    made = watches(log, linger=10.0)
    made.need("a", [(PODS, "")])
    made.drop("a")
    await asyncio.sleep(5)
    made.need("b", [(PODS, "")])
    await asyncio.sleep(20)
    made.sweep()
    assert made.reflector((PODS, "")) is not None
    await made.close()


@virtual
async def test_what_was_asked_for_at_a_start_begins_with_the_release_and_ends_though_its_review_is_gone() -> None:
    log: list[str] = []
    made = watches(log, linger=10.0)
    made.hold()
    made.need("a", [(PODS, "")])
    await asyncio.sleep(1)
    assert log == []
    assert not made.settled()
    made.drop("a")
    made.release()
    await asyncio.sleep(11)
    made.sweep()
    await asyncio.sleep(1)
    assert made.reflector((PODS, "")) is None
    await made.close()


def test_with_namespaces_named_each_is_watched_by_itself() -> None:
    assert watches([], only=["shop"]).where(PODS, "shop") == (PODS, "shop")
    assert watches([]).where(PODS, "shop") == (PODS, "")


# --- roll call


class Reviews:
    """What the API server lists, and what it has by the time it is asked for one."""

    def __init__(self, *listed: dict[str, Any]) -> None:
        self.listed = list(listed)
        self.stored = {one["metadata"]["name"]: one for one in listed}
        self.failing = 0

    async def get(self, path: str, **_: Any) -> Any:
        if self.failing:
            self.failing -= 1
            raise Unreachable("gone")
        name = path.rsplit("/", 1)[1]
        if name == "readinessreviews":
            body: Any = {
                "kind": "PartialObjectMetadataList",
                "metadata": {"resourceVersion": "9"},
                "items": [{"metadata": o["metadata"]} for o in self.listed],
            }
        elif name in self.stored:
            body = self.stored[name]
        else:
            raise NotFound(name)
        return Answer(200, msgspec.json.encode(body), {})


async def called(api: Reviews, register: Register) -> tuple[list[str], list[float]]:
    """One comparison; what had to be fetched, and when kopf was found behind."""
    fetched: list[str] = []
    behind: list[float] = []

    def changed(one: dict[str, Any]) -> None:
        fetched.append(one["metadata"]["uid"])
        register.put(one)

    roll = RollCall(api, register, changed, lambda: behind.append(passed()))  # type: ignore[arg-type]
    task = asyncio.create_task(roll.run())
    roll.ask()
    await asyncio.sleep(60)
    assert roll.first.is_set()
    task.cancel()
    return fetched, behind


@virtual
async def test_a_list_that_fails_for_long_is_told_once_and_each_time_anew() -> None:
    api = Reviews()
    with structlog.testing.capture_logs() as lines:
        roll = RollCall(api, Register(), lambda _: None, lambda: None)  # type: ignore[arg-type]
        task = asyncio.create_task(roll.run())
        for _ in range(2):
            api.failing = 30
            roll.ask()
            await asyncio.sleep(60)
            assert not api.failing
    task.cancel()
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == [
        "reviews not listed: tried again every second"
    ] * 2


@virtual
async def test_what_the_first_list_showed_is_awaited_until_it_was_delivered_or_fetched() -> None:
    delivered, missed = raw("delivered", uid="u-1"), raw("missed", uid="u-2")
    register = Register()
    roll = RollCall(Reviews(delivered, missed), register, register.put, lambda: None)  # type: ignore[arg-type]
    task = asyncio.create_task(roll.run())
    roll.ask()
    await roll.first.wait()
    register.put(delivered)
    assert roll.awaiting
    await asyncio.sleep(9)
    assert roll.awaiting
    await asyncio.sleep(2)
    assert register.entry("u-2") is not None
    assert not roll.awaiting
    register.drop("u-2")
    assert not roll.awaiting
    task.cancel()


@virtual
async def test_what_is_gone_is_dropped_and_what_was_missed_is_fetched() -> None:
    register = Register()
    register.put(raw("ghost", uid="ghost"))
    fetched, behind = await called(Reviews(raw("missed", uid="missed", version=3)), register)
    assert (fetched, len(behind)) == (["missed"], 1)
    assert register.uids() == {"missed"}


@virtual
async def test_one_that_was_deleted_after_the_list_is_not_missed() -> None:
    api = Reviews(raw("brief", uid="brief"))
    api.stored.clear()
    assert await called(api, Register()) == ([], [])


@virtual
async def test_a_list_that_fails_is_asked_for_again() -> None:
    register, api = Register(), Reviews(raw("one", uid="one"))
    register.put(raw("one", uid="one"))
    api.failing = 5
    assert await called(api, register) == ([], [])
    assert len(register) == 1, "what cannot be listed is not gone"


# --- handlers


def test_kopf_neither_posts_nor_scans_nor_kills() -> None:
    chosen = handlers.settings()
    assert (chosen.posting.enabled, chosen.scanning.disabled) == (False, True)
    assert chosen.process.ultimate_exiting_timeout is None, "it would kill the process after its watch has ended"
    pauses = list(itertools.islice(handlers.Endless(), 1000))
    assert max(pauses) <= 10
    assert pauses[0] <= 0.5


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(None, "changed"), ("ADDED", "changed"), ("MODIFIED", "changed"), ("DELETED", "deleted")],
)
async def test_each_event_of_a_review_ends_in_the_register(kind: str | None, expected: str) -> None:
    told: list[tuple[str, str]] = []
    registry = handlers.triggers(
        lambda one: told.append(("changed", one["metadata"]["uid"])),
        lambda uid: told.append(("deleted", uid)),
        lambda: pytest.fail("not asked to log in"),
        lambda: None,
    )
    [handler] = registry._watching._handlers
    run: Callable[..., Awaitable[object]] = handler.fn  # type: ignore[assignment]
    await run(event={"type": kind, "object": raw()})
    assert told == [(expected, "u-1")]
    assert isinstance(registry, kopf.OperatorRegistry)
    assert registry._changing._handlers == [], "change detection writes annotations"
    assert registry._spawning._handlers == []
