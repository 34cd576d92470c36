"""
What was seen, with the time it was true, or why it could not be seen.

Every piece of evidence is one of the two. Nothing here may know how evidence is collected.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

from readiness.evidence.objects import Unreadable

MANY: Final = 500
"""From more subjects than this on, what was made of each is remembered."""

T_co = TypeVar("T_co", covariant=True)
S_co = TypeVar("S_co", covariant=True)


class Why(StrEnum):
    """Why something could not be seen. Each leads to Unknown, never to Met."""

    NOT_SYNCED = "NotSynced"  # the first list is not done
    STALE = "Stale"  # no contact for too long
    FAILED = "Failed"  # the first list, or a fetch, failed
    UNREADABLE = "Unreadable"  # this object does not decode, or is too large
    FORBIDDEN = "Forbidden"  # the API server refuses the operator
    NOT_INSTALLED = "NotInstalled"  # the API server does not serve the resource
    NOT_ALLOWED = "NotAllowed"  # our own access gate refuses

    @property
    def holds(self) -> bool:
        """Whether a certificate earned before may stand for a while: the evidence was lost, not refuted."""
        return self in _HOLDING

    @property
    def definite(self) -> bool:
        """Whether waiting cannot bring an answer: the barrier passes, a person must act."""
        return self in _DEFINITE


_HOLDING = frozenset({Why.NOT_SYNCED, Why.STALE, Why.FAILED, Why.FORBIDDEN})
_DEFINITE = frozenset({Why.FORBIDDEN, Why.NOT_INSTALLED, Why.NOT_ALLOWED, Why.UNREADABLE})


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """A value and the instant of the last contact that showed it."""

    value: T_co
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why there is no value.

    `resource` is `plural.group` (`pods`, `backups.velero.io`); `last_contact` is when it was last seen, if ever.
    """

    reason: Why
    message: str
    resource: str = ""
    last_contact: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """How fresh one watched resource is, for outputs only."""

    resource: str
    state: Why | None  # None: seen
    objects: int
    last_contact: datetime | None
    restarts: int = 0


class Many(Protocol[S_co]):
    """Evidence that is judged one subject at a time."""

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """Selected objects that do not decode."""
        ...

    def __iter__(self) -> Iterator[tuple[str, S_co]]:
        """Yield (uid, subject's evidence); the same object stands for the same evidence."""
        ...
