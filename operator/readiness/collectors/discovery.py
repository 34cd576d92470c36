"""
Which API groups and versions the API server serves.

Versions are nobody else's business: a resource is named by group and plural, and the newest served version of it is
found here. It must not know why a resource is wanted.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from readiness.collectors.clock import Backoff, Clock, Timing
from readiness.collectors.connection import Api, ApiError, Forbidden, Garbled, NotFound
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Unseen, Why

_VERSION: Final = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGES: Final = {None: 2, "beta": 1, "alpha": 0}

_UNKNOWN: Final = {
    Why.NOT_SYNCED: "not yet asked whether",
    Why.FAILED: "the API server did not say whether",
    Why.FORBIDDEN: "not permitted to ask whether",
}


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct):
    versions: list[_Version] | None = None
    kind: str = ""


class _Name(msgspec.Struct):
    name: str


class _Resources(msgspec.Struct):
    resources: list[_Name] | None = None
    kind: str = ""


S = TypeVar("S", _Group, _Resources)


@dataclass(slots=True)
class _Known:
    """What is known of one group: plurals and their newest versions, once the server has answered."""

    plurals: dict[str, str] | None = None
    failed: Why | None = None
    asked: int = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Change:
    """A group that is said to have changed, until its answer agrees."""

    until: float
    before: dict[str, str] | None
    expected: frozenset[str] | None


def newest_first(version: str) -> tuple[int, int, int, str]:
    """Kubernetes' order: v2, v1, v2beta1, v1beta2, v1alpha1, then other names."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        return (1, 0, 0, version)
    stage = _STAGES[parts[2]]
    return (-stage, -int(parts[1]), -int(parts[3] or 0), version)


class Discovery:
    """Answers from memory; asks where it never did, where something changed, and where an absent group is awaited."""

    def __init__(self, api: Api, clock: Clock, timing: Timing) -> None:
        self._api = api
        self._clock = clock
        self._timing = timing
        self._groups: dict[str, _Known] = {}
        self._changes: dict[str, _Change] = {}
        self._woken = asyncio.Event()

    def served(self, resource: Resource) -> str | Unseen:
        """The API version (`external-secrets.io/v1`) of the resource, as far as known."""
        known = self._groups.get(resource.group, _Known())
        if known.plurals is None:
            why = known.failed or Why.NOT_SYNCED
            return Unseen(why, f"{_UNKNOWN[why]} {resource.name} is served", resource.name)
        version = known.plurals.get(resource.plural)
        if version is None:
            return Unseen(Why.NOT_INSTALLED, f"{resource.name} is not served: install its CRD", resource.name)
        return f"{resource.group}/{version}" if resource.group else version

    async def find(self, resource: Resource) -> str | Unseen:
        """The same, asking first where nothing is known."""
        known = self._groups.get(resource.group)
        if known is None or known.plurals is None:
            await self.ask(resource.group)
        return self.served(resource)

    async def wait_served(self, resource: Resource) -> str:
        """Wait until the resource is served."""
        backoff = Backoff(self._timing.backoff_first, self._timing.backoff_cap)
        while isinstance(found := await self.find(resource), Unseen):
            await self.wait_news(resource, backoff)
        return found

    async def wait_news(self, resource: Resource, backoff: Backoff) -> None:
        """Wait until somebody else got an answer for the group, or it is time to ask again, and ask."""
        known = self._groups.setdefault(resource.group, _Known())
        pause = self._timing.discovery_poll if known.failed is None else backoff.next()
        try:
            async with asyncio.timeout(pause):
                await known.told.wait()
        except TimeoutError:
            await self.ask(resource.group)

    def changed(self, group: str, plurals: frozenset[str] | None = None) -> None:
        """Something in the group changed: `run` asks every second until the answer agrees, for a minute at most.

        It agrees when it names all of `plurals` (what the CRDs of the group name now) and nothing else; without them,
        when it differs from the one before.
        """
        if group not in self._groups:
            return
        until = asyncio.get_running_loop().time() + self._timing.discovery_settle
        self._changes[group] = _Change(until, self._groups[group].plurals, plurals)
        self._woken.set()

    async def run(self, poll: Callable[[], bool] = lambda: True) -> None:
        """Follow changes for ever; while `poll` says that CRDs cannot be watched, ask every group now and then."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._timing.discovery_poll
        while True:
            pause = self._timing.discovery_again if self._changes else max(0.0, due - loop.time())
            self._woken.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass
            for group in tuple(self._changes):
                await self._settle(group)
            if loop.time() >= due:
                due = loop.time() + self._timing.discovery_poll
                for group in tuple(self._groups) if poll() else ():
                    await self.ask(group)

    async def ask(self, group: str) -> None:
        """Ask the server once; a failure leaves a former answer standing. Callers at the same time share one answer."""
        known = self._groups.setdefault(group, _Known())
        before = known.asked
        async with known.asking:
            if known.asked > before:
                return
            try:
                found = await (self._core() if not group else self._versions(group))
            except Forbidden:
                known.failed = Why.FORBIDDEN
            except ApiError:
                known.failed = Why.FAILED
            else:
                known.plurals, known.failed = found, None
            known.asked += 1
            known.told.set()
            known.told = asyncio.Event()

    def path(self, resource: Resource, namespace: str, name: str = "") -> str:
        """The URL path of a resource, in a namespace or in all, or of one object; NotFound where there can be none."""
        version = self.served(resource)
        if isinstance(version, Unseen):
            raise NotFound(version.message)
        if {namespace, name} & {".", ".."}:
            raise NotFound(f"no object of {resource.name} can have this name")
        root = f"/apis/{version}" if resource.group else f"/api/{version}"
        inside = f"/namespaces/{quote(namespace, safe='')}" if resource.namespaced and namespace else ""
        return f"{root}{inside}/{resource.plural}" + (f"/{quote(name, safe='')}" if name else "")

    async def _settle(self, group: str) -> None:
        change = self._changes[group]
        await self.ask(group)
        known = self._groups[group]
        if change.expected is None:
            agrees = known.plurals != change.before
        else:
            agrees = known.plurals is not None and change.expected == known.plurals.keys()
        late = asyncio.get_running_loop().time() >= change.until
        if ((agrees and known.failed is None) or late) and self._changes.get(group) is change:
            del self._changes[group]

    async def _core(self) -> dict[str, str]:
        return dict.fromkeys(await self._plurals("/api/v1"), "v1")

    async def _versions(self, group: str) -> dict[str, str]:
        path = f"/apis/{quote(group, safe='')}"
        try:
            answer = await self._api.get(path, timeout=self._timing.discovery_request)
        except NotFound:
            return {}
        found = _decoded(answer.body, _Group)
        newest: dict[str, str] = {}
        for version in sorted({entry.version for entry in found.versions or ()}, key=newest_first):
            try:
                plurals = await self._plurals(f"{path}/{quote(version, safe='')}")
            except NotFound:  # gone between the two answers
                continue
            for plural in plurals:
                newest.setdefault(plural, version)
        return newest

    async def _plurals(self, path: str) -> list[str]:
        answer = await self._api.get(path, timeout=self._timing.discovery_request)
        found = _decoded(answer.body, _Resources)
        return [entry.name for entry in found.resources or () if "/" not in entry.name]


def _decoded(body: bytes, shape: type[S]) -> S:
    try:
        found = msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Garbled("not an answer of discovery") from error
    if found.kind not in {"APIGroup", "APIResourceList"}:
        raise Garbled("not an answer of discovery")
    return found
