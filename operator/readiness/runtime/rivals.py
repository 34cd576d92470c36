"""
Another writer of the same statuses, such as a second operator with other settings.

Two that disagree would replace each other's verdict for ever. Who notices that yields: the review is left alone for a
while, and people are told. It must not know what either of them says.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from readiness.runtime.register import Entry, status_of

TIMES: Final = 3
WITHIN: Final = 60.0  # seconds
ALONE: Final = 600.0  # seconds


@dataclass(slots=True)
class _Ours:
    """The status that this operator wrote last, and when somebody replaced such a one; seconds of the loop's clock."""

    status: bytes
    version: int
    replaced: deque[float] = field(default_factory=lambda: deque(maxlen=TIMES))
    alone: asyncio.TimerHandle | None = None


class Rivals:
    """`conflict` is told each replacement, `yielded` each review that is left alone, `again` that its time is over."""

    def __init__(
        self,
        conflict: Callable[[], None],
        yielded: Callable[[Entry], None],
        again: Callable[[str], None],
    ) -> None:
        self._conflict = conflict
        self._yielded = yielded
        self._again = again
        self._ours: dict[str, _Ours] = {}

    def wrote(self, uid: str, answer: Mapping[str, Any]) -> None:
        """The API server's answer to our write."""
        ours = self._ours.setdefault(uid, _Ours(b"", 0))
        ours.status, ours.version = status_of(answer), int(answer["metadata"]["resourceVersion"])

    def alone(self, entry: Entry) -> bool:
        """Whether this review must be left alone now; asked before each write."""
        ours = self._ours.get(entry.uid)
        if ours is None:
            return False
        if ours.alone is not None:
            return True
        if entry.version <= ours.version or entry.status == ours.status:
            return False
        now = asyncio.get_running_loop().time()
        ours.status, ours.version = entry.status, entry.version  # each replacement counts once
        ours.replaced.append(now)
        self._conflict()
        if len(ours.replaced) < TIMES or now - ours.replaced[0] > WITHIN:
            return False
        ours.alone = asyncio.get_running_loop().call_later(ALONE, self._over, entry.uid)
        self._yielded(entry)
        return True

    def forget(self, uid: str) -> None:
        """The review is gone."""
        ours = self._ours.pop(uid, None)
        if ours is not None and ours.alone is not None:
            ours.alone.cancel()

    def _over(self, uid: str) -> None:
        self._ours.pop(uid)  # it starts with a clean slate
        self._again(uid)
