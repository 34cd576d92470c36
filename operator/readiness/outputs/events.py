"""
Transitions worth telling a person, read off two statuses: the stored one and the one that replaced it.

What did not change is not told, so a restart tells nothing. How long an announcement is held back, and whether it was
overtaken meanwhile, is the announcer's business: it compares the first status with the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.status import Status
from readiness.judgement.verdict import Mood


@dataclass(frozen=True, slots=True)
class Announcement:
    """One Event: what happened (`action`), the condition's reason, and its message."""

    action: Literal[
        "Certified",
        "CertificateLost",
        "AreaUnmet",
        "AreaMet",
        "EvidenceLost",
        "EvidenceRestored",
        "InvalidSpec",
        "AnotherWriter",
    ]
    type: Literal["Normal", "Warning"]
    reason: str
    note: str


_WANTED: Final = frozenset({Reason.SUSPENDED, Reason.DELETING})
"""Somebody asked for it."""
_OWN: Final = frozenset({"Ready", "EvidenceFresh", *Mood})


@dataclass(frozen=True, slots=True)
class Line:
    """Of one condition, what a transition is read off."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """What one status tells, as far as transitions are read off it: many are held back at a time."""

    conditions: tuple[Line, ...]
    revision: str = ""

    def condition(self, type_: str) -> Line | None:
        return next((line for line in self.conditions if line.type == type_), None)


def told(status: Status) -> Told:
    """The part of a status that is remembered until its time has come."""
    lines = tuple(Line(one.type, one.status, one.reason, one.message) for one in status.conditions)
    return Told(lines, (status.subject.revision or "") if status.subject else "")


def transitions(before: Told, after: Told) -> tuple[Announcement, ...]:
    """What is to be told. Of a review that was never judged, only what is there to celebrate or to act upon."""
    return (*_ready(before, after), *_areas(before, after), *_evidence(before, after))


def another_writer(times: int, minutes: int) -> Announcement:
    """Somebody else writes this status too, and disagrees."""
    said = f"another writer replaced this status {times} times within a minute: it is left alone for {minutes} minutes"
    advice = "metadata.managedFields names the writer of status"
    note = f"{said}, except to end a certificate that does not hold; {advice}"
    return Announcement("AnotherWriter", "Warning", "AnotherWriter", note)


def _ready(before: Told, after: Told) -> Iterator[Announcement]:
    was, now = before.condition("Ready"), after.condition("Ready")
    if now is None:
        return
    if now.reason == Reason.INVALID_SPEC and (was is None or (was.reason, was.message) != (now.reason, now.message)):
        yield Announcement("InvalidSpec", "Warning", now.reason, now.message)
    if _status(was) != "True" and now.status == "True":
        yield Announcement("Certified", "Normal", now.reason, f"{now.message}{_subject(after)}")
    if _status(was) == "True" and now.status != "True":
        yield Announcement("CertificateLost", "Normal" if now.reason in _WANTED else "Warning", now.reason, now.message)


def _areas(before: Told, after: Told) -> Iterator[Announcement]:
    """An area without findings was no news before it had any."""
    for now in after.conditions:
        was = _status(before.condition(now.type))
        if now.type in _OWN or was == now.status:
            continue
        if now.status == "False":
            yield Announcement("AreaUnmet", "Warning", now.reason, f"{now.type}: {now.message}")
        elif now.status == "True" and was == "False":
            yield Announcement("AreaMet", "Normal", now.reason, f"{now.type}: {now.message}")


def _evidence(before: Told, after: Told) -> Iterator[Announcement]:
    was, now = _status(before.condition("EvidenceFresh")), after.condition("EvidenceFresh")
    if now is not None and now.status == "False" and was != "False":
        yield Announcement("EvidenceLost", "Warning", now.reason, now.message)
    elif now is not None and now.status == "True" and was == "False":
        yield Announcement("EvidenceRestored", "Normal", now.reason, now.message)


def _status(condition: Line | None) -> str | None:
    return condition.status if condition is not None else None


def _subject(after: Told) -> str:
    return f", for revision {after.revision}" if after.revision else ""
