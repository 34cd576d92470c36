"""
Time as the collectors keep it: the API server's clock, every interval in one place, and back-off.

Certificates end at instants of the server's clock, so that a wrong clock of this machine can neither extend nor end one.
Nothing here may know what is read or why.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

_TOLERANCE = timedelta(seconds=2)  # Date is cut to whole seconds; servers behind one address differ a little


class Clock(Protocol):
    """What tells the present instant, in UTC."""

    def now(self) -> datetime: ...


class ServerClock:
    """The API server's clock: the `Date` of its answers plus the monotonic time since.

    A Date is the server's time cut to the second, so at the moment it arrives it is a lower bound. The greatest of
    these bounds is kept: `now` is at most a second late and is not moved back by an answer that took longer than
    another. Only an answer that contradicts the bound (at the sending of its request, `now` was already past the
    second it names) tells that the server's clock was set back: then it is followed.
    """

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._origin: datetime | None = None  # the server's time when `monotonic` showed zero

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        return self._monotonic()

    def now(self) -> datetime:
        """The server's time; this machine's only before the first answer."""
        if self._origin is None:
            return self._wall()
        return self._origin + timedelta(seconds=self._monotonic())

    @property
    def skew(self) -> timedelta:
        """How far this machine's clock is ahead of the server's."""
        return self._wall() - self.now()

    @property
    def answered(self) -> bool:
        """Whether the server has told the time yet."""
        return self._origin is not None

    def heard(self, date: str, sent: float) -> None:
        """Take an answer's Date header; `sent` is what `monotonic` showed when its request was sent."""
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return
        told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
        origin = told - timedelta(seconds=self._monotonic())
        contradicted = self._origin is not None and self._origin + timedelta(seconds=sent) > told + _TOLERANCE
        if self._origin is None or origin > self._origin or contradicted:
            self._origin = origin


@dataclass(frozen=True, slots=True)
class Timing:
    """Every interval of the collectors, in seconds, so that a test can shrink them."""

    request: float = 60.0  # one page of a list
    watch: float = 290.0  # the server ends a watch after this, plus jitter
    watch_jitter: float = 30.0
    inactivity: float = 130.0  # bookmarks come every minute: two missed
    stale_after: float = 180.0
    backoff_first: float = 0.5
    backoff_cap: float = 10.0
    refused_first: float = 10.0
    refused_cap: float = 300.0
    refused_doubt: float = 10.0  # a server that has just started refuses what it will permit
    throttled_cap: float = 300.0  # of what the server may ask for
    short_watch: float = 1.0  # a watch that ended sooner is not resumed at once
    discovery_request: float = 10.0
    discovery_again: float = 1.0  # after a change, until the answer agrees
    discovery_settle: float = 60.0
    discovery_poll: float = 60.0
    fetch: float = 5.0  # one object by name
    fetch_pending: float = 15.0  # the same with its wait in the queue


class Backoff:
    """Doubling, jittered, capped."""

    def __init__(self, first: float, cap: float, jitter: Callable[[], float] = random.random) -> None:
        self._first = first
        self._cap = cap
        self._jitter = jitter
        self.attempts = 0

    def next(self, at_least: float | None = None) -> float:
        """Seconds to wait now; what the server asked for is honoured, and spread a little."""
        pause = min(self._cap, self._first * 2.0 ** min(self.attempts, 32))
        self.attempts += 1
        pause *= 0.5 + self._jitter() / 2
        return pause if at_least is None else max(pause, at_least * (1 + self._jitter() / 10))

    def reset(self) -> None:
        self.attempts = 0
