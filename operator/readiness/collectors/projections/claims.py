"""
PersistentVolumeClaims: whether they are bound, and whether their data came from somewhere else.

Fields: Kubernetes API reference, core/v1 PersistentVolumeClaim (read at v1.36).
"""

from typing import Final

import msgspec

from readiness.collectors.projections.projection import MetaStruct, Projection, Struct, meta_of
from readiness.evidence.backups import ClaimRecord
from readiness.evidence.resources import CLAIMS


class _Spec(Struct):
    data_source: dict[str, object] | None = None
    data_source_ref: dict[str, object] | None = None


class _Status(Struct):
    phase: str = ""


class _ClaimStruct(Struct):
    metadata: MetaStruct
    spec: _Spec | None = None
    status: _Status | None = None


def _claim(raw: bytes) -> ClaimRecord:
    one = _CLAIM.decode(raw)
    spec = one.spec or _Spec()
    return ClaimRecord(
        meta=meta_of(one.metadata, CLAIMS, labels=()),
        phase=one.status.phase if one.status else "",
        data_source=bool(spec.data_source or spec.data_source_ref),
    )


_CLAIM: Final = msgspec.json.Decoder(_ClaimStruct)

PROJECTIONS: Final = (Projection(CLAIMS, _claim),)
