"""
VolumeSnapshots, and the cluster-scoped contents that hold them.

A content concerns only the namespace of the VolumeSnapshot that it refers to. Its creationTime counts nanoseconds,
the VolumeSnapshot's is text.
Fields: kubernetes-csi external-snapshotter, snapshot.storage.k8s.io/v1 (read at client v8).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from readiness.collectors.projections.projection import Instant, MetaStruct, Projection, Struct, meta_of
from readiness.evidence.backups import ContentRecord, SnapshotRecord
from readiness.evidence.objects import Record
from readiness.evidence.resources import VOLUME_SNAPSHOT_CONTENTS, VOLUME_SNAPSHOTS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 2**63 - 1


class _Source(Struct):
    persistent_volume_claim_name: str | None = None


class _Spec(Struct):
    source: _Source | None = None


class _Status(Struct):
    bound_volume_snapshot_content_name: str | None = None
    creation_time: Instant | None = None
    ready_to_use: bool | None = None
    error: dict[str, object] | None = None


class _SnapshotStruct(Struct):
    metadata: MetaStruct
    spec: _Spec | None = None
    status: _Status | None = None


class _Ref(Struct):
    namespace: str = ""
    uid: str = ""


class _ContentSpec(Struct):
    volume_snapshot_ref: _Ref


class _ContentStatus(Struct):
    snapshot_handle: str | None = None
    creation_time: Annotated[int, msgspec.Meta(ge=0, le=_LATEST)] | None = None


class _ContentStruct(Struct):
    metadata: MetaStruct
    spec: _ContentSpec
    status: _ContentStatus | None = None


def _snapshot(raw: bytes) -> SnapshotRecord:
    one = _SNAPSHOT.decode(raw)
    source = (one.spec or _Spec()).source or _Source()
    status = one.status or _Status()
    return SnapshotRecord(
        meta=meta_of(one.metadata, VOLUME_SNAPSHOTS, labels=()),
        claim=source.persistent_volume_claim_name or "",
        content=status.bound_volume_snapshot_content_name or "",
        ready=status.ready_to_use is True,
        failed=status.error is not None,
        taken=status.creation_time,
    )


def _content(raw: bytes) -> ContentRecord:
    one = _CONTENT.decode(raw)
    ref = one.spec.volume_snapshot_ref
    status = one.status or _ContentStatus()
    taken = status.creation_time
    return ContentRecord(
        meta=meta_of(one.metadata, VOLUME_SNAPSHOT_CONTENTS, labels=()),
        namespace=ref.namespace,
        snapshot_uid=ref.uid,
        handle=status.snapshot_handle or "",
        taken=_EPOCH + timedelta(seconds=taken // 1_000_000_000) if taken else None,
    )


def _namespace_of_snapshot(record: Record) -> frozenset[str]:
    """One that does not decode says of no namespace that it belongs to it."""
    return frozenset({record.namespace}) if isinstance(record, ContentRecord) else frozenset()


_SNAPSHOT: Final = msgspec.json.Decoder(_SnapshotStruct)
_CONTENT: Final = msgspec.json.Decoder(_ContentStruct)

PROJECTIONS: Final = (
    Projection(VOLUME_SNAPSHOTS, _snapshot),
    Projection(VOLUME_SNAPSHOT_CONTENTS, _content, _namespace_of_snapshot),
)
