"""
List and watch of one resource into a store that equals the truth, or says that it does not.

Every way in which a list or watch can fail ends in one of three: the store is right again after a finished list, it is
kept for a while because nothing is known to have changed, or it says why it must not be used. This module must not
know what the records mean or who reads them.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Final, Generic

from readiness.collectors import wire
from readiness.collectors.clock import Backoff, Clock, Timing
from readiness.collectors.connection import (
    Api,
    ApiError,
    Forbidden,
    Garbled,
    Gone,
    NotFound,
    ServerFailed,
    Throttled,
    TooLarge,
    Unreachable,
    failure,
)
from readiness.collectors.discovery import Discovery
from readiness.collectors.doubt import Doubt
from readiness.collectors.store import Listing, Publish, R, Reading, Store, Version, compact, number
from readiness.evidence.resources import Resource, Shape
from readiness.evidence.seen import Unseen, Why

__all__ = ["Listing", "Publish", "Reading", "Reflector", "Store", "Timing"]

_TRIES = 4  # of a metadata list that was overtaken


class Reflector(Generic[R]):
    """Keeps `store` by list and watch for as long as `run` runs."""

    def __init__(
        self,
        api: Api,
        discovery: Discovery,
        resource: Resource,
        namespace: str,
        project: Callable[[bytes], R],
        unreadable: Callable[[bytes, str], R | None],
        publish: Publish[R],
        publish_state: Callable[[Store[R]], None],
        *,
        clock: Clock,
        timing: Timing,
        went_back: Callable[[Store[R]], None] = lambda _: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.store = Store(resource, namespace, Reading(project, unreadable), publish)
        self._api = api
        self._discovery = discovery
        self._publish_state = publish_state
        self._went_back = went_back
        self._clock = clock
        self._timing = timing
        self._jitter = jitter
        self._backoff = Backoff(timing.backoff_first, timing.backoff_cap, jitter)
        self._refused = Backoff(timing.refused_first, timing.refused_cap, jitter)
        self._doubt = Doubt(api, lambda: asyncio.get_running_loop().time(), timing.refused_doubt)
        self._limit = wire.PAGE
        self._asked = "list"  # what was asked for last
        self._watched = False  # whether the watch that was asked for last was accepted
        self._contact = 0.0  # of the loop's clock
        self._check: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Follow the resource until cancelled. Whatever else ends it leaves the store unseen."""
        cancelled = False
        try:
            while True:
                try:
                    await self._follow()
                except ApiError as error:
                    await self._recover(error)
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            self._disarm()
            self._lose(Why.NOT_SYNCED, f"{self._name} is not watched", tell=not cancelled)

    async def list_versions(self, namespace: str = "") -> Listing:
        """What the server has now, for comparison with the store, in one namespace or in all; raises ApiError."""
        for _ in range(_TRIES):
            try:
                return await self._versions(namespace)
            except (Gone, TooLarge) as error:
                self._narrow(error)
        return await self._versions(namespace)

    def behind(self, listing: Listing) -> set[str]:
        """The uids whose difference from the listing the watch has not explained yet."""
        return self.store.behind(listing)

    @property
    def _name(self) -> str:
        return self.store.resource.name

    async def _follow(self) -> None:
        await self._wait_served()
        await self._list()
        while await self._watch():
            pass

    async def _wait_served(self) -> None:
        backoff = Backoff(self._timing.backoff_first, self._timing.backoff_cap, self._jitter)
        waited = False
        while isinstance(found := await self._discovery.find(self.store.resource), Unseen):
            waited = True
            if found.reason is Why.NOT_INSTALLED:
                self._lose(found.reason, found.message)
                self.store.clear()
            elif found.reason is Why.FORBIDDEN:
                if await self._doubt.believe():
                    self._lose(found.reason, found.message)
            else:
                self._doubt.failed()
                self._failed(found.message)
            await self._discovery.wait_news(self.store.resource, backoff)
        unseen = self.store.unseen
        if waited and unseen is not None and unseen.reason in {Why.NOT_INSTALLED, Why.FORBIDDEN}:
            self._lose(Why.NOT_SYNCED, f"the list of {self._name} is not finished")

    async def _list(self) -> None:
        self._asked = "list"
        store, began, since = self.store, self._clock.now(), asyncio.get_running_loop().time()
        fresh, version = store.fresh(), ""
        async with aclosing(self._pages(self._partial(wire.PARTIAL_LIST))) as pages:
            async for page in pages:
                version = version or page.version
                fresh.take(page.items)
        if self._is_back(version):  # the server's history was replaced: nothing remembered by version holds
            store.restarted["WentBack"] += 1
            self._went_back(store)
            store.clear()
        store.replace(fresh, version)
        store.listed_at, store.began = began, since
        self._touch()
        if self._watched:  # where no watch is permitted, a list is true for a moment that nobody sees end
            self._see()

    async def _watch(self) -> bool:
        """Follow events until the watch ends; says whether it may be resumed where it ended.

        Only after an orderly end: one that was cut may have been cut by a restore, and a history that was replaced
        and has grown beyond our version since would be resumed without a sign of what is missing.
        """
        self._asked = "watch"
        loop = asyncio.get_running_loop()
        began, frames = loop.time(), 0
        lines = self._api.lines(
            self._path(),
            params=self._watch_parameters(),
            accept=self._partial(wire.PARTIAL),
            inactivity=self._timing.inactivity,
            accepted=self._accepted,
        )
        try:
            async with aclosing(lines) as stream:
                async for line in stream:
                    self._take(wire.frame(line))
                    frames += 1
                    if self.store.unseen is not None:  # became stale meanwhile: only a list helps
                        return False
        except Forbidden:
            self._watched = False
            raise
        if not frames:  # it was accepted and said nothing: it may hang on a history that is no more
            raise Unreachable("the watch ended without an event or bookmark")
        if loop.time() - began < self._timing.short_watch:
            await asyncio.sleep(self._backoff.next())
        return True

    def _accepted(self) -> None:
        """The list before it is followed from now on. One that became stale meanwhile needs a new list first."""
        if not self._watched:
            self._watched = True
            self._see()

    def _take(self, frame: wire.Frame) -> None:
        store = self.store
        if frame.type == "ERROR":
            status = wire.status(frame.object)
            raise failure(status.code or 500, status)
        if frame.type == "BOOKMARK":
            self._advance(wire.meta(frame.object).resource_version, ordered=False)
        elif frame.type == "DELETED":
            known = wire.identity(frame.object)
            store.remove(known.uid)
            self._advance(known.resource_version, ordered=False)
        elif frame.type in {"ADDED", "MODIFIED"}:
            known = wire.identity(frame.object)
            self._advance(known.resource_version, ordered=True)
            store.put(frame.object, known)
        else:
            raise Garbled(f"a watch event of type {frame.type[:40]}")
        self._touch()
        self._backoff.reset()

    def _advance(self, version: str, *, ordered: bool) -> None:
        mine, theirs = number(self.store.version), number(version)
        if mine is not None and theirs is not None and theirs < mine:
            if ordered:
                raise Garbled("an event older than the one before it")
            return
        self.store.version = version or self.store.version

    def _is_back(self, version: str) -> bool:
        mine, theirs = number(self.store.version), number(version)
        return mine is not None and theirs is not None and theirs < mine

    # --- requests

    def _path(self, namespace: str = "") -> str:
        return self._discovery.path(self.store.resource, namespace or self.store.namespace)

    def _partial(self, accept: str) -> str:
        return accept if self.store.resource.shape is Shape.METADATA else "application/json"

    def _selection(self) -> dict[str, str]:
        selector = self.store.resource.field_selector
        return {"fieldSelector": selector} if selector else {}

    def _watch_parameters(self) -> dict[str, str]:
        seconds = int(self._timing.watch + self._timing.watch_jitter * self._jitter())
        return {
            **self._selection(),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self.store.version,
            "timeoutSeconds": str(max(1, seconds)),
        }

    async def _pages(self, accept: str, namespace: str = "") -> AsyncGenerator[wire.Page, None]:
        """The pages of one consistent list; Gone where it was overtaken by the server's compaction."""
        params = {**self._selection(), "limit": str(self._limit)}
        while True:
            answer = await self._api.get(
                self._path(namespace), params=params, accept=accept, timeout=self._timing.request
            )
            page = wire.page(answer.body)
            yield page
            if not page.more:
                return
            params["continue"] = page.more

    async def _versions(self, namespace: str) -> Listing:
        began = asyncio.get_running_loop().time()
        version, versions = "", dict[str, Version]()
        async with aclosing(self._pages(wire.PARTIAL_LIST, namespace)) as pages:
            async for page in pages:
                version = version or page.version
                for content in page.items:
                    known = wire.identity(content)
                    versions[known.uid] = compact(known.resource_version)
        return Listing(began, version, versions, namespace)

    # --- failures and freshness

    async def _recover(self, error: ApiError) -> None:
        self.store.restarted[type(error).__name__] += 1
        first = self._backoff.attempts == 0
        if isinstance(error, Forbidden):
            await self._refusal()
            return
        if isinstance(error, (Unreachable, ServerFailed)):
            self._doubt.failed()
        else:
            self._doubt.settled()
        if isinstance(error, NotFound):
            await self._discovery.ask(self.store.resource.group)
        self._narrow(error)
        if not isinstance(error, Gone):
            self._failed(f"cannot list {self._name}: {_SAID.get(type(error), 'the API server failed')}")
        pause = self._backoff.next(error.after if isinstance(error, Throttled) else None)
        if not (first and isinstance(error, Gone)):
            await asyncio.sleep(min(pause, self._timing.throttled_cap))

    async def _refusal(self) -> None:
        if not await self._doubt.believe():
            await asyncio.sleep(self._backoff.next())
            return
        self._lose(Why.FORBIDDEN, f"not permitted to {self._asked} {self._name}: grant list and watch")
        await asyncio.sleep(self._refused.next())

    def _narrow(self, error: ApiError) -> None:
        if isinstance(error, TooLarge):
            self._limit = max(1, self._limit // 10)

    def _failed(self, message: str) -> None:
        """Something that may pass: a store that was seen is kept until it is stale."""
        unseen = self.store.unseen
        if unseen is not None and unseen.reason in {Why.NOT_SYNCED, Why.FAILED}:
            self._lose(Why.FAILED, message)

    def _lose(self, why: Why, message: str, *, tell: bool = True) -> None:
        before = self.store.unseen
        self.store.unseen = Unseen(why, message, self._name, self.store.last_contact)
        if tell and (before is None or before.reason is not why):
            self._publish_state(self.store)

    def _see(self) -> None:
        self._refused.reset()
        self._doubt.settled()
        if self.store.unseen is not None:
            self.store.unseen = None
            self._publish_state(self.store)
        self._arm(self._timing.stale_after)

    def _touch(self) -> None:
        self._contact = asyncio.get_running_loop().time()
        self.store.last_contact = self._clock.now()

    def _arm(self, remaining: float) -> None:
        """Look again when contact could be too old; earlier too, as this machine may have slept."""
        self._disarm()
        pause = min(remaining, self._timing.stale_after / 6)
        self._check = asyncio.get_running_loop().call_later(pause, self._look)

    def _disarm(self) -> None:
        if self._check is not None:
            self._check.cancel()
            self._check = None

    def _look(self) -> None:
        if self.store.unseen is not None or self.store.last_contact is None:
            return
        silent = asyncio.get_running_loop().time() - self._contact
        silent = max(silent, (self._clock.now() - self.store.last_contact) / timedelta(seconds=1))
        if silent < self._timing.stale_after:
            self._arm(self._timing.stale_after - silent)
            return
        since = self.store.last_contact.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._lose(Why.STALE, f"no contact with the watch of {self._name} since {since}")


_SAID: Final = {
    Unreachable: "the API server cannot be reached",
    Garbled: "the answer is not understood",
    Throttled: "the API server is throttling",
}
