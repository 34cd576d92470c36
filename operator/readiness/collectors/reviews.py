"""
Stored reviews as somebody with kubectl's rights sees them, for people who look: read once, or followed.

It keeps neither the reflector's freshness nor its proofs, since no verdict comes of it: whatever ends a watch, all is
listed anew, and while that fails it is said. It must not know what a review or its status says.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from readiness.api.crd import GROUP, VERSION
from readiness.collectors import wire
from readiness.collectors.clock import Backoff, Timing
from readiness.collectors.connection import Api
from readiness.collectors.errors import ApiError, Garbled, NotFound, failure

Json = Mapping[str, Any]

_ROOT: Final = f"/apis/{GROUP}/{VERSION}"
_NAME: Final = re.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Place:
    """Which reviews: those of a namespace or of all (None), or the one of that name."""

    namespace: str | None
    name: str | None = None

    @property
    def impossible(self) -> str | None:
        """A name that no object can have, and that would make another path."""
        given = (self.namespace, self.name)
        return next((one for one in given if one is not None and not _NAME.fullmatch(one)), None)

    @property
    def path(self) -> str:
        """Of the collection."""
        inside = "" if self.namespace is None else f"/namespaces/{self.namespace}"
        return f"{_ROOT}{inside}/readinessreviews"

    @property
    def selection(self) -> dict[str, str]:
        """As parameters of a list or watch; it may be permitted for this one name alone."""
        return {"fieldSelector": f"metadata.name={self.name}"} if self.name is not None else {}


@dataclass(frozen=True, slots=True)
class State:
    """The reviews by namespace and name, in that order; `lost` says why they may have changed since."""

    reviews: tuple[Json, ...]
    lost: str = ""


class Reviews:
    """Those of one place."""

    def __init__(self, api: Api, place: Place, timing: Timing | None = None) -> None:
        self._api = api
        self._place = place
        self._timing = timing or Timing()
        self._held: dict[tuple[str, str], Json] = {}

    async def read(self) -> State:
        """As they are now; raises ApiError."""
        if self._place.name is not None:
            answer = await self._api.get(f"{self._place.path}/{self._place.name}")
            return State((_decoded(answer.body),))
        await self._list()
        return self._state()

    async def installed(self) -> bool:
        """Whether the server knows reviews at all, of this version."""
        try:
            await self._api.get(_ROOT)
        except NotFound:
            return False
        return True

    async def follow(self) -> AsyncGenerator[State, None]:
        """Every state from now on; raises ApiError only where the first list fails. Close it when leaving."""
        backoff = Backoff(self._timing.backoff_first, self._timing.backoff_cap)
        listed = False
        while True:
            try:
                version = await self._list()
            except ApiError as error:
                if not listed:
                    raise
                yield State(self._state().reviews, str(error) or type(error).__name__)
            else:
                listed = True
                yield self._state()
                with suppress(ApiError):  # whatever it was, the next list tells more
                    async with aclosing(self._changes(version)) as changes:
                        async for _ in changes:
                            backoff.reset()
                            yield self._state()
            await asyncio.sleep(backoff.next())

    def _state(self) -> State:
        return State(tuple(self._held[key] for key in sorted(self._held)))

    async def _list(self) -> str:
        """The version at which the list was true."""
        params = {**self._place.selection, "limit": str(wire.PAGE)}
        found: list[Json] = []
        while True:
            page = wire.page((await self._api.get(self._place.path, params=params)).body)
            found += map(_decoded, page.items)
            if not page.more:
                self._held = {_key(one): one for one in found}
                return page.version
            params["continue"] = page.more

    async def _changes(self, version: str) -> AsyncGenerator[None, None]:
        """Something was heard, a bookmark at least."""
        params = {
            **self._place.selection,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(max(1, int(self._timing.watch))),
        }
        lines = self._api.lines(self._place.path, params=params, inactivity=self._timing.inactivity)
        async with aclosing(lines) as stream:
            async for line in stream:
                self._take(wire.frame(line))
                yield

    def _take(self, frame: wire.Frame) -> None:
        if frame.type == "ERROR":
            status = wire.status(frame.object)
            raise failure(status.code or 500, status)
        if frame.type == "BOOKMARK":
            return
        review = _decoded(frame.object)
        if frame.type == "DELETED":
            self._held.pop(_key(review), None)
        else:
            self._held[_key(review)] = review


def _decoded(content: bytes | msgspec.Raw) -> Json:
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Garbled("a review that is no JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("metadata"), dict):
        raise Garbled("a review without metadata")
    return found


def _key(review: Json) -> tuple[str, str]:
    meta = review["metadata"]
    return str(meta.get("namespace")), str(meta.get("name"))
