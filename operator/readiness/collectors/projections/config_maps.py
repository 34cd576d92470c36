"""
ConfigMaps by metadata, and their contents as fetched by name.

Fields: Kubernetes API reference, core/v1 ConfigMap and metav1.ManagedFieldsEntry (read at v1.36). Files are parsed
once per version: those whose key says its format with the body, others when first asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from readiness.api.v1alpha1.expectations.configuration import FORMATS, Format
from readiness.collectors import texts
from readiness.collectors.projections.projection import Instant, MetaStruct, Projection, Struct, meta_of
from readiness.evidence.config_maps import ConfigMapRecord
from readiness.evidence.resources import CONFIG_MAPS, Resource
from readiness.evidence.texts import Tree, Unreadable

_NOTHING: Final = msgspec.Raw()


class _Fields(Struct):
    data: msgspec.Raw = msgspec.field(name="f:data", default=_NOTHING)
    binary: msgspec.Raw = msgspec.field(name="f:binaryData", default=_NOTHING)


class _Managed(Struct):
    time: Instant | None = None
    fields: _Fields | None = msgspec.field(name="fieldsV1", default=None)


class _Meta(MetaStruct):
    managed_fields: list[_Managed] | None = None


class _MetadataOnly(Struct):
    metadata: MetaStruct


class _BodyStruct(Struct):
    metadata: _Meta
    data: dict[str, str | None] | None = None
    binary_data: dict[str, str | None] | None = None
    immutable: bool | None = None


@dataclass(slots=True)
class ConfigMapBody:
    """What a ConfigMap holds; two with the same content are equal.

    `written` is the newest time that its managed fields state for data. It is read with the content, since the
    watch of metadata may already be, or still be, at another version.
    """

    uid: str
    name: str
    data: dict[str, str]
    binary: frozenset[str] = frozenset()
    immutable: bool = False
    created: datetime | None = None
    written: datetime | None = field(default=None, compare=False)
    _trees: dict[tuple[str, Format], Tree | Unreadable] = field(default_factory=dict, compare=False, repr=False)

    def tree(self, key: str, written_in: Format) -> Tree | Unreadable:
        """A key of data, read as a file of that format."""
        if (key, written_in) not in self._trees:
            self._trees[key, written_in] = texts.parse(self.data[key], written_in)
        return self._trees[key, written_in]


def _record(raw: bytes) -> ConfigMapRecord:
    # Labels decide nothing; without them a change of labels concerns nobody.
    return ConfigMapRecord(meta_of(_METADATA.decode(raw).metadata, CONFIG_MAPS, labels=()))


def _body(raw: bytes) -> ConfigMapBody:
    found = _BODY.decode(raw)
    meta = found.metadata
    body = ConfigMapBody(
        uid=meta.uid,
        name=meta.name,
        data={key: value or "" for key, value in (found.data or {}).items()},
        binary=frozenset(found.binary_data or ()),
        immutable=bool(found.immutable),
        created=meta.creation_timestamp,
        written=_written(meta),
    )
    for key in body.data:
        written_in = FORMATS.get(key.rpartition(".")[2].lower()) if "." in key else None
        if written_in is not None:
            body.tree(key, written_in)
    return body


def _written(meta: _Meta) -> datetime | None:
    """The newest of the creation and of the managed fields that cover data."""
    covering = [
        one.time
        for one in meta.managed_fields or ()
        if one.fields is not None and (one.fields.data is not _NOTHING or one.fields.binary is not _NOTHING)
    ]
    return max((at for at in (meta.creation_timestamp, *covering) if at is not None), default=None)


_METADATA: Final = msgspec.json.Decoder(_MetadataOnly)
_BODY: Final = msgspec.json.Decoder(_BodyStruct)

PROJECTIONS: Final = (Projection(CONFIG_MAPS, _record),)

BODIES: Final[dict[Resource, Callable[[bytes], object]]] = {CONFIG_MAPS: _body}
