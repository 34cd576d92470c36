"""
What a Velero Backup proves of one claim: that its data was copied, where a record of the volume says so by uid.

A Backup is usable only as a whole: completed, not expired, in a location that answers. Snapshots that Velero leaves in
the storage system have no record per claim; their numbers are at most an indirect proof. A Backup that came from the
bucket may be another cluster's, so that nothing but the claim's uid makes it one of this claim.
Phases: velero pkg/apis/velero/v1 and v2alpha1 (read at v1.18).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.evidence.attempts import Account, Attempt, State
from readiness.evidence.backups import BackupRecord, Claim, Velero, VeleroBackup

_GONE: Final = "Deleting"
_UNDER_WAY: Final = frozenset(
    {
        "",
        "New",
        "Queued",
        "ReadyToStart",
        "InProgress",
        "WaitingForPluginOperations",
        "WaitingForPluginOperationsPartiallyFailed",
        "Finalizing",
        "FinalizingPartiallyFailed",
    }
)
_FAILED: Final = frozenset({"Failed", "FailedValidation"})
_COPY_FAILED: Final = frozenset({"Failed", "Canceling", "Canceled"})

Told = tuple[State, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of every Backup: about which claim, of which namespace, by whose rules, when."""

    claim: Claim
    namespace: str
    want: BackupsExpectation
    now: datetime


def account(asked: Asked, told: Velero) -> Account:
    """Every Backup that includes the namespace, as far as it is about this claim."""
    return Account("Velero", tuple(_attempts(asked, told)))


def _attempts(asked: Asked, told: Velero) -> Iterator[Attempt]:
    for item in told.items:
        found = _found(asked, item, told.claims)
        if found is not None:
            record, (state, said) = item.record, found
            name = f"{told.namespace}/{record.meta.name}"
            yield Attempt(state, "Velero", name, record.started or record.meta.created, said, record.expires)


def _found(asked: Asked, item: VeleroBackup, claims: int) -> Told | None:
    """None where the Backup says nothing of this claim."""
    record, claim = item.record, asked.claim
    uid = claim.record.meta.uid if claim.record else ""
    copies = item.copies.get(uid)
    if record.phase == _GONE:
        return None
    if copies:
        return _finished(record) or _of_copies(copies) or _unusable(item, asked.now) or (State.PROVEN, "")
    if claim.name in item.names:
        return (State.FOREIGN if record.synced else State.REPLACED), "it holds a volume of this name with another uid"
    if record.synced or not _after(record, claim.created):
        return None
    return _finished(record) or _of_numbers(asked, item, claims)


def _after(record: BackupRecord, claim_made: datetime | None) -> bool:
    """Whether it can be about a claim of which it has no record: it began when the claim was there."""
    began = record.started or record.meta.created
    return began is not None and claim_made is not None and began >= claim_made


def _finished(record: BackupRecord) -> Told | None:
    """What the Backup's phase alone decides; None where it is completed."""
    if record.phase in _UNDER_WAY:
        return State.RUNNING, ""
    if record.phase in _FAILED:
        return State.FAILED, f"its phase is {record.phase}"
    if record.phase == "PartiallyFailed":
        return State.PARTIAL, "it is PartiallyFailed, which proves nothing"
    if record.phase != "Completed":
        return State.UNCLEAR, "its phase is none that Velero is known to write"
    return None if record.started else (State.UNCLEAR, "it is Completed, but has no startTimestamp")


def _of_copies(phases: frozenset[str]) -> Told | None:
    """None where a copy of the volume was completed; the same claim may be copied once for each Pod."""
    if "Completed" in phases:
        return None
    if phases & _COPY_FAILED:
        return State.FAILED, "it is Completed, but the copy of this volume failed"
    return State.UNCLEAR, "it is Completed, but the copy of this volume is not"


def _of_numbers(asked: Asked, item: VeleroBackup, claims: int) -> Told | None:
    """Snapshots without a record per claim. None where it took none, so that it holds no volume at all."""
    record = item.record
    if asked.want.off_cluster or record.moves_data or not record.attempted:
        return None
    sure = record.is_for(asked.namespace) and record.attempted == record.taken >= claims
    if asked.want.accept_indirect and sure:
        return _unusable(item, asked.now) or (State.PROVEN, "by its numbers")
    advice = "its numbers leave a doubt" if asked.want.accept_indirect else "set acceptIndirect, or let it move data"
    said = f"{record.taken} of {record.attempted} snapshots for {claims} claims, none named: {advice}"
    return _unusable(item, asked.now) or (State.INDIRECT, said)


def _unusable(item: VeleroBackup, now: datetime) -> Told | None:
    """Why a completed Backup cannot be used, or not be known to be usable; None where it can."""
    expires, location = item.record.expires, item.location
    if expires is not None and expires <= now:
        return State.UNUSABLE, "it has expired"
    if location is None:
        return State.UNUSABLE, f"its location {item.record.location} does not exist"
    if location.phase == "Available":
        return None
    if not location.phase:
        return State.UNVERIFIED, f"its location {item.record.location} has no phase"
    if location.phase == "Unavailable":
        return State.UNUSABLE, f"its location {item.record.location} is Unavailable"
    return State.UNCLEAR, f"the phase of its location {item.record.location} is not known"
