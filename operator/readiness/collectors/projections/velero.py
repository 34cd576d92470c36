"""
Velero's Backups, their records of single volumes, and the locations that hold them.

A Backup concerns the namespaces that its lists name, which may be patterns; its records concern the namespace whose
volume they are about. Nothing else of Velero is shown to a review.
Fields: velero pkg/apis/velero/{v1,v2alpha1} and its labels (read at v1.18); names in labels are cut and hashed above
63 characters, so that records are joined to their Backup by uid.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from readiness.collectors.projections.projection import ALL_NAMESPACES, Instant, MetaStruct, Projection, Struct, meta_of
from readiness.evidence import globs
from readiness.evidence.backups import BackupRecord, LocationRecord, VolumeRecord
from readiness.evidence.objects import Record
from readiness.evidence.resources import (
    VELERO_BACKUPS,
    VELERO_DATA_UPLOADS,
    VELERO_LOCATIONS,
    VELERO_POD_VOLUME_BACKUPS,
    Resource,
)

_BACKUP_UID: Final = "velero.io/backup-uid"
_CLAIM_UID: Final = "velero.io/pvc-uid"
_CLAIM_NAME: Final = "velero.io/pvc-name"


class _BackupSpec(Struct):
    included_namespaces: list[str] | None = None
    excluded_namespaces: list[str] | None = None
    storage_location: str = ""
    snapshot_move_data: bool | None = None
    label_selector: dict[str, object] | None = None
    or_label_selectors: list[object] | None = None
    resource_policy: dict[str, object] | None = None


class _BackupStatus(Struct):
    phase: str = ""
    start_timestamp: Instant | None = None
    completion_timestamp: Instant | None = None
    expiration: Instant | None = None
    volume_snapshots_attempted: int = 0
    volume_snapshots_completed: int = 0
    csi_volume_snapshots_attempted: int = 0
    csi_volume_snapshots_completed: int = 0


class _BackupStruct(Struct):
    metadata: MetaStruct
    spec: _BackupSpec | None = None
    status: _BackupStatus | None = None


class _Phase(Struct):
    phase: str = ""


class _LocationStruct(Struct):
    metadata: MetaStruct
    status: _Phase | None = None


class _Pod(Struct):
    namespace: str = ""


class _VolumeSpec(Struct):
    """A PodVolumeBackup names the Pod, a DataUpload the claim."""

    pod: _Pod | None = None
    source_namespace: str = ""
    source_pvc: str = msgspec.field(name="sourcePVC", default="")


class _VolumeStruct(Struct):
    metadata: MetaStruct
    spec: _VolumeSpec
    status: _Phase | None = None


def _backup(raw: bytes) -> BackupRecord:
    one = _BACKUP.decode(raw)
    spec, status = one.spec or _BackupSpec(), one.status or _BackupStatus()
    return BackupRecord(
        meta=meta_of(one.metadata, VELERO_BACKUPS, labels=()),
        included=tuple(spec.included_namespaces or ()),
        excluded=tuple(spec.excluded_namespaces or ()),
        location=spec.storage_location,
        phase=status.phase,
        started=status.start_timestamp,
        completed=status.completion_timestamp,
        expires=status.expiration,
        moves_data=spec.snapshot_move_data is True,
        selective=bool(spec.label_selector or spec.or_label_selectors or spec.resource_policy),
        attempted=status.volume_snapshots_attempted + status.csi_volume_snapshots_attempted,
        taken=status.volume_snapshots_completed + status.csi_volume_snapshots_completed,
    )


def _location(raw: bytes) -> LocationRecord:
    one = _LOCATION.decode(raw)
    return LocationRecord(meta_of(one.metadata, VELERO_LOCATIONS, labels=()), one.status.phase if one.status else "")


def _volume(resource: Resource) -> Callable[[bytes], Record]:
    def decode(raw: bytes) -> VolumeRecord:
        one = _VOLUME.decode(raw)
        meta = meta_of(one.metadata, resource, labels=())
        labels, annotations = one.metadata.labels or {}, one.metadata.annotations or {}
        owner = meta.owner.uid if meta.owner is not None and meta.owner.kind == VELERO_BACKUPS.kind else ""
        return VolumeRecord(
            meta=meta,
            namespace=one.spec.pod.namespace if one.spec.pod else one.spec.source_namespace,
            claim=annotations.get(_CLAIM_NAME, "") if one.spec.pod else one.spec.source_pvc,
            claim_uid=labels.get(_CLAIM_UID, ""),
            backup_uid=labels.get(_BACKUP_UID, owner),
            phase=one.status.phase if one.status else "",
        )

    return decode


def _included(record: Record) -> frozenset[str] | None:
    """The namespaces that a Backup names; all of them where it takes patterns, see `_is_about`."""
    if not isinstance(record, BackupRecord):
        return frozenset()
    if record.included and all(globs.literal(pattern) for pattern in record.included):
        return frozenset(record.included)
    return ALL_NAMESPACES


def _is_about(record: Record, namespace: str) -> bool:
    return isinstance(record, BackupRecord) and record.includes(namespace)


def _namespace_of_volume(record: Record) -> frozenset[str]:
    return frozenset({record.namespace}) if isinstance(record, VolumeRecord) else frozenset()


def _every_namespace(_record: Record) -> None:
    """A location is shown to whoever sees a Backup in it: the gatherer asks for it by that name."""
    return ALL_NAMESPACES


_BACKUP: Final = msgspec.json.Decoder(_BackupStruct)
_LOCATION: Final = msgspec.json.Decoder(_LocationStruct)
_VOLUME: Final = msgspec.json.Decoder(_VolumeStruct)

PROJECTIONS: Final = (
    Projection(VELERO_BACKUPS, _backup, _included, _is_about),
    Projection(VELERO_LOCATIONS, _location, _every_namespace),
    *(
        Projection(resource, _volume(resource), _namespace_of_volume)
        for resource in (VELERO_POD_VOLUME_BACKUPS, VELERO_DATA_UPLOADS)
    ),
)
