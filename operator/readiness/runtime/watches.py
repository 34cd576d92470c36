"""
Which resources are watched, and for whom.

Watches are lazy: from the first review that needs a resource until some minutes after the last. Each change
goes to the inventory, and to whoever asked to hear of it. It must not know how a review is judged.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from readiness.collectors.projections import BY_RESOURCE
from readiness.collectors.reflector import Reflector, Store
from readiness.evidence.objects import Record
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Seen, SourceState, Unseen, Why

LINGER: Final = 600.0  # seconds that a watch outlives the last review that needed it

Watched = tuple[Resource, str]
"""A resource and the namespace it is watched in; "" for all namespaces and for cluster-scoped resources."""


@dataclass(slots=True)
class _Watch:
    reflector: Reflector[Record]
    task: asyncio.Task[None]
    users: set[str] = field(default_factory=set)
    unused_since: float | None = None
    told: Counter[str] = field(default_factory=Counter)


class Watches:
    """The running reflectors.

    `make` builds one, `supervise` runs it for ever (restarting what dies), `ended` is told when one is stopped.
    """

    def __init__(
        self,
        make: Callable[[Resource, str], Reflector[Record]],
        supervise: Callable[[str, Callable[[], Awaitable[object]]], asyncio.Task[None]],
        ended: Callable[[Resource, str], None],
        *,
        only: Iterable[str] = (),
        linger: float = LINGER,
    ) -> None:
        self._make = make
        self._supervise = supervise
        self._ended = ended
        self._only = frozenset(only)
        self._linger = linger
        self._running: dict[Watched, _Watch] = {}
        self._needs: dict[str, frozenset[Watched]] = {}
        self._waiting: set[Watched] = set()
        self._known: dict[Watched, Watched] = {}
        self._held = False

    def where(self, resource: Resource, namespace: str) -> Watched:
        """How a resource of a namespace is watched here; the same object each time."""
        everywhere = not resource.namespaced or not self._only
        watched = (resource, "" if everywhere else namespace)
        return self._known.setdefault(watched, watched)

    def hold(self) -> None:
        """Start nothing until `release`: at a start, one list then serves every review."""
        self._held = True

    def release(self) -> None:
        """Start what was asked for meanwhile."""
        self._held = False
        for watched in sorted(self._waiting, key=lambda one: (one[0].name, one[1])):
            self._start(watched)
        self._waiting.clear()

    def need(self, uid: str, resources: Iterable[Watched]) -> None:
        """A review needs exactly these from now on."""
        wanted = frozenset(resources)
        before = self._needs.get(uid, frozenset())
        if wanted == before:
            return
        self._needs[uid] = wanted
        for watched in wanted - before:
            if watched not in self._running:
                if self._held:
                    self._waiting.add(watched)
                    continue
                self._start(watched)
            self._running[watched].users.add(uid)
            self._running[watched].unused_since = None
        self._leave(uid, before - wanted)

    def drop(self, uid: str) -> None:
        """The review is gone."""
        self._leave(uid, self._needs.pop(uid, frozenset()))

    def reflector(self, watched: Watched) -> Reflector[Record] | None:
        """The reflector that serves it, if it was started."""
        running = self._running.get(watched)
        return None if running is None else running.reflector

    def state(self, watched: Watched) -> Seen[datetime] | Unseen:
        """How fresh it is."""
        reflector = self.reflector(watched)
        if reflector is None:
            return Unseen(Why.NOT_SYNCED, f"the first list of {watched[0].name} is not finished", watched[0].name)
        return reflector.store.state

    def sources(self) -> list[SourceState]:
        """For outputs."""
        return [watch.reflector.store.source for watch in list(self._running.values())]  # asked by another thread

    def restarts(self) -> Iterator[tuple[str, str, int]]:
        """(resource, reason, how often) since this was last asked."""
        for (resource, _), watch in self._running.items():
            for reason, count in (watch.reflector.store.restarted - watch.told).items():
                yield resource.name, reason, count
            watch.told = watch.reflector.store.restarted.copy()

    def settled(self) -> bool:
        """Whether every watch is synced, or says definitely why it cannot be."""
        return not self._waiting and all(
            isinstance(state := watch.reflector.store.state, Seen) or state.reason.definite
            for watch in self._running.values()
        )

    def sweep(self) -> None:
        """Stop what nobody has needed for a while."""
        now = asyncio.get_running_loop().time()
        for watched, watch in list(self._running.items()):
            if watch.unused_since is not None and now - watch.unused_since >= self._linger:
                watch.task.cancel()
                del self._running[watched]
                self._ended(*watched)

    def restart(self, but: Store[Record]) -> None:
        """List everything else anew: the server's history was replaced, and a resumed watch might not notice.

        The lists that this begins may find the same and say so again; a watch that has noticed is left alone.
        """
        for watched, watch in self._running.items():
            if watch.reflector.store is but or watch.reflector.store.unseen is not None:
                continue
            watch.task.cancel()
            watch.task = self._supervise(f"watch {watched[0].name}", watch.reflector.run)

    async def close(self) -> None:
        """Stop all."""
        for watch in self._running.values():
            watch.task.cancel()
        for watch in self._running.values():
            with contextlib.suppress(asyncio.CancelledError):
                await watch.task
        self._running.clear()

    def _start(self, watched: Watched) -> None:
        if watched in self._running or watched[0] not in BY_RESOURCE:
            return
        reflector = self._make(*watched)
        task = self._supervise(f"watch {watched[0].name}", reflector.run)
        users = {uid for uid, needs in self._needs.items() if watched in needs}
        unused_since = None if users else asyncio.get_running_loop().time()  # its review may be gone already
        self._running[watched] = _Watch(reflector, task, users, unused_since)

    def _leave(self, uid: str, left: Iterable[Watched]) -> None:
        for watched in left:
            watch = self._running.get(watched)
            if watch is not None:
                watch.users.discard(uid)
                if not watch.users:
                    watch.unused_since = asyncio.get_running_loop().time()
