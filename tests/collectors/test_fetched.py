"""Objects by name: fetched once per version, pending for a while, and never silently old."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from readiness.collectors.clock import Timing
from readiness.collectors.connection import Api
from readiness.collectors.discovery import Discovery
from readiness.collectors.fetched import AT_ONCE, PENDING, Absent, Fetched, Pending
from readiness.evidence.seen import Seen, Unseen, Why
from tests.collectors.faulty_server import (
    FAST,
    THINGS,
    FaultyServer,
    Thing,
    Unreadable,
    clock,
    hanging,
    project,
    until,
)

Found = Seen[Thing | Unreadable] | Unseen | Pending | Absent


@dataclass
class Reader:
    server: FaultyServer
    fetched: Fetched[Thing | Unreadable]
    told: list[str]

    def get(self, name: str = "u1", version: str | None = None) -> Found:
        version = self.server.objects[name]["metadata"]["resourceVersion"] if version is None else version
        return self.fetched.get(THINGS, "team-a", name, version)

    def value(self, name: str = "u1", version: str | None = None) -> object:
        """The projected value, or why there is none."""
        found = self.get(name, version)
        if isinstance(found, Seen):
            return found.value.value if isinstance(found.value, Thing) else found.value
        return found.reason if isinstance(found, Unseen) else type(found)


@asynccontextmanager
async def fetching(
    server: FaultyServer, timing: Timing = FAST, decode: Callable[[bytes], Thing | Unreadable] = project
) -> AsyncIterator[Reader]:
    told: list[str] = []
    async with server.running(), Api.plain(server.base, clock=clock()) as api:
        fetched: Fetched[Thing | Unreadable] = Fetched(
            api,
            Discovery(api, api.clock, timing),
            api.clock,
            {THINGS: decode},
            lambda _, __, name: told.append(name),
            timing=timing,
        )
        task = asyncio.create_task(fetched.run())
        try:
            yield Reader(server, fetched, told)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def one() -> FaultyServer:
    server = FaultyServer()
    server.put("u1", 1)
    return server


async def test_an_object_is_pending_until_it_is_fetched_once() -> None:
    async with fetching(one()) as reader:
        assert reader.get() is PENDING
        assert reader.get() is PENDING
        await until(lambda: reader.told)
        assert reader.value() == 1
        assert reader.value() == 1
        assert reader.server.seen["get"] == 1
        assert reader.told == ["u1"]


async def test_a_new_version_is_fetched_and_the_old_copy_is_not_shown() -> None:
    async with fetching(one()) as reader:
        await until(lambda: reader.value() == 1)
        reader.server.put("u1", 2)
        assert reader.get() is PENDING
        await until(lambda: len(reader.told) == 2)
        assert reader.value() == 2


async def test_a_version_that_changes_in_flight_is_fetched_again() -> None:
    held = asyncio.Event()

    async def slow(server: FaultyServer, _: web.Request) -> web.StreamResponse:
        text = server.content("u1")
        await held.wait()
        return web.Response(body=text)

    server = one()
    server.gets.append(slow)
    async with fetching(server) as reader:
        reader.get()
        await until(lambda: server.seen["get"] == 1)
        server.put("u1", 2)
        assert reader.get() is PENDING
        held.set()
        await until(lambda: reader.told)
        assert reader.value() == 2
        assert server.seen["get"] == 2


async def test_absent_and_forbidden_and_failed() -> None:
    server = one()
    async with fetching(server) as reader:
        assert reader.get("gone", "1") is PENDING
        await until(lambda: reader.value("gone", "1") is Absent)
        server.forbidden = True
        await until(lambda: reader.value() is Why.FORBIDDEN)
        found = reader.get()
        assert isinstance(found, Unseen)
        assert found.message == "not permitted to get things.example.dev: grant get"
        server.forbidden, server.down = False, True
        reader.get(version="other")
        await until(lambda: reader.value(version="other") is Why.FAILED)
        told = len(reader.told)
        server.down = False
        await until(lambda: reader.value(version="other") == 1)
        assert len(reader.told) == told + 1


async def test_a_permission_that_is_granted_is_noticed() -> None:
    server = one()
    server.forbidden = True
    async with fetching(server) as reader:
        await until(lambda: reader.value() is Why.FORBIDDEN)
        server.forbidden = False
        await until(lambda: reader.told == ["u1", "u1"])
        assert reader.value() == 1


PATIENT = dataclasses.replace(FAST, refused_doubt=60.0, fetch_pending=60.0)


async def test_a_refusal_is_believed_when_it_is_met_again() -> None:
    server = one()
    server.forbidden = True
    async with fetching(server, PATIENT) as reader:
        assert reader.get() is PENDING
        await until(lambda: reader.told)
        assert reader.value() is Why.FORBIDDEN
        assert server.seen["get"] == 2


async def test_a_server_that_failed_a_moment_ago_is_not_believed_when_it_refuses() -> None:
    """What is known stands until it answers, and it is asked soon."""
    server = one()
    server.down = True
    async with fetching(server, PATIENT) as reader:
        await until(lambda: reader.value() is Why.FAILED)
        server.forbidden, server.down = True, False
        asked = server.seen["get"]
        await until(lambda: server.seen["get"] >= asked + 4)
        assert reader.value() is Why.FAILED
        server.forbidden = False
        await until(lambda: reader.value() == 1)


async def test_a_server_that_was_gone_is_not_believed_though_nothing_was_asked_of_it_meanwhile() -> None:
    server = one()
    server.forbidden = True
    async with fetching(server, PATIENT) as reader:
        reader.fetched._api.missed = asyncio.get_running_loop().time()
        assert reader.get() is PENDING
        await until(lambda: server.seen["get"] >= 4)
        assert reader.get() is PENDING
        assert reader.told == []
        server.forbidden = False
        await until(lambda: reader.told)
        assert reader.value() == 1


async def test_who_waits_for_a_doubted_refusal_is_told_when_the_time_is_over() -> None:
    server = one()
    server.forbidden = True
    async with fetching(server, dataclasses.replace(PATIENT, fetch_pending=0.2)) as reader:
        reader.fetched._api.missed = asyncio.get_running_loop().time()
        assert reader.get() is PENDING
        await until(lambda: reader.told)
        assert reader.value() is Why.FAILED
        server.forbidden = False
        await until(lambda: reader.value() == 1)


@pytest.mark.parametrize(
    "content",
    [
        b'{"metadata":{"uid":"u1","resourceVersion":"VERSION"},"spec":{"value":"x"}}',
        b'{"metadata":{"uid":"u1","resourceVersion":"VERSION"},"spec":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"metadata":{"uid":"u1","resourceVersion":"VERSION"},"spec":{"value":1,"s":"' + b"a" * 1_600_000 + b'"}}',
        b"<html>",
    ],
    ids=["mistyped", "deep", "oversized", "html"],
)
async def test_an_object_that_cannot_be_read_is_unreadable(content: bytes) -> None:
    server = one()
    server.put_raw("u1", content)
    async with fetching(server) as reader:
        await until(lambda: reader.value() is Why.UNREADABLE)
        server.raw.clear()
        server.put("u1", 5)
        await until(lambda: reader.value() == 5)


async def test_a_hanging_server_is_not_pending_for_ever() -> None:
    server = one()
    server.gets.extend([hanging] * 3)
    async with fetching(server) as reader:
        assert reader.get() is PENDING
        await until(lambda: reader.value() is Why.FAILED)
        assert reader.told
        await until(lambda: reader.value() == 1)


async def test_a_long_queue_is_not_pending_for_ever() -> None:
    server = one()
    server.gets.extend([hanging] * 8)
    timing = dataclasses.replace(FAST, fetch=5.0, fetch_pending=0.1)
    async with fetching(server, timing) as reader:
        for number in range(8):
            reader.get(f"other{number}", "1")
        assert reader.get() is PENDING
        await until(lambda: reader.value() is Why.FAILED)
        assert "u1" in reader.told
        assert server.seen["get"] == 8  # no more than eight at once


async def test_an_unserved_resource_is_not_installed_until_it_is_served() -> None:
    server = one()
    server.served = False
    async with fetching(server) as reader:
        await until(lambda: reader.value() is Why.NOT_INSTALLED)


async def test_what_nobody_refers_to_is_forgotten() -> None:
    server = one()
    server.put("u2", 2)
    async with fetching(server) as reader:
        await until(lambda: reader.value("u1") == 1 and reader.value("u2") == 2)
        reader.fetched.forget_unreferenced({(THINGS, "team-a", "u2")})
        assert reader.value("u2") == 2
        assert reader.get("u1") is PENDING


async def test_versions_that_went_back_prove_nothing() -> None:
    server = one()
    async with fetching(server) as reader:
        await until(lambda: reader.value() == 1)
        server.objects["u1"]["spec"]["value"] = 7
        assert reader.value() == 1
        reader.fetched.drop(THINGS)
        assert reader.get() is PENDING
        await until(lambda: reader.value() == 7)


async def test_an_answer_that_nobody_waits_for_any_more_is_dropped() -> None:
    server = one()
    server.gets.append(hanging)
    async with fetching(server) as reader:
        reader.get()
        await until(lambda: server.seen["get"] == 1)
        reader.fetched.forget_unreferenced(frozenset())
        await until(lambda: reader.value() == 1)
        assert set(reader.told) == {"u1"}


async def test_a_large_object_is_decoded_beside_the_loop() -> None:
    threads: dict[int, threading.Thread] = {}

    def decode(body: bytes) -> Thing | Unreadable:
        threads[len(body)] = threading.current_thread()
        return project(body)

    server = one()
    server.put("u2", 2, padding="x" * AT_ONCE)
    async with fetching(server, decode=decode) as reader:
        for name in ("u1", "u2"):
            reader.get(name)
        await until(lambda: len(reader.told) == 2)
        small, large = (threads[size] for size in sorted(threads))
        assert small is threading.main_thread()
        assert large is not threading.main_thread()
