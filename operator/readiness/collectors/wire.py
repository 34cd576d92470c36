"""
What the API server sends: pages of a list, frames of a watch, and of each object no more than its identity.

Contents are left as bytes for a projection. An object that cannot be decoded is still identified, so that it can be
named instead of lost. Nothing here may know what an object says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from readiness.collectors import splitting
from readiness.collectors.errors import Garbled, Status

PARTIAL_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
PARTIAL: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PAGE: Final = 500
OBJECT_LIMIT: Final = 1536 * 1024
"""etcd's default limit for a request: what is larger was not written by an ordinary API server."""

_KEPT_DEPTH = 32

Misfit = (msgspec.MsgspecError, RecursionError, ValueError)
"""What a projection may raise on an object it cannot read."""


class Meta(msgspec.Struct, rename="camel", gc=False):
    """Metadata of an object."""

    uid: str = ""
    resource_version: str = ""


class _Object(msgspec.Struct, gc=False):
    metadata: Meta | None = None


class _ListMeta(msgspec.Struct, rename={"resource_version": "resourceVersion", "more": "continue"}):
    resource_version: str = ""
    more: str | None = None


class _List(msgspec.Struct):
    kind: str
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Frame(msgspec.Struct):
    type: str
    object: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `more` is the token of the next one."""

    version: str
    more: str
    items: tuple[bytes | msgspec.Raw, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a watch."""

    type: str
    object: bytes | msgspec.Raw


_LISTS: Final = msgspec.json.Decoder(_List)
_FRAMES: Final = msgspec.json.Decoder(_Frame)
_OBJECTS: Final = msgspec.json.Decoder(_Object)


def page(body: bytes) -> Page:
    """A page; Garbled for anything that is not a list of a known version (`{}` is no empty list)."""
    try:
        found = _LISTS.decode(body)
    except RecursionError:
        found = _split_page(body)
    except msgspec.DecodeError as error:
        raise Garbled(f"not a list: {error}") from error
    if not found.kind.endswith("List") or not found.metadata.resource_version:
        raise Garbled(f"not a list: {found.kind[:100]}")
    return Page(found.metadata.resource_version, found.metadata.more or "", tuple(found.items or ()))


def frame(line: bytes) -> Frame:
    """A frame of a watch; Garbled for a line that is none."""
    try:
        found = _FRAMES.decode(line)
    except RecursionError:
        return _split_frame(line)
    except msgspec.DecodeError as error:
        raise Garbled(f"not a watch event: {error}") from error
    return Frame(found.type, found.object)


def meta(content: bytes | msgspec.Raw) -> Meta:
    """Who an object is, even where the rest of it cannot be decoded; fields of a bookmark are empty."""
    try:
        return _OBJECTS.decode(content).metadata or Meta()
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return _OBJECTS.decode(reduced(bytes(content))).metadata or Meta()
    except (msgspec.DecodeError, RecursionError) as error:
        raise Garbled("an object without readable metadata") from error


def identity(content: bytes | msgspec.Raw) -> Meta:
    """The same of an object that must have an identity: without one it could be lost unnoticed."""
    found = meta(content)
    if not found.uid or not found.resource_version:
        raise Garbled("an object without uid or resourceVersion")
    return found


def status(content: bytes | msgspec.Raw) -> Status:
    """What an ERROR frame carries."""
    return Status.read(bytes(content))


def reduced(content: bytes) -> bytes:
    """The object with nothing but kind and metadata, of which managedFields and what is nested deep are left out."""
    try:
        top = dict(splitting.members(content))
        kept = {
            key: value
            for key, value in splitting.members(top.get("metadata", b"{}"))
            if key != "managedFields" and splitting.depth(value) <= _KEPT_DEPTH
        }
    except ValueError as error:
        raise Garbled("an object without readable metadata") from error
    outer = [(key, top[key]) for key in ("apiVersion", "kind") if key in top and splitting.depth(top[key]) == 0]
    return _joined([*outer, ("metadata", _joined(kept.items()))])


def _joined(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    return b"{" + b",".join(msgspec.json.encode(key) + b":" + value for key, value in pairs) + b"}"


def _split_page(body: bytes) -> _List:
    try:
        top = dict(splitting.members(body))
        items = [msgspec.Raw(item) for item in splitting.elements(top.get("items", b"null"))]
        return _List(
            msgspec.json.decode(top.get("kind", b'""'), type=str),
            msgspec.json.decode(top.get("metadata", b"{}"), type=_ListMeta),
            items,
        )
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise Garbled("not a list") from error


def _split_frame(line: bytes) -> Frame:
    try:
        top = dict(splitting.members(line))
        return Frame(msgspec.json.decode(top.get("type", b'""'), type=str), top.get("object", b"null"))
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise Garbled("not a watch event") from error
