"""
Writes that are not permitted, and when to try them again.

Permissions are given by namespace: what is refused in one must neither delay nor hurry another, and a hundred
reviews that are refused at the same moment are one refusal. It must not know how a write is made.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from readiness.collectors.clock import Backoff
from readiness.runtime.register import Entry


@dataclass(slots=True)
class _Refusal:
    """Of one namespace; `until` by the loop's clock."""

    backoff: Backoff = field(default_factory=lambda: Backoff(5.0, 300.0))
    until: float = 0.0


class Refusals:
    """`again` is given the uid and the rank of each write whose time has come. False while nothing is refused."""

    def __init__(self, again: Callable[[str, int], None]) -> None:
        self._again = again
        self._refusals: dict[str, _Refusal] = {}
        self._waiting: dict[str, tuple[str, int, asyncio.TimerHandle]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def refused(self, entry: Entry, rank: int) -> float:
        """It is tried again after so many seconds, with all others of its namespace."""
        loop = asyncio.get_running_loop()
        refusal = self._refusals.setdefault(entry.namespace, _Refusal())
        if loop.time() >= refusal.until:
            refusal.until = loop.time() + refusal.backoff.next()
        self._cancel(entry.uid)
        timer = loop.call_at(refusal.until, self._again, entry.uid, rank)
        self._waiting[entry.uid] = (entry.namespace, rank, timer)
        return refusal.until - loop.time()

    def permitted(self, namespace: str) -> None:
        """One was taken: the others of its namespace need not wait any longer."""
        if self._refusals.pop(namespace, None) is None:
            return
        for uid, (where, rank, _) in list(self._waiting.items()):
            if where == namespace:
                self.forget(uid)
                self._again(uid, rank)

    def forget(self, uid: str) -> None:
        """There is nothing to write any more."""
        self._cancel(uid)
        self._waiting.pop(uid, None)

    def _cancel(self, uid: str) -> None:
        if uid in self._waiting:
            self._waiting[uid][2].cancel()
