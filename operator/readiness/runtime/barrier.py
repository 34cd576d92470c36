"""
A generation that was never judged waits for evidence that is newer than itself.

A review and a Deployment applied together arrive on different watches, in any order. So the review first
settles (nothing of what it needs moves for a second), and then a list that *began after that* must have
finished for each needed resource, and every difference to the store must have been explained by the watch.
Without this, a gate would open on the old Deployment. It must not know what is judged.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from readiness.collectors.connection import ApiError
from readiness.collectors.reflector import Listing
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Unseen, Why
from readiness.runtime.watches import Watched, Watches

QUIET: Final = 1.0  # seconds without an event of a needed resource
LONGEST: Final = 10.0  # seconds after which it counts as settled all the same
GIVE_UP: Final = 60.0  # seconds after settling: what is not there by then passes as NotSynced
TICK: Final = 0.05


@dataclass(slots=True)
class _Waiting:
    """One (review, generation) that was never judged; monotonic seconds, `settled_at` by the server's clock."""

    generation: int
    namespace: str
    needs: frozenset[Watched]
    seen: float
    last_event: float
    settled: float | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """The generation may be judged; `missing` is what did not come in time and cannot make anything Met."""

    missing: tuple[Unseen, ...] = ()


@dataclass(slots=True)
class _Lists:
    """Metadata lists that serve every waiting review of a namespace."""

    finished: dict[tuple[Watched, str], Listing] = field(default_factory=dict)
    running: dict[tuple[Watched, str], asyncio.Task[None]] = field(default_factory=dict)


class Barrier:
    """Who waits, for what, and who may pass. `passed` is told the uid of each that may."""

    def __init__(self, watches: Watches, now: Callable[[], datetime], passed: Callable[[str], None]) -> None:
        self._watches = watches
        self._now = now
        self._passed = passed
        self._waiting: dict[str, _Waiting] = {}
        self._done: dict[str, tuple[int, Passed]] = {}
        self._lists = _Lists()

    def ask(self, uid: str, generation: int, namespace: str, needs: frozenset[Watched]) -> Passed | None:
        """Whether this generation may be judged; None while it waits, and then `passed` will tell."""
        done = self._done.get(uid)
        if done is not None and done[0] == generation:
            return done[1]
        waiting = self._waiting.get(uid)
        if waiting is None or waiting.generation != generation:
            now = asyncio.get_running_loop().time()
            waiting = self._waiting[uid] = _Waiting(generation, namespace, needs, now, now)
        waiting.needs = needs
        return None

    def waits(self, uid: str, generation: int) -> bool:
        """Whether something is still missing for this generation, though it may have passed without it."""
        waiting = self._waiting.get(uid)
        return waiting is not None and waiting.generation == generation

    def since(self, uid: str) -> float | None:
        """Seconds for which this review's generation has waited."""
        waiting = self._waiting.get(uid)
        return None if waiting is None else asyncio.get_running_loop().time() - waiting.seen

    def forget(self, uid: str) -> None:
        """The review is gone, or its generation needs no proof."""
        self._waiting.pop(uid, None)
        self._done.pop(uid, None)

    def event(self, resource: Resource, namespace: str) -> None:
        """A watch told of a change: what is not settled stays unsettled a little longer."""
        for waiting in self._waiting.values():
            about = namespace in {"", waiting.namespace} and any(resource is needed for needed, _ in waiting.needs)
            if about and waiting.settled is None:
                waiting.last_event = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Let pass what may, for ever."""
        while True:
            await asyncio.sleep(TICK)
            for uid, waiting in list(self._waiting.items()):
                passed = self._look(waiting)
                if passed is None or self._done.get(uid) == (waiting.generation, passed):
                    continue
                self._done[uid] = (waiting.generation, passed)
                if not passed.missing:  # what is missing may still come
                    del self._waiting[uid]
                self._passed(uid)
            if not self._waiting:
                self._lists.finished.clear()

    def _look(self, waiting: _Waiting) -> Passed | None:
        now = asyncio.get_running_loop().time()
        if waiting.settled is None:
            if now - waiting.last_event < QUIET and now - waiting.seen < LONGEST:
                return None
            waiting.settled, waiting.settled_at = now, self._now()
        missing = [watched for watched in waiting.needs if not self._explained(watched, waiting)]
        if not missing:
            return Passed()
        if now - waiting.settled < GIVE_UP:
            return None
        return Passed(tuple(_not_synced(resource) for resource, _ in sorted(missing, key=lambda one: one[0].name)))

    def _explained(self, watched: Watched, waiting: _Waiting) -> bool:
        """Whether the store is known to be as new as the moment at which the review had settled."""
        assert waiting.settled_at is not None
        reflector = self._watches.reflector(watched)
        if reflector is None:
            return False
        store = reflector.store
        if store.unseen is not None:
            return store.unseen.reason.definite
        if store.listed_at is not None and store.listed_at >= waiting.settled_at:
            return True
        key = (watched, waiting.namespace if watched[0].namespaced else "")
        listing = self._lists.finished.get(key)
        if listing is not None and listing.at >= waiting.settled_at:
            return not reflector.behind(listing)
        if key not in self._lists.running:
            self._lists.running[key] = asyncio.create_task(self._list(key))
        return False

    async def _list(self, key: tuple[Watched, str]) -> None:
        watched, _ = key
        reflector = self._watches.reflector(watched)
        try:
            if reflector is not None:
                self._lists.finished[key] = await reflector.list_versions()
        except ApiError:
            await asyncio.sleep(1.0)  # asked again by the next look; what never comes is NotSynced in the end
        finally:
            self._lists.running.pop(key, None)


def _not_synced(resource: Resource) -> Unseen:
    return Unseen(Why.NOT_SYNCED, f"no list of {resource.name} newer than this review was finished", resource.name)
