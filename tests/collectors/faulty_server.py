"""
An API server that can go wrong in every way that the reflector has a rule for.

It keeps one collection with versions, history, pages, watches and bookmarks as kube-apiserver does; faults are queued
for the next list or watch, or set as a mood that lasts.
"""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from readiness.collectors.clock import ServerClock, Timing
from readiness.collectors.connection import Api
from readiness.collectors.discovery import Discovery
from readiness.collectors.reflector import Reflector, Store
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Seen, Why

THINGS = Resource("example.dev", "things", "Thing", field_selector="status.phase!=Done")

FAST = Timing(
    request=1.0,
    watch=2.0,
    watch_jitter=0.5,
    inactivity=0.4,
    stale_after=0.8,
    backoff_first=0.005,
    backoff_cap=0.04,
    refused_first=0.02,
    refused_doubt=0.1,
    refused_cap=0.05,
    short_watch=0.0,
    discovery_request=1.0,
    discovery_again=0.01,
    discovery_settle=0.3,
    discovery_poll=0.03,
    fetch=0.3,
    fetch_pending=0.5,
)

Handler = Callable[["FaultyServer", web.Request], Awaitable[web.StreamResponse]]


def status(code: int, reason: str = "", message: str = "secret of team-b", **more: object) -> bytes:
    return json.dumps({"kind": "Status", "code": code, "reason": reason, "message": message, **more}).encode()


def answering(code: int, body: bytes | None = None, **headers: str) -> Handler:
    async def handle(_: "FaultyServer", __: web.Request) -> web.StreamResponse:
        text = status(code) if body is None else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, body=text, headers=named, content_type="application/json")

    return handle


def streaming(*chunks: bytes, cut: bool = False) -> Handler:
    """Send these bytes and end, orderly or by cutting the connection."""

    async def handle(_: "FaultyServer", request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        if cut and request.transport is not None:
            request.transport.close()
        return response

    return handle


async def silent(server: "FaultyServer", request: web.Request) -> web.StreamResponse:
    """Accept and say nothing, as a watch does whose version the restored history has not reached."""
    response = web.StreamResponse()
    await response.prepare(request)
    await server.closing.wait()
    return response


async def hanging(server: "FaultyServer", _: web.Request) -> web.StreamResponse:
    """Not even accept."""
    await server.closing.wait()
    return web.Response()


def frame(kind: str, content: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + content + b"}\n"


@dataclass
class FaultyServer:
    served: bool = True
    forbidden: bool = False
    forbidden_watch: bool = False
    down: bool = False
    page: int = 3
    bookmark_every: float = 0.1
    null_items: bool = True
    namespace: str = "team-a"
    version: int = 100
    compacted: int = 0
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)  # sent instead of the object of this uid
    history: list[tuple[int, str, str, bytes]] = field(default_factory=list)
    lists: deque[Handler | None] = field(default_factory=deque)
    watches: deque[Handler | None] = field(default_factory=deque)
    gets: deque[Handler | None] = field(default_factory=deque)
    seen: Counter[str] = field(default_factory=Counter)
    queries: list[tuple[dict[str, str], str]] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    epoch: int = 0  # watches of an older one fall silent
    generation: int = 0  # watches of an older one are cut
    base: str = ""

    # --- the world

    def put(self, uid: str, value: int, **metadata: object) -> None:
        kind = "MODIFIED" if uid in self.objects else "ADDED"
        self.version += 1
        self.objects[uid] = {
            "kind": "Thing",
            "apiVersion": "example.dev/v1",
            "metadata": {
                "uid": uid,
                "name": uid,
                "namespace": self.namespace,
                "resourceVersion": str(self.version),
                **metadata,
            },
            "spec": {"value": value},
        }
        self._record(kind, uid)

    def put_raw(self, uid: str, content: bytes) -> None:
        """An object whose text is given; VERSION in it becomes its version."""
        self.put(uid, 0)
        self.raw[uid] = content.replace(b"VERSION", str(self.version).encode())
        self.history.pop()
        self._record("MODIFIED", uid)

    def delete(self, uid: str) -> None:
        self.version += 1
        self.objects[uid]["metadata"]["resourceVersion"] = str(self.version)
        self._record("DELETED", uid)
        del self.objects[uid]
        self.raw.pop(uid, None)

    def lose_history(self) -> None:
        """Compact, and end the watches: what happened since is only told by a list."""
        self.compacted = self.version
        self.history.clear()
        self.cut()

    def cut(self) -> None:
        self.generation += 1
        self._wake()

    def restore(self, objects: dict[str, dict[str, Any]], version: int) -> None:
        """Go back to an earlier state, as etcd does from a backup; running watches say nothing any more."""
        self.objects, self.version = {uid: json.loads(json.dumps(each)) for uid, each in objects.items()}, version
        self.history.clear()
        self.raw.clear()
        self.compacted = 0
        self.epoch += 1

    def truth(self) -> dict[str, int]:
        return {uid: each["spec"]["value"] for uid, each in self.objects.items()}

    def content(self, uid: str) -> bytes:
        return self.raw.get(uid) or json.dumps(self.objects[uid]).encode()

    def _record(self, kind: str, uid: str) -> None:
        self.history.append((self.version, kind, uid, self.content(uid)))
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    # --- the API

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind = self._kind(request)
        self.seen[kind] += 1
        if kind == "discovery":
            return self._discover(request.path)
        if kind in {"list", "watch"}:
            self.queries.append((dict(request.query), request.headers.get("Accept", "")))
        queue = {"list": self.lists, "watch": self.watches, "get": self.gets}[kind]
        fault = queue.popleft() if queue else None
        if fault is not None:
            return await fault(self, request)
        if self.down:
            return await answering(500)(self, request)
        if not self.served:
            return await answering(404)(self, request)
        if self.forbidden or (self.forbidden_watch and kind == "watch"):
            return await answering(403)(self, request)
        if kind == "get":
            return self._get(request.path.rsplit("/", 1)[1])
        return await self._watch(request) if kind == "watch" else self._list(request)

    @staticmethod
    def _kind(request: web.Request) -> str:
        if not request.path.rstrip("/").endswith("/things") and "/things/" not in request.path:
            return "discovery"
        if "/things/" in request.path:
            return "get"
        return "watch" if "watch" in request.query else "list"

    def _discover(self, path: str) -> web.Response:
        if self.down:
            return web.Response(status=500)
        if not self.served:
            return web.Response(status=404, body=status(404))
        if path == "/apis/example.dev":
            return web.json_response({"kind": "APIGroup", "versions": [{"version": "v1beta1"}, {"version": "v1"}]})
        return web.json_response(
            {"kind": "APIResourceList", "resources": [{"name": "things"}, {"name": "things/status"}]}
        )

    def _get(self, name: str) -> web.Response:
        if name not in self.objects:
            return web.Response(status=404, body=status(404))
        return web.Response(body=self.content(name), content_type="application/json")

    def _list(self, request: web.Request) -> web.Response:
        version, start = str(self.version), 0
        if token := request.query.get("continue"):
            version, place = token.split(":")
            if int(version) < self.compacted or int(version) > self.version:
                return web.Response(status=410, body=status(410, "Expired"))
            start = int(place)
        size = min(self.page, int(request.query["limit"]))
        uids = sorted(self.objects)
        chosen = uids[start : start + size]
        more = f"{version}:{start + size}" if start + size < len(uids) else ""
        meta = json.dumps({"resourceVersion": version, "continue": more}).encode()
        items = (
            b"[" + b",".join(self.content(uid) for uid in chosen) + b"]" if chosen or not self.null_items else b"null"
        )
        body = b'{"kind":"ThingList","apiVersion":"v1","metadata":' + meta + b',"items":' + items + b"}"
        return web.Response(body=body, content_type="application/json")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query["resourceVersion"])
        if since < self.compacted:
            return web.Response(status=410, body=status(410, "Expired"))
        if since > self.version:
            return await silent(self, request)
        response = web.StreamResponse()
        await response.prepare(request)
        await self._follow(response, since, float(request.query["timeoutSeconds"]))
        return response

    async def _follow(self, response: web.StreamResponse, since: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end, epoch, generation = loop.time() + seconds, self.epoch, self.generation
        while not self.closing.is_set() and loop.time() < end and generation == self.generation:
            changed = self.changed
            if epoch != self.epoch:
                await self.closing.wait()
                return
            for version, kind, _, content in self.history:
                if version > since:
                    since = version
                    await response.write(frame(kind, content))
            with suppress(TimeoutError):
                async with asyncio.timeout(self.bookmark_every):
                    await changed.wait()
                continue
            if epoch == self.epoch and since <= self.version:
                await response.write(frame("BOOKMARK", self._bookmark(since)))

    @staticmethod
    def _bookmark(version: int) -> bytes:
        return json.dumps(
            {"kind": "Thing", "metadata": {"resourceVersion": str(version), "creationTimestamp": None}, "spec": None}
        ).encode()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FaultyServer"]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"
        try:
            yield self
        finally:
            self.closing.set()
            self._wake()
            await runner.cleanup()


# --- the reader of it


@dataclass(frozen=True, slots=True)
class Thing:
    uid: str
    value: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    uid: str
    labels: tuple[tuple[str, str], ...]
    why: str


class _Meta(msgspec.Struct):
    uid: str
    labels: dict[str, str] | None = None


class _Spec(msgspec.Struct):
    value: int


class _Thing(msgspec.Struct):
    metadata: _Meta
    spec: _Spec


class _OnlyMeta(msgspec.Struct):
    metadata: _Meta


def project(content: bytes) -> Thing | Unreadable:
    found = msgspec.json.decode(content, type=_Thing)
    return Thing(found.metadata.uid, found.spec.value)


def unreadable(content: bytes, why: str) -> Thing | Unreadable:
    found = msgspec.json.decode(content, type=_OnlyMeta)
    return Unreadable(found.metadata.uid, tuple(sorted((found.metadata.labels or {}).items())), why)


def clock() -> ServerClock:
    return ServerClock(lambda: datetime.now(UTC), time.monotonic)


async def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - conditions of any kind
            await asyncio.sleep(0.002)


@dataclass
class World:
    server: FaultyServer
    api: Api
    discovery: Discovery
    reflector: Reflector[Thing | Unreadable]
    published: list[tuple[str, Thing | Unreadable | None, Thing | Unreadable | None]]
    states: list[str]
    back: list[int]
    running: asyncio.Task[None]

    @property
    def store(self) -> Store[Thing | Unreadable]:
        return self.reflector.store

    def why(self) -> Why | None:
        state = self.store.state
        return None if isinstance(state, Seen) else state.reason

    def values(self) -> dict[str, int]:
        return {uid: each.value for uid, each in self.store.records.items() if isinstance(each, Thing)}

    def right(self) -> bool:
        """The store says it may be relied on, and it equals the truth."""
        return self.why() is None and self.values() == self.server.truth()

    def mirror(self) -> dict[str, Thing | Unreadable]:
        """What a listener knows from the publications alone."""
        known: dict[str, Thing | Unreadable] = {}
        for uid, before, after in self.published:
            assert known.get(uid) == before
            if after is None:
                del known[uid]
            else:
                known[uid] = after
        return known


@asynccontextmanager
async def reading(server: FaultyServer, timing: Timing = FAST, resource: Resource = THINGS) -> AsyncIterator[World]:
    """A reflector that follows the server."""
    ours = clock()
    async with server.running(), Api.plain(server.base, clock=ours) as api:
        discovery = Discovery(api, ours, timing)
        published: list[tuple[str, Thing | Unreadable | None, Thing | Unreadable | None]] = []
        states: list[str] = []
        back: list[int] = []
        reflector: Reflector[Thing | Unreadable] = Reflector(
            api,
            discovery,
            resource,
            "",
            project,
            unreadable,
            lambda _, uid, before, after: published.append((uid, before, after)),
            lambda store: states.append(store.unseen.reason.value if store.unseen else "Seen"),
            clock=ours,
            timing=timing,
            went_back=lambda store: back.append(len(store.records)),
        )
        task = asyncio.create_task(reflector.run())
        try:
            yield World(server, api, discovery, reflector, published, states, back, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
