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
from typing import Final

from readiness.collectors.connection import ApiError
from readiness.collectors.reflector import Listing, Reflector
from readiness.evidence.objects import Record
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Unseen, Why
from readiness.runtime.watches import Watched, Watches

QUIET: Final = 1.0  # seconds without an event of a needed resource
LONGEST: Final = 10.0  # seconds after which it counts as settled all the same
GIVE_UP: Final = 60.0  # seconds after settling: what is not there by then passes as NotSynced
TICK: Final = 0.05
IN_FLIGHT: Final = 4
MANY: Final = 8  # waiting namespaces from which on one list of all namespaces is cheaper than one of each


@dataclass(slots=True)
class _Waiting:
    """One (review, generation) that was never judged; all times by the loop's clock, in seconds.

    `left` is what is not known yet to be as new as the moment at which it had settled.
    """

    generation: int
    namespace: str
    needs: frozenset[Watched]
    seen: float
    last_event: float
    settled: float | None = None
    left: list[Watched] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Passed:
    """The generation may be judged; `missing` is what did not come in time and cannot make anything Met."""

    missing: tuple[Unseen, ...] = ()


class Barrier:
    """Who waits, for what, and who may pass. `passed` is told the uid of each that may."""

    def __init__(self, watches: Watches, passed: Callable[[str], None]) -> None:
        self._passed = passed
        self._waiting: dict[str, _Waiting] = {}
        self._done: dict[str, tuple[int, Passed]] = {}
        self._lists = _Lists(watches)

    def ask(
        self, uid: str, generation: int, namespace: str, needs: frozenset[Watched], seen: float | None = None
    ) -> Passed | None:
        """Whether this generation may be judged; None while it waits, and then `passed` will tell.

        `seen` is when it was seen first, where that was before now.
        """
        done = self._done.get(uid)
        if done is not None and done[0] == generation:
            return done[1]
        waiting = self._waiting.get(uid)
        if waiting is None or waiting.generation != generation:
            began = asyncio.get_running_loop().time() if seen is None else seen
            waiting = self._waiting[uid] = _Waiting(generation, namespace, needs, began, began)
        if waiting.needs != needs:
            waiting.needs, waiting.left = needs, list(needs)
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
            self._lists.waiting = len({one.namespace for one in self._waiting.values()})
            for uid, waiting in list(self._waiting.items()):
                passed = self._look(waiting)
                if passed is None or self._done.get(uid) == (waiting.generation, passed):
                    continue
                self._done[uid] = (waiting.generation, passed)
                if not passed.missing:  # what is missing may still come
                    del self._waiting[uid]
                self._passed(uid)
            if not self._waiting:
                self._lists.clear()

    def _look(self, waiting: _Waiting) -> Passed | None:
        now = asyncio.get_running_loop().time()
        if waiting.settled is None:
            settles = min(waiting.last_event + QUIET, waiting.seen + LONGEST)
            if now < settles:
                return None
            waiting.settled = settles
            # All at once, so that the lists that are missing run beside each other.
            waiting.left = [one for one in waiting.needs if not self._lists.newer(one, waiting.namespace, settles)]
        while waiting.left and self._lists.newer(waiting.left[-1], waiting.namespace, waiting.settled):
            waiting.left.pop()
        if not waiting.left:
            return Passed()
        if now - waiting.settled < GIVE_UP:
            return None
        late = [one for one in waiting.left if not self._lists.newer(one, waiting.namespace, waiting.settled)]
        return Passed(tuple(_not_synced(resource) for resource, _ in sorted(late, key=lambda one: one[0].name)))


class _Lists:
    """Metadata lists, each of which serves every review that settled before it began."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._finished: dict[tuple[Watched, str], Listing] = {}
        self._explained: dict[tuple[Watched, str], tuple[Listing, str, bool]] = {}
        self._running: dict[tuple[Watched, str], asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(IN_FLIGHT)
        self.waiting = 0

    def clear(self) -> None:
        """Nobody waits."""
        self._finished.clear()
        self._explained.clear()

    def newer(self, watched: Watched, namespace: str, settled: float) -> bool:
        """Whether the store is known to be as new as that moment; a list that could tell is begun."""
        reflector = self._watches.reflector(watched)
        if reflector is None:
            return False
        store = reflector.store
        if store.unseen is not None:
            return store.unseen.reason.definite
        if store.began is not None and store.began >= settled:
            return True
        part = namespace if watched[0].namespaced and not watched[1] else ""
        for key in {(watched, part), (watched, "")}:
            listing = self._finished.get(key)
            if listing is not None and listing.began >= settled:
                return self._is_explained(key, listing, reflector)
        key = (watched, "" if self.waiting > MANY else part)
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._list(key))
        return False

    def _is_explained(self, key: tuple[Watched, str], listing: Listing, reflector: Reflector[Record]) -> bool:
        """Whether the watch has explained every difference; looked at again only when the store has moved."""
        version = reflector.store.version
        known = self._explained.get(key)
        if known is not None and known[0] is listing and (known[2] or known[1] == version):
            return known[2]
        explained = not reflector.behind(listing)
        self._explained[key] = (listing, version, explained)
        return explained

    async def _list(self, key: tuple[Watched, str]) -> None:
        watched, namespace = key
        reflector = self._watches.reflector(watched)
        try:
            if reflector is not None:
                async with self._few:
                    self._finished[key] = await reflector.list_versions(namespace)
        except ApiError:
            await asyncio.sleep(1.0)  # asked again by the next look; what never comes is NotSynced in the end
        finally:
            self._running.pop(key, None)


def _not_synced(resource: Resource) -> Unseen:
    return Unseen(Why.NOT_SYNCED, f"no list of {resource.name} newer than this review was finished", resource.name)
