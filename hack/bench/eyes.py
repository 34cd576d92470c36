"""The watching client: what a user sees of the reviews, and when.

Only what is needed of a line is decoded, so that the watcher takes little of the machine that it measures.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import msgspec

from .client import Client, FailedError
from .world import REVIEWS, Key

_TOKEN = re.compile(rb"port 'v(\d{7})'")
_NEVER = frozenset({"", "Pending", "Evaluating"})


class _Condition(msgspec.Struct):
    type: str
    status: str
    reason: str = ""


class _Status(msgspec.Struct, rename="camel"):
    observed_generation: int = -1
    conditions: list[_Condition] = []


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str
    name: str = ""
    namespace: str = ""
    generation: int = 0


class _Review(msgspec.Struct):
    metadata: _Meta
    status: _Status = msgspec.field(default_factory=_Status)


class _Frame(msgspec.Struct):
    type: str
    object: msgspec.Raw


_FRAMES = msgspec.json.Decoder(_Frame)
_REVIEWS = msgspec.json.Decoder(_Review)


@dataclass(slots=True)
class View:
    """One review as last seen. `token` is that of the newest status, `writes` counts the versions seen."""

    version: int
    generation: int
    observed: int
    ready: str
    reason: str
    token: int
    at: float
    raw: bytes
    writes: int = 0

    @property
    def current(self) -> bool:
        """Whether the status is a verdict on this generation."""
        return self.observed == self.generation and self.reason not in _NEVER


Wanted = Callable[[View], bool]


@dataclass(slots=True)
class _Waiter:
    wanted: Wanted
    seen: asyncio.Future[float]


@dataclass(slots=True)
class Eyes:
    """Follows all reviews from `start` to `stop`; comes back by itself when the API server does."""

    client: Client
    views: dict[Key, View] = field(default_factory=dict)
    writes: int = 0
    heard: list[Callable[[Key, View, View], None]] = field(default_factory=list)
    _waiters: dict[Key, list[_Waiter]] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        version = await self._list()
        self._task = asyncio.create_task(self._follow(version))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, key: Key, wanted: Wanted, seconds: float) -> float:
        """When such a version of the review was seen; TimeoutError when it does not come."""
        view = self.views.get(key)
        if view is not None and wanted(view):
            return view.at
        waiter = _Waiter(wanted, asyncio.get_running_loop().create_future())
        self._waiters.setdefault(key, []).append(waiter)
        try:
            async with asyncio.timeout(seconds):
                return await waiter.seen
        finally:
            self._waiters[key].remove(waiter)

    async def until_token(self, key: Key, number: int, seconds: float) -> float:
        """When a status was seen that tells of this change, or of a later one."""
        return await self.until(key, lambda view: view.token >= number, seconds)

    async def quiet(self, seconds: float, patience: float = 120.0) -> None:
        """Wait until no review was written for so long; TimeoutError where that does not come."""
        async with asyncio.timeout(patience):
            before = -1
            while before != self.writes:
                before = self.writes
                await asyncio.sleep(seconds)

    async def _list(self) -> str:
        items, version = await self.client.items(REVIEWS)
        now = time.monotonic()
        for item in items:
            self._take(bytes(item), now)
        return version

    async def _follow(self, version: str) -> None:
        while True:
            try:
                async for line in self.client.lines(REVIEWS, version):
                    now = time.monotonic()
                    frame = _FRAMES.decode(line)
                    if frame.type == "ERROR":
                        break
                    if frame.type == "DELETED":
                        meta = _REVIEWS.decode(frame.object).metadata
                        self.views.pop(Key(meta.namespace, meta.name), None)
                    elif frame.type != "BOOKMARK":
                        self._take(bytes(frame.object), now)
            except (FailedError, aiohttp.ClientError, OSError):
                pass
            version = await self._again()

    async def _again(self) -> str:
        while True:
            try:
                return await self._list()
            except (FailedError, aiohttp.ClientError, OSError):
                await asyncio.sleep(0.2)

    def _take(self, raw: bytes, now: float) -> None:
        found = _REVIEWS.decode(raw)
        meta, key = found.metadata, Key(found.metadata.namespace, found.metadata.name)
        before = self.views.get(key)
        if before is not None and before.version >= int(meta.resource_version):
            return
        ready = next((one for one in found.status.conditions if one.type == "Ready"), _Condition("Ready", "", ""))
        shown = [int(one) for one in _TOKEN.findall(raw)]
        view = View(
            version=int(meta.resource_version),
            generation=meta.generation,
            observed=found.status.observed_generation,
            ready=ready.status,
            reason=ready.reason,
            token=max(shown, default=0),
            at=now,
            raw=raw,
            writes=0 if before is None else before.writes + 1,
        )
        self.views[key] = view
        if before is not None:
            self.writes += 1
            for hear in self.heard:
                hear(key, before, view)
        for waiter in self._waiters.get(key, ()):
            if not waiter.seen.done() and waiter.wanted(view):
                waiter.seen.set_result(now)
