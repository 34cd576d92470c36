"""
Claims, and what three sources say of their backups.

The claims are needed as a whole; each source of proofs is seen or unseen by itself, since one that was seen may
prove a claim while another is lost. Only what is there is told here; what it proves is told in `proofs`.
Fields: core/v1 PersistentVolumeClaim, snapshot.storage.k8s.io/v1, velero.io/v1 and v2alpha1 (read at Velero 1.18).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation, Source
from readiness.evidence import globs
from readiness.evidence.objects import Meta, Ref, Unreadable
from readiness.evidence.resources import (
    CLAIMS,
    LIVE_TEMPLATES,
    VELERO_BACKUPS,
    VELERO_DATA_UPLOADS,
    VELERO_LOCATIONS,
    VELERO_POD_VOLUME_BACKUPS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    Resource,
)
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Controller, Workload

READ_FROM: Final[dict[Source, frozenset[Resource]]] = {
    "VolumeSnapshot": frozenset({VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS}),
    "Velero": frozenset({VELERO_BACKUPS, VELERO_LOCATIONS, VELERO_POD_VOLUME_BACKUPS, VELERO_DATA_UPLOADS}),
    "CronJob": frozenset(),  # CronJobs and Jobs are workloads, which are read anyway
}


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """One PersistentVolumeClaim."""

    meta: Meta
    phase: str = ""
    data_source: bool = False  # made from a snapshot or another claim


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """One VolumeSnapshot; `claim` is empty where it represents a snapshot that was made elsewhere."""

    meta: Meta
    claim: str = ""
    content: str = ""  # status.boundVolumeSnapshotContentName
    ready: bool = False
    failed: bool = False  # status.error is there
    taken: datetime | None = None  # status.creationTime


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """One VolumeSnapshotContent, and which VolumeSnapshot it says it belongs to."""

    meta: Meta
    namespace: str = ""
    snapshot_uid: str = ""
    handle: str = ""
    taken: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One Velero Backup; its lists of namespaces are patterns and are shown to nobody."""

    meta: Meta
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    location: str = ""
    phase: str = ""
    started: datetime | None = None
    completed: datetime | None = None
    expires: datetime | None = None
    moves_data: bool = False
    selective: bool = False  # it leaves out objects of the namespace, by label or by policy
    attempted: int = 0  # snapshots, of CSI and native ones together
    taken: int = 0  # those of them that were completed

    def includes(self, namespace: str) -> bool:
        """Whether it takes in this namespace: no inclusion means all, an exclusion always wins."""
        if any(globs.matches(pattern, namespace) for pattern in self.excluded):
            return False
        return not self.included or any(globs.matches(pattern, namespace) for pattern in self.included)

    def is_for(self, namespace: str) -> bool:
        """Whether it takes in all of this namespace and nothing else, so that its numbers speak of this one."""
        return self.included == (namespace,) and self.includes(namespace) and not self.selective

    @property
    def synced(self) -> bool:
        """Whether it came from the bucket after it was completed: another cluster may have made it."""
        return self.completed is not None and self.meta.created is not None and self.meta.created > self.completed


@dataclass(frozen=True, slots=True)
class LocationRecord:
    """One BackupStorageLocation."""

    meta: Meta
    phase: str = ""


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """One PodVolumeBackup or DataUpload: what a Backup did with one claim."""

    meta: Meta
    namespace: str = ""  # of the claim
    claim: str = ""
    claim_uid: str = ""
    backup_uid: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A VolumeSnapshot with the content that it names, if that may be seen."""

    record: SnapshotRecord
    content: ContentRecord | None


@dataclass(frozen=True, slots=True)
class VeleroBackup:
    """A Backup with its location, if there is one, and what its records of single volumes say of this namespace.

    `copies` are the phases of the copies of each claim, by its uid; `names` the names of those claims.
    """

    record: BackupRecord
    location: LocationRecord | None
    copies: Mapping[str, frozenset[str]]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class BackupJob:
    """A CronJob that the author names, and the Jobs that it owns; no record where there is no such CronJob.

    `blind`: what of it does not decode.
    """

    name: str
    covers: frozenset[tuple[str, str]]
    record: Controller | None = None
    jobs: tuple[Controller, ...] = ()
    blind: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Every VolumeSnapshot of the namespace, by the claim that it names; `blind`: those that do not decode."""

    by_claim: Mapping[str, tuple[Snapshot, ...]]
    blind: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True)
class Velero:
    """Every Backup of one Velero that includes the namespace; `claims` is how many claims are bound here."""

    namespace: str
    items: tuple[VeleroBackup, ...] = ()
    claims: int = 0


@dataclass(frozen=True, slots=True)
class BackupJobs:
    """The CronJobs that the author names."""

    items: tuple[BackupJob, ...] = ()


Told = Snapshots | Velero | BackupJobs


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that must be backed up, whether or not it is there.

    `subjects` are the workloads that mount it, each with the claim as its item; none for a claim that is only known
    as another's sibling. `known` names them for `covers`. `family` is the claim template, or the foreign controller's
    volume, that it is one of; `owner` the StatefulSet, by uid.
    """

    name: str
    subjects: tuple[Ref, ...] = ()
    known: frozenset[tuple[str, str]] = frozenset()
    record: ClaimRecord | None = None
    unreadable: Unseen | None = None
    family: str = ""
    owner: str = ""
    ordinal: int | None = None

    @property
    def created(self) -> datetime | None:
        """When the volume's claim was made; absent from files written by hand."""
        return self.record.meta.created if self.record else None


@dataclass(frozen=True, slots=True)
class Backups:
    """The claims of one expectation and what each source of proofs says; a source that is not asked for is absent.

    `deciding` are the workloads whose templates decide which claims are mounted; `hint` says why nothing is selected.
    """

    namespace: str
    claims: tuple[Claim, ...] = ()
    deciding: tuple[Workload, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    snapshots: Seen[Snapshots] | Unseen | None = None
    velero: tuple[Seen[Velero] | Unseen, ...] = ()
    cron_jobs: Seen[BackupJobs] | Unseen | None = None
    hint: str = ""

    @staticmethod
    def reads(want: BackupsExpectation) -> frozenset[Resource]:
        """What must be watched: the claims, the workloads that mount them, and each source that may count."""
        return LIVE_TEMPLATES.union({CLAIMS}, *(READ_FROM[source] for source in sources(want)))

    def told(self, want: BackupsExpectation) -> Iterator[tuple[Source, Seen[Told] | Unseen]]:
        """Each source that counts. Where the author names none, one that is not installed is none."""
        parts: tuple[tuple[Source, Seen[Told] | Unseen | None], ...] = (
            ("VolumeSnapshot", self.snapshots),
            *(("Velero", one) for one in self.velero),
            ("CronJob", self.cron_jobs),
        )
        for source, one in parts:
            absent = isinstance(one, Unseen) and one.reason is Why.NOT_INSTALLED
            if one is not None and not (absent and want.proven_by is None):
                yield source, one


def sources(want: BackupsExpectation) -> tuple[Source, ...]:
    """The sources that may count, installed or not. A CronJob is one only where the author says so."""
    if want.off_cluster:
        return ("Velero",)
    if want.proven_by is not None:
        return want.proven_by
    return ("VolumeSnapshot", "Velero", "CronJob") if want.cron_jobs else ("VolumeSnapshot", "Velero")
