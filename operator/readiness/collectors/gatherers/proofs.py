"""
What the three sources of backup proofs hold about one namespace.

Each answers by itself, so that a lost one leaves the others standing. Velero's objects count only from namespaces that
an administrator listed: whoever can write in the review's own could forge them.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.collectors.access import View
from readiness.evidence.backups import (
    BackupJob,
    BackupJobs,
    BackupRecord,
    ContentRecord,
    LocationRecord,
    Snapshot,
    SnapshotRecord,
    Snapshots,
    Velero,
    VeleroBackup,
    VolumeRecord,
)
from readiness.evidence.objects import Record, Unreadable
from readiness.evidence.resources import (
    CRON_JOBS,
    JOBS,
    VELERO_BACKUPS,
    VELERO_DATA_UPLOADS,
    VELERO_LOCATIONS,
    VELERO_POD_VOLUME_BACKUPS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    Resource,
)
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Controller

_NOT_ALLOWED = (
    "Velero is not allowed here: ask an administrator to list its namespace in evidenceNamespaces, or set provenBy"
)


def snapshots(view: View) -> Seen[Snapshots] | Unseen:
    """VolumeSnapshots of the namespace, each with the content that it names and that belongs to this namespace."""
    seen = view.records(VOLUME_SNAPSHOTS)
    if isinstance(seen, Unseen):
        return seen
    items: defaultdict[str, tuple[Snapshot, ...]] = defaultdict(tuple)
    for record in _by_name(seen.value):
        if not isinstance(record, SnapshotRecord) or record.meta.deleting or not record.claim:
            continue
        held = view.referred(VOLUME_SNAPSHOT_CONTENTS, record.content)
        if isinstance(held, Unseen):
            return held
        content = held.value if isinstance(held.value, ContentRecord) and not held.value.meta.deleting else None
        items[record.claim] += (Snapshot(record, content),)
    return Seen(Snapshots(dict(items), _blind(seen.value, VOLUME_SNAPSHOTS)), seen.as_of)


def velero(view: View, bound: int) -> tuple[Seen[Velero] | Unseen, ...]:
    """One answer for each namespace in which an administrator lets Velero's Backups be read."""
    absent = view.not_installed(VELERO_BACKUPS)
    if absent is not None:
        return (absent,)
    namespaces = view.listed_namespaces(VELERO_BACKUPS)
    if not namespaces:
        return (Unseen(Why.NOT_ALLOWED, _NOT_ALLOWED, VELERO_BACKUPS.name),)
    return tuple(_installation(view, namespace, bound) for namespace in namespaces)


def _installation(view: View, namespace: str, bound: int) -> Seen[Velero] | Unseen:
    needed = (VELERO_BACKUPS, VELERO_LOCATIONS, VELERO_POD_VOLUME_BACKUPS, VELERO_DATA_UPLOADS)
    found: dict[Resource, Mapping[str, Record]] = {}
    contacts: list[datetime] = []
    for resource in needed:
        seen = view.elsewhere(resource, namespace)
        if isinstance(seen, Seen):
            found[resource] = seen.value
            contacts.append(seen.as_of)
        elif resource is VELERO_DATA_UPLOADS and seen.reason is Why.NOT_INSTALLED:
            found[resource] = {}  # an older Velero, or one without data movement
        elif seen.reason is Why.NOT_ALLOWED:
            message = f"{resource.name} is not allowed here: ask an administrator to list it beside backups.velero.io"
            return Unseen(Why.NOT_ALLOWED, message, resource.name)
        else:
            return seen
    volumes: defaultdict[str, list[VolumeRecord]] = defaultdict(list)
    for resource in (VELERO_POD_VOLUME_BACKUPS, VELERO_DATA_UPLOADS):
        for record in _by_name(found[resource]):
            if isinstance(record, VolumeRecord) and not record.meta.deleting:
                volumes[record.backup_uid].append(record)
    locations = {one.meta.name: _location(one) for one in found[VELERO_LOCATIONS].values() if not one.meta.deleting}
    items = tuple(
        _with_copies(one, locations.get(one.location), volumes[one.meta.uid])
        for one in _by_name(found[VELERO_BACKUPS])
        if isinstance(one, BackupRecord) and not one.meta.deleting
    )
    return Seen(Velero(namespace, items, bound), min(contacts))


def _with_copies(record: BackupRecord, location: LocationRecord | None, volumes: list[VolumeRecord]) -> VeleroBackup:
    """Only copies that carry their claim's uid are of any claim."""
    copies: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for one in volumes:
        if one.claim_uid:
            copies[one.claim_uid] |= {one.phase}
    return VeleroBackup(record, location, dict(copies), frozenset(one.claim for one in volumes if one.claim_uid))


def _location(record: Record) -> LocationRecord:
    """One that does not decode is there, but says nothing of its state."""
    return record if isinstance(record, LocationRecord) else LocationRecord(record.meta)


def cron_jobs(view: View, want: BackupsExpectation) -> Seen[BackupJobs] | Unseen:
    """The CronJobs that the author names, with their Jobs."""
    schedules, runs = view.records(CRON_JOBS), view.records(JOBS)
    if isinstance(schedules, Unseen):
        return schedules
    if isinstance(runs, Unseen):
        return runs
    owned: defaultdict[str, dict[str, Record]] = defaultdict(dict)
    for uid, job in runs.value.items():
        if job.meta.owner is not None:
            owned[job.meta.owner.uid][uid] = job
    items: list[BackupJob] = []
    for named in want.cron_jobs:
        covers = frozenset((covered.kind, covered.name) for covered in named.covers)
        record = view.named(CRON_JOBS, named.name)
        if record is None or record.meta.deleting:
            items.append(BackupJob(named.name, covers))
            continue
        jobs = {uid: job for uid, job in owned[record.meta.uid].items() if not job.meta.deleting}
        made = tuple(job for job in _by_name(jobs) if isinstance(job, Controller))
        blind = (*_blind({record.meta.uid: record}, CRON_JOBS), *_blind(jobs, JOBS))
        items.append(BackupJob(named.name, covers, record if isinstance(record, Controller) else None, made, blind))
    return Seen(BackupJobs(tuple(items)), min(schedules.as_of, runs.as_of))


def _by_name(records: Mapping[str, Record]) -> list[Record]:
    """In a fixed order, so that the order of events shows nowhere."""
    return sorted(records.values(), key=lambda one: (one.meta.name, one.meta.uid))


def _blind(records: Mapping[str, Record], resource: Resource) -> tuple[Unseen, ...]:
    return tuple(
        Unseen(Why.UNREADABLE, f"{one.kind} {one.meta.name} cannot be decoded", resource.name)
        for one in _by_name(records)
        if isinstance(one, Unreadable)
    )
