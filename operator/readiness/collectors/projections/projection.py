"""
What a projection is: one watched object's JSON, decoded partially into a small frozen record.

Decoders raise msgspec's errors for what they cannot read; the reflector keeps such an object as Unreadable.
"""

import functools
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, TypeVar, cast

import msgspec

from readiness.evidence.objects import Meta, Owner, Record, Unreadable
from readiness.evidence.resources import Resource, Shape
from readiness.evidence.selecting import Labels

ALL_NAMESPACES: Final = None

V = TypeVar("V", bound=Hashable)

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone. One without it comes from a file only, and no comparison with it could be trusted."""


class Struct(msgspec.Struct, rename="camel", gc=False):
    """Base of all partial decodings: camelCase on the wire, unknown fields passed over."""


class OwnerStruct(Struct):
    """metav1.OwnerReference."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class MetaStruct(Struct):
    """The part of metav1.ObjectMeta that evidence needs."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: Instant | None = None
    deletion_timestamp: Instant | None = None
    owner_references: list[OwnerStruct] | None = None


class _AnyObject(Struct):
    metadata: dict[str, msgspec.Raw]


def own_namespace(record: Record) -> frozenset[str] | None:
    """A namespaced object concerns the reviews of its own namespace."""
    return frozenset({record.meta.namespace})


def whatever_it_concerns(_record: Record, _namespace: str) -> bool:
    """Where the namespaces that a record concerns can be named, there is nothing more to ask."""
    return True


@dataclass(frozen=True, slots=True)
class Projection:
    """How one resource is decoded, and which namespaces' reviews a record concerns (None: all of them).

    `is_about` tells for one of these namespaces whether the record may be shown there: namespaces that are given as
    patterns cannot be listed, but they can be compared with.
    """

    resource: Resource
    decode: Callable[[bytes], Record]
    concerns: Callable[[Record], frozenset[str] | None] = own_namespace
    is_about: Callable[[Record, str], bool] = whatever_it_concerns

    def unreadable(self, raw: bytes, message: str) -> Unreadable | None:
        """The object by its metadata alone, or None where not even that can be read."""
        meta = _salvaged(raw)
        return None if meta is None else Unreadable(meta_of(meta, self.resource), self.resource.kind, message)


_ANY: Final = msgspec.json.Decoder(_AnyObject)
_META: Final = msgspec.json.Decoder(MetaStruct)


def _salvaged(raw: bytes) -> MetaStruct | None:
    """The metadata without those of its fields that do not decode."""
    try:
        fields = _ANY.decode(raw).metadata.items()
    except (msgspec.MsgspecError, RecursionError):
        return None
    readable = {name: value for name, value in fields if _decodes({name: value})}
    return _META.decode(msgspec.json.encode(readable))


def _decodes(field: dict[str, msgspec.Raw]) -> bool:
    try:
        _META.decode(msgspec.json.encode(field))
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def shared(value: V) -> V:
    """One object for equal values: thousands of templates are made of the same few parts.

    Few are remembered: lists come in the order of namespaces and names, where what is equal stands together.
    """
    return cast("V", _remembered(value))


@functools.lru_cache(maxsize=4096)
def _remembered(value: Hashable) -> Hashable:
    return value


@functools.lru_cache(maxsize=4096)
def _owner(api_version: str, kind: str, name: str, uid: str) -> Owner:
    """One object for all that the owner has made."""
    return Owner(_group(api_version), sys.intern(kind), name, uid)


def labels_of(labels: dict[str, str] | None) -> Labels:
    """Sorted, shared label tuple."""
    return shared(tuple(sorted(labels.items()))) if labels else ()


def meta_of(meta: MetaStruct, resource: Resource, labels: Labels | None = None) -> Meta:
    """The record's metadata. `state` is filled where the body is fetched by name: uid and state together name it."""
    owner = next((ref for ref in meta.owner_references or () if ref.controller), None)
    fetched = resource.shape is Shape.METADATA
    return Meta(
        uid=meta.uid,
        name=meta.name,
        namespace=sys.intern(meta.namespace),
        generation=meta.generation,
        labels=labels_of(meta.labels) if labels is None else labels,
        created=shared(meta.creation_timestamp),
        deleting=meta.deletion_timestamp is not None,
        owner=None if owner is None else _owner(owner.api_version, owner.kind, owner.name, owner.uid),
        state=(sys.intern(str(meta.generation)) if meta.generation else meta.resource_version) if fetched else "",
    )


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
