"""
When which review is judged.

Dirty reviews are judged after a moment of quiet (objects of one release arrive one by one), but soon in any
case; deadlines of the verdicts are kept by the server's clock. Where many are due, those whose evidence moved go
ahead: a certificate that must end does not queue behind a thousand that are merely renewed. It must not know what
is judged.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

QUIET: Final = 0.1  # seconds without another event
LONGEST: Final = 1.0  # seconds after the first event
PATIENT: Final = 4  # every so many judgements one that did not ask to go ahead has its turn


@dataclass(slots=True)
class _Dirty:
    """Seconds of the loop's clock."""

    first: float
    last: float
    ahead: bool
    quiet: float

    @property
    def due(self) -> float:
        return min(self.last + self.quiet, self.first + LONGEST)


class Scheduler:
    """Dirty reviews and deadlines; `judge` is awaited for one review after the other."""

    def __init__(
        self,
        judge: Callable[[str, float], Awaitable[None]],
        failed: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        """`judge` takes the uid and the loop's time of the event that made it dirty; `now` is the server's clock.

        `failed` is told of a review whose judging ended this task: it is started again, and must not leave the
        review with a verdict that nobody renews.
        """
        self._judge = judge
        self._failed = failed
        self._current = ""
        self._now = now
        self._dirty: dict[str, _Dirty] = {}
        self._lanes: dict[bool, list[tuple[float, str]]] = {True: [], False: []}  # those that go ahead, and the others
        self._turns = 0
        self._deadlines: list[tuple[datetime, str]] = []
        self._deadline: dict[str, datetime] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._news = asyncio.Event()
        self.heartbeat = 0.0

    def mark(self, uid: str, *, ahead: bool = False, at_once: bool = False) -> None:
        """Something that this review depends on moved; `ahead` of those that nothing but time has moved.

        `at_once`: it has been quiet already.
        """
        now, quiet = asyncio.get_running_loop().time(), 0.0 if at_once else QUIET
        dirty = self._dirty.get(uid)
        if dirty is None:
            dirty = self._dirty[uid] = _Dirty(now, now, ahead, quiet)
        else:
            dirty.last, sooner = now, quiet < dirty.quiet
            if not sooner and (dirty.ahead or not ahead):
                return
            dirty.ahead, dirty.quiet = dirty.ahead or ahead, min(quiet, dirty.quiet)
        heapq.heappush(self._lanes[dirty.ahead], (dirty.due, uid))
        self._news.set()

    def wake(self, uid: str, at: datetime | None) -> None:
        """Judge again exactly then, by the server's clock; it replaces an earlier deadline of the review."""
        if at is None:
            self._deadline.pop(uid, None)
        elif self._deadline.get(uid) != at:
            self._deadline[uid] = at
            heapq.heappush(self._deadlines, (at, uid))

    def after(self, uid: str, seconds: float) -> None:
        """Judge again after so many seconds, if nothing does so before."""
        self._cancel(uid)
        self._timers[uid] = asyncio.get_running_loop().call_later(seconds, self.mark, uid)

    def forget(self, uid: str) -> None:
        """The review is gone."""
        self._dirty.pop(uid, None)
        self._deadline.pop(uid, None)
        self._cancel(uid)

    @property
    def waiting(self) -> int:
        """Dirty reviews."""
        return len(self._dirty)

    async def run(self) -> None:
        """Judge for ever."""
        loop = asyncio.get_running_loop()
        if self._current:
            failed, self._current = self._current, ""
            self._failed(failed)
        while True:
            self.heartbeat = loop.time()
            self._due_deadlines()
            uid, pause = self._next(loop.time())
            if uid is None:
                self._news.clear()
                try:
                    async with asyncio.timeout(pause):
                        await self._news.wait()
                except TimeoutError:
                    pass
                continue
            dirty = self._dirty.pop(uid)
            self._cancel(uid)
            self._current = uid
            await self._judge(uid, dirty.first)
            self._current = ""
            await asyncio.sleep(0)  # however many are due, what was judged must be written, and more be heard of

    def _next(self, now: float) -> tuple[str | None, float]:
        """A review that is due, or the seconds to wait (a second at most: deadlines are looked at then)."""
        pause = 1.0
        for ahead in (False, True) if self._turns % PATIENT == 0 else (True, False):
            uid, wait = self._first(self._lanes[ahead], now, ahead=ahead)
            if uid is not None:
                self._turns += 1
                return uid, 0.0
            pause = min(pause, wait)
        return None, pause

    def _first(self, lane: list[tuple[float, str]], now: float, *, ahead: bool) -> tuple[str | None, float]:
        while lane:
            due, uid = lane[0]
            dirty = self._dirty.get(uid)
            if dirty is None or dirty.ahead is not ahead:
                heapq.heappop(lane)
            elif dirty.due > due:
                heapq.heapreplace(lane, (dirty.due, uid))
            elif due <= now:
                heapq.heappop(lane)
                return uid, 0.0
            else:
                return None, due - now
        return None, 1.0

    def _due_deadlines(self) -> None:
        now = self._now()
        while self._deadlines and self._deadlines[0][0] <= now:
            at, uid = heapq.heappop(self._deadlines)
            if self._deadline.get(uid) == at:
                del self._deadline[uid]
                self.mark(uid)

    def _cancel(self, uid: str) -> None:
        timer = self._timers.pop(uid, None)
        if timer is not None:
            timer.cancel()
