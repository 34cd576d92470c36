"""CustomResourceDefinitions, by name alone: an event says *that* a group changed, discovery says what it serves."""

from dataclasses import dataclass
from typing import Final

import msgspec

from readiness.collectors.projections.projection import MetaStruct, Projection, Struct, meta_of
from readiness.evidence.objects import Meta, Record
from readiness.evidence.resources import CRDS


@dataclass(frozen=True, slots=True)
class Definition:
    """One CRD; its version tells that it changed."""

    meta: Meta


class _Definition(Struct):
    metadata: MetaStruct


def _decode(raw: bytes) -> Record:
    return Definition(meta_of(_DECODER.decode(raw).metadata, CRDS))


_DECODER: Final = msgspec.json.Decoder(_Definition)

DEFINITIONS: Final = Projection(CRDS, _decode, lambda _: frozenset())
