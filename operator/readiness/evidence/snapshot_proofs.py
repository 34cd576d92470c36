"""
What a VolumeSnapshot proves: data of one claim, in the storage system that holds the claim itself.

It knows its claim by name alone, so that only what was taken after the claim was made is about it. The binding counts
in both directions, since anybody may create a VolumeSnapshot that names somebody else's content.
"""

from datetime import datetime, timedelta
from typing import Final

from readiness.evidence.attempts import Account, Attempt, State
from readiness.evidence.backups import Claim, ContentRecord, Snapshot, SnapshotRecord, Snapshots

PATIENCE: Final = timedelta(hours=1)
"""How long a snapshot without an error may take to become ready."""


def account(claim: Claim, told: Snapshots, now: datetime) -> Account:
    """Every VolumeSnapshot that names this claim."""
    attempts = tuple(_attempt(item, claim.created, now) for item in told.by_claim.get(claim.name, ()))
    return Account("VolumeSnapshot", attempts, told.blind)


def _attempt(item: Snapshot, claim_made: datetime | None, now: datetime) -> Attempt:
    record = item.record
    bound = item.content if item.content and item.content.snapshot_uid == record.meta.uid else None
    taken = (bound.taken if bound else None) or record.taken
    at = taken or record.meta.created
    until = None
    if at is None or claim_made is None:
        state, said = State.INDIRECT, "a creationTimestamp is absent, so it may be of another volume of this name"
    elif at < claim_made:
        state, said = State.REPLACED, "it is older than the claim"
    elif not record.ready:
        state, said, until = _unready(record, now)
    else:
        state, said = _ready(bound, taken)
    return Attempt(state, "VolumeSnapshot", record.meta.name, at, said, until)


def _ready(bound: ContentRecord | None, taken: datetime | None) -> tuple[State, str]:
    """An error that lingers beside readyToUse is one of an attempt before the one that succeeded."""
    if bound is None:
        return State.UNUSABLE, "its content is gone or bound elsewhere"
    if not bound.handle:
        return State.UNUSABLE, "its content has no snapshotHandle"
    if taken is None:
        return State.UNCLEAR, "it is ready, but has no creationTime"
    return State.PROVEN, ""


def _unready(record: SnapshotRecord, now: datetime) -> tuple[State, str, datetime | None]:
    if record.failed:
        return State.FAILED, "status.error says why", None
    if record.meta.created is not None and now - record.meta.created < PATIENCE:
        return State.RUNNING, "", record.meta.created + PATIENCE
    return State.UNUSABLE, "it is not readyToUse", None
