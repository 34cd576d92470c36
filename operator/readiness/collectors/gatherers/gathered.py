"""What a gatherer answers."""

from dataclasses import dataclass
from typing import Generic

from typing_extensions import TypeVar

from readiness.evidence.seen import Seen, Unseen

E_co = TypeVar("E_co", covariant=True, default=object)


@dataclass(frozen=True, slots=True)
class Gathered(Generic[E_co]):
    """Evidence of one expectation.

    `pending`: a body is being fetched, so that the evidence is about to change; `lost`: sources that were
    wanted and not seen, whether or not that decides anything.
    """

    evidence: Seen[E_co] | Unseen
    pending: bool = False
    lost: tuple[Unseen, ...] = ()
