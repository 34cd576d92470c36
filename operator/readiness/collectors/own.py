"""
Which of our own objects there are: a metadata-only list of identities, cheap enough to be taken often.

It is what tells a review that is gone from one that was merely not heard of. It must not know what they say.
"""

from dataclasses import dataclass

import msgspec

from readiness.collectors import wire
from readiness.collectors.connection import Api
from readiness.collectors.errors import Garbled


@dataclass(frozen=True, slots=True)
class Identity:
    """One object's name, and which state of it the list saw."""

    namespace: str
    name: str
    version: int


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    uid: str
    resource_version: str
    namespace: str = ""


class _Object(msgspec.Struct):
    metadata: _Meta


async def identities(api: Api, path: str) -> dict[str, Identity]:
    """Every object under a collection's path, by uid; raises ApiError."""
    found: dict[str, Identity] = {}
    params = {"limit": str(wire.PAGE)}
    while True:
        page = wire.page((await api.get(path, params=params, accept=wire.PARTIAL_LIST)).body)
        for content in page.items:
            try:
                meta = msgspec.json.decode(content, type=_Object).metadata
                found[meta.uid] = Identity(meta.namespace, meta.name, int(meta.resource_version))
            except (msgspec.MsgspecError, ValueError) as error:
                raise Garbled("an object without an identity") from error
        if not page.more:
            return found
        params["continue"] = page.more
