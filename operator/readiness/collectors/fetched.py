"""
Objects read by name because a watch says that they changed.

Most of what is needed is watched; large bodies are fetched one by one, when a watch of metadata shows a new version,
and their projections are kept for as long as somebody refers to them. This module must not know who does.
"""

import asyncio
import random
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from readiness.collectors import wire
from readiness.collectors.clock import Backoff, Clock, Timing
from readiness.collectors.connection import Api, ApiError, Forbidden, NotFound, ServerFailed, Throttled, Unreachable
from readiness.collectors.discovery import Discovery
from readiness.collectors.doubt import Doubt
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Seen, Unseen, Why

R = TypeVar("R")

Key = tuple[Resource, str, str]
"""(resource, namespace, name)."""

PARALLEL: Final = 8
AT_ONCE: Final = 8 * 1024
"""Bytes up to which an object is decoded in the loop; files of strangers are parsed with it, which can take longer."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Being fetched: the answer comes within seconds."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The API server has no object of this name."""

    as_of: datetime


PENDING: Final = Pending()


@dataclass(slots=True)
class _Entry(Generic[R]):
    version: str  # as wanted last
    backoff: Backoff
    refused: Backoff
    fetched: str | None = None  # the version for which `found` is the answer
    found: Seen[R] | Unseen | Absent | None = None
    queued: bool = False
    flying: bool = False
    promised: bool = False  # somebody was told Pending
    overdue: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def settle(self) -> None:
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()


class Fetched(Generic[R]):
    """Answers from memory and fetches what is missing; `run` does the fetching."""

    def __init__(
        self,
        api: Api,
        discovery: Discovery,
        clock: Clock,
        decode: Mapping[Resource, Callable[[bytes], R]],
        publish: Callable[[Resource, str, str], None],
        *,
        timing: Timing,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._api = api
        self._discovery = discovery
        self._clock = clock
        self._decode = decode
        self._publish = publish
        self._timing = timing
        self._jitter = jitter
        self._entries: dict[Key, _Entry[R]] = {}
        self._doubts: dict[tuple[Resource, str], Doubt] = {}  # a role is of a resource, and may be of a namespace
        self._queue: asyncio.Queue[Key] = asyncio.Queue()

    def get(self, resource: Resource, namespace: str, name: str, version: str) -> Seen[R] | Unseen | Pending | Absent:
        """The object as of `version`: any text that changes when the object does, its uid included."""
        key = (resource, namespace, name)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = self._entry(version)
        elif entry.version != version:
            entry.version, entry.overdue = version, False
            entry.settle()
        if entry.fetched == version and entry.found is not None:
            return entry.found
        if not entry.timers:
            self._schedule(key, entry)
        if entry.overdue:
            return Unseen(Why.FAILED, f"{resource.name} was not answered in time", resource.name)
        entry.promised = True
        return PENDING

    def forget_unreferenced(self, keep: Container[Key]) -> None:
        """Drop what nobody refers to any more."""
        gone = [key for key in self._entries if key not in keep]
        for key in gone:
            self._entries.pop(key).settle()
        if gone:
            used = {key[:2] for key in self._entries}
            self._doubts = {place: doubt for place, doubt in self._doubts.items() if place in used}

    def drop(self, resource: Resource) -> None:
        """Forget everything of a resource whose versions went back: equal versions prove nothing now."""
        for key in [key for key in self._entries if key[0] == resource]:
            self._entries.pop(key).settle()

    async def run(self) -> None:
        """Fetch for ever, a few at a time."""
        async with asyncio.TaskGroup() as group:
            for _ in range(PARALLEL):
                group.create_task(self._work())

    def _entry(self, version: str) -> _Entry[R]:
        timing, jitter = self._timing, self._jitter
        return _Entry(
            version,
            Backoff(timing.backoff_first, timing.backoff_cap, jitter),
            Backoff(timing.refused_first, timing.refused_cap, jitter),
        )

    def _schedule(self, key: Key, entry: _Entry[R]) -> None:
        self._enqueue(key, entry)
        loop = asyncio.get_running_loop()
        entry.timers.append(loop.call_later(self._timing.fetch_pending, self._give_up, key, entry))

    def _enqueue(self, key: Key, entry: _Entry[R]) -> None:
        if not entry.queued and not entry.flying:
            entry.queued = True
            self._queue.put_nowait(key)

    def _give_up(self, key: Key, entry: _Entry[R]) -> None:
        """The answer does not come in time: say so, and go on waiting for it."""
        if self._entries.get(key) is entry:
            entry.overdue = True
            self._tell(key, entry)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            entry = self._entries.get(key)
            if entry is None or not entry.queued:
                continue
            entry.queued, entry.flying = False, True
            version = entry.version
            try:
                found, again = await self._fetch(key, entry)
            finally:
                entry.flying = False
            if self._entries.get(key) is not entry:
                continue
            if found is None:  # what is known stands, and who waits goes on waiting, for a bounded time
                entry.timers.append(asyncio.get_running_loop().call_later(again or 0.0, self._enqueue, key, entry))
                continue
            self._take(key, entry, version, found, again)

    def _take(
        self, key: Key, entry: _Entry[R], version: str, found: Seen[R] | Unseen | Absent, again: float | None
    ) -> None:
        before, entry.found, entry.fetched = entry.found, found, version
        entry.settle()
        entry.overdue = False
        if entry.version != version:  # it changed while it was fetched
            self._schedule(key, entry)
            return
        if again is None:
            entry.backoff.reset()
            entry.refused.reset()
        else:
            loop = asyncio.get_running_loop()
            entry.timers.append(loop.call_later(again, self._retry, key, entry))
        if entry.promised or _content(before) != _content(found):
            self._tell(key, entry)

    def _retry(self, key: Key, entry: _Entry[R]) -> None:
        if self._entries.get(key) is entry:
            entry.timers.clear()
            self._enqueue(key, entry)

    def _tell(self, key: Key, entry: _Entry[R]) -> None:
        entry.promised = False
        self._publish(*key)

    async def _fetch(self, key: Key, entry: _Entry[R]) -> tuple[Seen[R] | Unseen | Absent | None, float | None]:
        """What is found, None where a refusal is in doubt; and after how many seconds to try again."""
        resource, namespace, name = key
        doubt = self._doubt(resource, namespace)
        try:
            async with asyncio.timeout(self._timing.fetch):
                served = await self._discovery.find(resource)
                if isinstance(served, Unseen):
                    return await self._unserved(served, entry, doubt)
                path = self._discovery.path(resource, namespace, name)
                answer = await self._api.get(path, timeout=self._timing.fetch)
        except Forbidden:
            message = f"not permitted to get {resource.name}: grant get"
            return await self._refused(Unseen(Why.FORBIDDEN, message, resource.name), entry, doubt)
        except (Unreachable, ServerFailed, TimeoutError):
            doubt.failed()
            return _unanswered(resource), entry.backoff.next()
        except ApiError as error:
            doubt.settled()
            if isinstance(error, NotFound):
                return Absent(self._clock.now()), None
            return _unanswered(resource), entry.backoff.next(error.after if isinstance(error, Throttled) else None)
        doubt.settled()
        if len(answer.body) > AT_ONCE:
            return await asyncio.to_thread(self._decoded, resource, answer.body), None
        return self._decoded(resource, answer.body), None

    async def _unserved(self, served: Unseen, entry: _Entry[R], doubt: Doubt) -> tuple[Unseen | None, float]:
        if served.reason is Why.FORBIDDEN:
            return await self._refused(served, entry, doubt)
        if served.reason is not Why.NOT_INSTALLED:
            doubt.failed()
        return served, entry.refused.next()

    async def _refused(self, said: Unseen, entry: _Entry[R], doubt: Doubt) -> tuple[Unseen | None, float]:
        """A server that has just started refuses what it will permit a moment later."""
        if await doubt.believe():
            return said, entry.refused.next()
        return None, entry.backoff.next()

    def _doubt(self, resource: Resource, namespace: str) -> Doubt:
        found = self._doubts.get((resource, namespace))
        if found is None:
            longest = self._timing.refused_doubt
            found = Doubt(self._api, lambda: asyncio.get_running_loop().time(), longest)
            self._doubts[resource, namespace] = found
        return found

    def _decoded(self, resource: Resource, body: bytes) -> Seen[R] | Unseen:
        if len(body) > wire.OBJECT_LIMIT:
            message = f"larger than {wire.OBJECT_LIMIT // 1024} KiB"
            return Unseen(Why.UNREADABLE, message, resource.name)
        try:
            return Seen(self._decode[resource](body), self._clock.now())
        except wire.Misfit:
            return Unseen(Why.UNREADABLE, "the object cannot be decoded", resource.name)


def _unanswered(resource: Resource) -> Unseen:
    return Unseen(Why.FAILED, f"cannot get {resource.name}: the API server did not answer", resource.name)


def _content(found: object) -> object:
    """What of an answer counts as a change: the projection, or why there is none."""
    if isinstance(found, Seen):
        return found.value
    if isinstance(found, Unseen):
        return found.reason
    return type(found)
