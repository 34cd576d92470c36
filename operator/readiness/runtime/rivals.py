"""
Another writer of the same statuses, such as a second operator with other settings.

Two that disagree would replace each other's verdict for ever. Who notices that yields: the review is left alone for a
while, and people are told. A certificate that does not hold is ended all the same, now and then. It must not know what
either of them says beyond that.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from readiness.runtime.register import Entry, status_of, version_of

TIMES: Final = 3
WITHIN: Final = 60.0  # seconds
ALONE: Final = 600.0  # seconds
ENDINGS: Final = 10.0  # seconds from one end of a certificate to the next, while a review is left alone


@dataclass(slots=True)
class _Ours:
    """The status that this operator wrote last, and when somebody replaced such a one; seconds of the loop's clock."""

    status: bytes  # a digest
    version: int
    replaced: tuple[float, ...] = ()
    alone: asyncio.TimerHandle | None = None
    ending: float = 0.0  # not before this may a certificate be ended while it is left alone
    asking: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        for timer in (self.alone, self.asking):
            if timer is not None:
                timer.cancel()


class Rivals:
    """`conflict` is told each replacement, `yielded` each review that is left alone, `again` when it may be written."""

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
        ours.status, ours.version = _digest(status_of(answer)), version_of(answer)

    def yields(self, entry: Entry, *, ending: bool) -> bool:
        """Whether this write must be left out now; asked before each one. `ending`: it ends a certificate."""
        ours = self._ours.get(entry.uid)
        return ours is not None and self._alone(ours, entry) and not (ending and self._may_end(ours, entry.uid))

    def forget(self, uid: str) -> None:
        """The review is gone."""
        ours = self._ours.pop(uid, None)
        if ours is not None:
            ours.cancel()

    def _alone(self, ours: _Ours, entry: Entry) -> bool:
        if ours.alone is not None:
            return True
        if entry.version <= ours.version or _digest(entry.status) == ours.status:
            return False
        now = asyncio.get_running_loop().time()
        ours.status, ours.version = _digest(entry.status), entry.version  # each replacement counts once
        ours.replaced = (*ours.replaced, now)[-TIMES:]
        self._conflict()
        if len(ours.replaced) < TIMES or now - ours.replaced[0] > WITHIN:
            return False
        ours.alone = asyncio.get_running_loop().call_later(ALONE, self._over, entry.uid)
        self._yielded(entry)
        return True

    def _may_end(self, ours: _Ours, uid: str) -> bool:
        """Attempts are counted, so that two who answer each other at once are no burden to the API server."""
        loop = asyncio.get_running_loop()
        if loop.time() >= ours.ending:
            ours.ending = loop.time() + ENDINGS
            return True
        if ours.asking is None:
            ours.asking = loop.call_at(ours.ending, self._ask, ours, uid)
        return False

    def _ask(self, ours: _Ours, uid: str) -> None:
        ours.asking = None
        self._again(uid)

    def _over(self, uid: str) -> None:
        self.forget(uid)  # it starts with a clean slate
        self._again(uid)


def _digest(status: bytes) -> bytes:
    return hashlib.blake2b(status, digest_size=16).digest()
