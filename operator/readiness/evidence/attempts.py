"""
Attempts at backing up one claim, as its sources tell of them.

Every source's objects become attempts of one form, so that what follows from them is decided once. An attempt says
what is known at this instant; whether it is recent enough is not its business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from readiness.api.v1alpha1.expectations.backups import Source
from readiness.evidence.seen import Unseen


class State(Enum):
    """What came of an attempt, or what can be told of it."""

    PROVEN = auto()  # it holds the claim's data, and can be used
    RUNNING = auto()
    FAILED = auto()
    PARTIAL = auto()  # something of it failed: it proves nothing
    UNUSABLE = auto()  # it was made, and cannot be used
    INDIRECT = auto()  # it may hold the claim's data, but says so nowhere
    UNVERIFIED = auto()  # it holds the data, and nobody has looked yet whether its location is there
    UNCLEAR = auto()  # its status fits no row
    REPLACED = auto()  # it holds another volume of the same name
    FOREIGN = auto()  # the same, and another cluster may have made it


OTHERS = frozenset({State.REPLACED, State.FOREIGN})
"""Not of this claim's volume."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. `at` is the time of its data where there is any, else of its beginning.

    `until` is when it could change by mere passing of time; `said` what a message adds about it.
    """

    state: State
    source: Source
    name: str
    at: datetime | None
    said: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """All that one source says of one claim; `blind` are objects of it that do not decode."""

    source: Source
    attempts: tuple[Attempt, ...] = ()
    blind: tuple[Unseen, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        """`VolumeSnapshot (2 of this claim)`, `CronJob (none covers it)`."""
        own = sum(attempt.state not in OTHERS for attempt in self.attempts)
        return f"{self.source} ({self.note or f'{own} of this claim'})"


def own(accounts: tuple[Account, ...]) -> Iterator[Attempt]:
    """Attempts at this claim's volume."""
    return (one for account in accounts for one in account.attempts if one.state not in OTHERS)
