"""
What a stored review is worth now: whether what its status says still holds, and if not, why not.

A status is the last word of an operator that may be gone, about a spec that may have changed since. Nothing is judged
here: a doubt can only take a certificate away, never give one. It must not know how any of this is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.status import Condition, Status
from readiness.outputs import conditions
from readiness.outputs.text import clean

_WORDS: Final = {"True": "certified", "False": "not ready"}


@dataclass(frozen=True, slots=True)
class Standing:
    """In a word, and why it is no other; `until` is when this changes by the mere passing of time."""

    word: str
    certified: bool
    doubts: tuple[str, ...]
    until: datetime | None
    at: datetime = field(compare=False)


def of(review: Mapping[str, Any], status: Status, at: datetime, lost: str = "") -> Standing:
    """As of this instant of the server's clock; `lost` says why the review may have changed unseen."""
    ready = status.condition("Ready")
    if ready is None or status.observed_generation < 0:
        doubts = [("not judged", _unjudged(review, status)), *_silent(lost)]
    else:
        doubts = [*_silent(lost), *_lapsed(review, status, ready, at)]
    if doubts:
        return Standing(doubts[0][0], False, tuple(said for _, said in doubts), None, at)
    assert ready is not None
    certified = ready.status == "True"
    return Standing(_WORDS.get(ready.status, "not known"), certified, (), status.valid_until if certified else None, at)


def _unjudged(review: Mapping[str, Any], status: Status) -> str:
    if review.get("status") and status.observed_generation < 0 and not status.conditions:
        return "its status is not understood: was it written by another version of the operator?"
    return "no operator has judged it: is one running, and does it watch this namespace?"


def contact(lost: str) -> Iterator[str]:
    """What is said where it was lost, fit to print."""
    if lost:
        yield f"no contact with the API server, so that this may be past: {clean(lost, 512)}"


def _silent(lost: str) -> Iterator[tuple[str, str]]:
    yield from (("out of contact", said) for said in contact(lost))


def _lapsed(review: Mapping[str, Any], status: Status, ready: Condition, at: datetime) -> Iterator[tuple[str, str]]:
    """Everything that stands between the stored words and the present, each with its own word."""
    meta, spec = _mapping(review.get("metadata")), _mapping(review.get("spec"))
    deleting, suspended = meta.get("deletionTimestamp") is not None, spec.get("suspend") is True
    if deleting:
        yield "being deleted", "it is being deleted"
    generation = meta.get("generation")
    judged = [status.observed_generation, ready.observed_generation]
    if judged != [generation, generation]:
        oldest = min((one for one in judged if one is not None), default=None)
        then = f"generation {oldest}" if oldest != generation else "no generation that it names"
        yield "outdated", f"judged at {then}, it is now {generation}: wait for the next verdict"
    if ready.status != "True":
        return
    if status.valid_until is None:
        yield "not valid", "Ready is True without validUntil, which no operator writes"
    elif status.valid_until <= at:
        ended = instants.text(status.valid_until)
        yield "expired", f"expired at {ended}, and nobody has renewed it: is the operator running?"
    else:
        try:
            conditions.check_invariant(status, suspended, deleting, at)
        except conditions.InvariantBroken as error:
            yield "contradictory", f"no operator writes this status: {error}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
