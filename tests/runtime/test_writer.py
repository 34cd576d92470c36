"""Writes against an HTTP server that answers as an API server may: each answer leads to one thing."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from readiness.api.v1alpha1.status import Status
from readiness.collectors.clock import ServerClock
from readiness.collectors.connection import Api
from readiness.runtime.outage import Outage
from readiness.runtime.register import Entry, Register
from readiness.runtime.rivals import Rivals
from readiness.runtime.writer import Draft, Writer
from tests.collectors.faulty_server import status
from tests.runtime.virtual import EPOCH, raw

ENDING, ORDINARY, RENEWAL = 0, 1, 2


@dataclass
class Server:
    """Answers each PUT with the next of `codes`, 200 when there is none left; `hold` keeps PUTs waiting."""

    codes: deque[int] = field(default_factory=deque)
    headers: dict[str, str] = field(default_factory=dict)
    newest: dict[str, Any] | None = None
    gets: deque[int] = field(default_factory=deque)  # answers in place of the newest
    puts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None
    flying: set[str] = field(default_factory=set)
    most: int = 0
    twice: bool = False

    async def put(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.twice |= name in self.flying
        self.flying.add(name)
        self.most = max(self.most, len(self.flying))
        body = json.loads(await request.read())
        self.puts.append(body)
        self.paths.append(request.path_qs)
        if self.hold is not None:
            await self.hold.wait()
        self.flying.discard(name)
        code = self.codes.popleft() if self.codes else 200
        if code == 0:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if code != 200:
            return web.Response(status=code, body=status(code), headers=self.headers, content_type="application/json")
        return web.json_response(raw(name, version=99, uid=body["metadata"]["uid"], status=body["status"]))

    async def get(self, _: web.Request) -> web.Response:
        if self.gets:
            code = self.gets.popleft()
            return web.Response(status=code, body=status(code), content_type="application/json")
        if self.newest is None:
            return web.Response(status=404, body=status(404), content_type="application/json")
        return web.json_response(self.newest)

    async def version(self, _: web.Request) -> web.Response:
        return web.json_response({})


@dataclass
class Desk:
    """Hands out a draft for each uid it knows, rendered anew each time."""

    entries: dict[str, Entry] = field(default_factory=dict)
    rendered: int = 0
    taken: list[str] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any] | None]] = field(default_factory=list)
    minimals: list[str] = field(default_factory=list)
    raising: set[str] = field(default_factory=set)

    def add(self, name: str) -> str:
        entry = Register().put(raw(name, uid=name, version=7))
        assert entry is not None
        self.entries[name] = entry
        return name

    def draft(self, uid: str) -> Draft | None:
        if uid in self.raising:
            self.raising.discard(uid)
            raise ValueError("a defect")
        if uid not in self.entries:
            return None
        self.rendered += 1
        return Draft(self.entries[uid], Status(), Status(observed_generation=self.rendered))

    def minimal(self, uid: str, why: str) -> Draft | None:
        self.minimals.append(why)
        return Draft(self.entries[uid], Status(), Status(observed_generation=1000))

    def written(self, draft: Draft, _answer: dict[str, Any]) -> None:
        self.taken.append(draft.entry.uid)
        self.entries.pop(draft.entry.uid, None)

    def moved(self, uid: str, newest: dict[str, Any] | None, known: int = 0) -> None:
        del known  # what it was written upon: the register's business
        self.told.append((uid, newest))
        self.entries.pop(uid, None)


def unrivalled() -> Rivals:
    return Rivals(lambda: None, lambda _: None, lambda _: None)


@dataclass
class Bench:
    server: Server
    desk: Desk
    writer: Writer
    outcomes: list[str]

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(2000):  # polled: the writer tells nobody
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"not in time; {self.outcomes}, {self.server.paths}, {self.desk.told}, {self.desk.taken}")


@asynccontextmanager
async def bench(*codes: int, **headers: str) -> AsyncIterator[Bench]:
    server = Server(deque(codes), {name.replace("_", "-"): value for name, value in headers.items()})
    app = web.Application()
    app.add_routes(
        [
            web.put("/apis/readiness.dev/v1alpha1/namespaces/shop/readinessreviews/{name}/status", server.put),
            web.get("/apis/readiness.dev/v1alpha1/namespaces/shop/readinessreviews/{name}", server.get),
            web.get("/version", server.version),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    outcomes: list[str] = []
    desk = Desk()
    clock = ServerClock(lambda: EPOCH, time.monotonic)
    try:
        async with Api.plain(f"http://{host}:{port}", clock=clock) as api:
            outage = Outage(api, lambda _: True, lambda: None)
            writer = Writer(api, desk, outcomes.append, outage, unrivalled())
            tasks = [asyncio.create_task(writer.run()), asyncio.create_task(outage.run())]
            try:
                yield Bench(server, desk, writer, outcomes)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await runner.cleanup()


async def test_a_put_names_uid_and_version_and_carries_no_spec() -> None:
    async with bench() as given:
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.taken == ["a"])
        [body] = given.server.puts
        assert body["metadata"] == {"name": "a", "namespace": "shop", "uid": "a", "resourceVersion": "7"}
        assert "spec" not in body
        assert given.server.paths[0].endswith("/status?fieldManager=readiness-operator")
        assert given.outcomes == ["written"]


async def test_a_conflict_leads_to_the_newest_version_and_no_second_put() -> None:
    async with bench(409) as given:
        given.server.newest = raw("a", uid="b", version=9)
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.told)
        assert given.desk.told == [("a", given.server.newest)]
        assert len(given.server.puts) == 1
        assert given.outcomes == ["conflict"]


async def test_a_conflict_with_one_that_is_gone_drops_it() -> None:
    async with bench(409) as given:
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.told)
        assert given.desk.told == [("a", None)]


async def test_one_that_is_gone_is_dropped() -> None:
    async with bench(404) as given:
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.told)
        assert given.desk.told == [("a", None)]
        assert given.outcomes == ["gone"]


async def test_what_is_not_permitted_waits_and_holds_nobody_else() -> None:
    async with bench(403, 401) as given:
        for name in "ab":
            given.writer.ask(given.desk.add(name), ENDING)
        await given.until(lambda: given.outcomes.count("forbidden") == 2)
        assert given.writer.forbidden
        given.writer.ask(given.desk.add("c"), ORDINARY)
        await given.until(lambda: sorted(given.desk.taken) == ["a", "b", "c"])
        assert not given.writer.forbidden
        assert given.desk.taken[0] == "c", "its success is what lets the others go"


async def test_reviews_that_may_not_be_read_anew_hold_no_writer() -> None:
    """Each would ask for ever otherwise, and eight of them would hold all the others."""
    async with bench(*[409] * 8) as given:
        given.server.gets.extend([403] * 8)
        for name in "abcdefgh":
            given.writer.ask(given.desk.add(name), ENDING)
        await given.until(lambda: given.outcomes.count("forbidden") == 8)
        assert given.writer.forbidden
        given.writer.ask(given.desk.add("later"), ORDINARY)
        await given.until(lambda: "later" in given.desk.taken)


async def test_a_refused_status_is_replaced_by_the_least_and_only_once() -> None:
    async with bench(422, 413) as given:
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: len(given.outcomes) == 2)
        assert given.outcomes == ["refused", "lost"]
        assert [body["status"]["observedGeneration"] for body in given.server.puts] == [1, 1000]
        assert "422" in given.desk.minimals[0]


async def test_errors_that_pass_are_tried_again_with_a_body_rendered_anew() -> None:
    async with bench(500, 503) as given:
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.taken == ["a"])
        assert [body["status"]["observedGeneration"] for body in given.server.puts] == [1, 2, 3]
        assert given.outcomes == ["retried", "retried", "written"]


async def test_what_the_server_asks_to_wait_is_waited() -> None:
    loop = asyncio.get_running_loop()
    async with bench(429, Retry_After="1") as given:
        began = loop.time()
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.taken == ["a"])
        assert loop.time() - began >= 1.0


async def test_a_cut_connection_begins_an_outage_and_the_write_is_rendered_after_it() -> None:
    async with bench(0, 0) as given:  # the HTTP library tries a PUT once more by itself
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.desk.taken == ["a"])
        assert given.outcomes == ["unreachable", "written"]
        assert given.desk.rendered == 2


async def test_endings_go_first_and_renewals_last_and_eight_at_once() -> None:
    async with bench() as given:
        given.server.hold = asyncio.Event()
        for number in range(8):
            given.writer.ask(given.desk.add(f"first-{number}"), ORDINARY)
        await given.until(lambda: len(given.server.puts) == 8)
        for number in range(20):
            given.writer.ask(given.desk.add(f"renewal-{number}"), RENEWAL)
            given.writer.ask(given.desk.add(f"ordinary-{number}"), ORDINARY)
            given.writer.ask(given.desk.add(f"ending-{number}"), ENDING)
        given.writer.ask("renewal-19", ENDING)
        assert given.writer.waiting == 60
        given.server.hold.set()
        await given.until(lambda: len(given.desk.taken) == 68)
        order = [body["metadata"]["name"].split("-")[0] for body in given.server.puts[8:]]
        assert order.index("ordinary") >= 18
        assert set(order[-12:]) == {"renewal"}
        place = [body["metadata"]["name"] for body in given.server.puts].index("renewal-19")
        assert place < 8 + 21 + 8, "what became urgent goes with the urgent"
        assert given.server.most == 8
        assert not given.server.twice


async def test_one_that_is_asked_for_while_it_flies_is_written_again_after_it() -> None:
    async with bench() as given:
        given.server.hold = asyncio.Event()
        given.writer.ask(given.desk.add("a"), ORDINARY)
        await given.until(lambda: given.server.puts)
        given.writer.ask("a", ORDINARY)
        given.server.hold.set()
        await given.until(lambda: given.desk.taken == ["a"])
        given.desk.add("a")
        given.writer.ask("a", ORDINARY)
        await given.until(lambda: len(given.desk.taken) == 2)
        assert not given.server.twice


async def test_a_forgotten_review_is_not_written() -> None:
    async with bench() as given:
        given.server.hold = asyncio.Event()
        for number in range(8):
            given.writer.ask(given.desk.add(f"first-{number}"), ORDINARY)
        await given.until(lambda: len(given.server.puts) == 8)
        given.writer.ask(given.desk.add("a"), ORDINARY)
        given.writer.forget("a")
        given.server.hold.set()
        await given.until(lambda: len(given.desk.taken) == 8)
        given.writer.ask(given.desk.add("last"), ORDINARY)
        await given.until(lambda: "last" in given.desk.taken)
        assert "a" not in given.desk.taken


async def test_a_defect_loses_no_write_of_anybody() -> None:
    async with bench() as given:
        given.server.hold = asyncio.Event()
        given.writer.ask(given.desk.add("flying"), ORDINARY)
        await given.until(lambda: given.server.puts)
        given.desk.raising.add("bad")
        broken = Writer(given.writer._api, given.desk, given.outcomes.append, given.writer._outage, unrivalled())
        broken.ask(given.desk.add("other"), ORDINARY)
        broken.ask(given.desk.add("bad"), ORDINARY)
        first = await asyncio.gather(broken.run(), return_exceptions=True)
        assert isinstance(first[0], ExceptionGroup)
        assert broken.waiting == 2
        given.server.hold.set()
        again = asyncio.create_task(broken.run())
        await given.until(lambda: {"other", "bad"} <= set(given.desk.taken))
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
