"""
What one watch has seen: the records of a resource in a namespace, and whether they may be relied on.

A record is a projection; objects that cannot be projected stay as records that say so. Nothing here may know how the
objects arrive.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from readiness.collectors import wire
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Seen, SourceState, Unseen, Why

R = TypeVar("R")

Version = int | str
"""A resourceVersion: a number where it is one, which takes half the memory of its text."""

Publish = Callable[[Resource, str, R | None, R | None], None]
"""Told (resource, uid, before, after) where a projection changed; None stands for no object."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Versions by uid as the server had them at one moment after `began`, when its reading began by the loop's clock.

    `namespace` is empty where it covers all that the store does.
    """

    began: float
    version: str
    versions: Mapping[str, Version]
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Reading(Generic[R]):
    """How an object becomes a record: `project`, and where it raises one of `wire.Misfit`, `unreadable`.

    `unreadable` is given the object with nothing but kind and readable metadata, and what was wrong with it.
    """

    project: Callable[[bytes], R]
    unreadable: Callable[[bytes, str], R | None]

    def read(self, content: bytes | msgspec.Raw) -> R | None:
        """The record; Garbled only where not even metadata can be read."""
        text = bytes(content)
        if len(text) > wire.OBJECT_LIMIT:
            return self.unreadable(wire.reduced(text), f"larger than {wire.OBJECT_LIMIT // 1024} KiB")
        try:
            return self.project(text)
        except RecursionError:
            return self.unreadable(wire.reduced(text), "nested too deep")
        except wire.Misfit as error:
            return self.unreadable(wire.reduced(text), str(error)[:200])


@dataclass(slots=True)
class Store(Generic[R]):
    """Records by uid. `namespace` is empty for a cluster-wide store and for cluster-scoped resources."""

    resource: Resource
    namespace: str
    reading: Reading[R]
    publish: Publish[R]
    records: dict[str, R] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    version: str = ""  # the newest that a list or the watch has shown
    unseen: Unseen | None = None
    listed_at: datetime | None = None  # when the newest finished list began, by the server's clock
    began: float | None = None  # the same by the loop's clock, which nobody can set back
    last_contact: datetime | None = None
    restarted: Counter[str] = field(default_factory=Counter)  # by what went wrong

    def __post_init__(self) -> None:
        name = self.resource.name
        self.unseen = Unseen(Why.NOT_SYNCED, f"the first list of {name} is not finished", name)

    @property
    def state(self) -> Seen[datetime] | Unseen:
        """When the newest finished list began, as of the last contact; or why the records must not be used."""
        if self.unseen is not None or self.listed_at is None or self.last_contact is None:
            return self.unseen or Unseen(Why.NOT_SYNCED, "", self.resource.name)
        return Seen(self.listed_at, self.last_contact)

    @property
    def restarts(self) -> int:
        return self.restarted.total()

    @property
    def source(self) -> SourceState:
        """For outputs."""
        why = self.unseen.reason if self.unseen else None
        return SourceState(self.resource.name, why, len(self.records), self.last_contact, self.restarts)

    def put(self, content: bytes | msgspec.Raw, known: wire.Meta) -> None:
        """One object as the watch delivers it."""
        record = self.reading.read(content)
        uid = _one(record, known.uid)
        self.versions[uid] = compact(known.resource_version)
        self._set(uid, record)

    def remove(self, uid: str) -> None:
        self.versions.pop(uid, None)
        self._set(uid, None)

    def fresh(self) -> "Fresh[R]":
        """Begin a list that will replace everything."""
        return Fresh(self)

    def replace(self, fresh: "Fresh[R]", version: str) -> None:
        """Let a finished list take over: what it lacks is deleted."""
        gone = self.records.keys() - fresh.records.keys()
        self.versions, self.version = fresh.versions, version
        for uid in gone:
            self._set(uid, None)
        for uid, record in fresh.records.items():
            self._set(uid, record)

    def clear(self) -> None:
        """The resource is served no more: there is nothing."""
        self.versions, self.version, self.listed_at, self.began = {}, "", None, None
        for uid in tuple(self.records):
            self._set(uid, None)

    def behind(self, listing: Listing) -> set[str]:
        """The uids whose difference from the listing the watch has not explained.

        Events arrive in the order of versions: once one beyond the listing's has come, all before it have.
        """
        mine, theirs = number(self.version), number(listing.version)
        if mine is not None and theirs is not None and mine >= theirs:
            return set()
        lost = {
            uid
            for uid in self.versions.keys() - listing.versions.keys()
            if not listing.namespace or self._namespace(uid) == listing.namespace
        }
        return lost | {uid for uid, version in listing.versions.items() if self.versions.get(uid) != version}

    def _namespace(self, uid: str) -> str:
        meta = getattr(self.records.get(uid), "meta", None)
        return "" if meta is None else str(meta.namespace)

    def _set(self, uid: str, after: R | None) -> None:
        before = self.records.get(uid)
        if before == after:
            return  # the record that others hold stays the same object
        if after is None:
            del self.records[uid]
        else:
            self.records[uid] = after
        self.publish(self.resource, uid, before, after)


class Fresh(Generic[R]):
    """The records of a list that is not finished yet."""

    def __init__(self, store: Store[R]) -> None:
        self._store = store
        self.records: dict[str, R] = {}
        self.versions: dict[str, Version] = {}

    def take(self, items: Iterable[bytes | msgspec.Raw]) -> None:
        """One page."""
        for content in items:
            known = wire.identity(content)
            record = self._store.reading.read(content)
            before = self._store.records.get(known.uid)
            if record == before:
                record = before  # not held twice while the list is read
            uid = _one(record, known.uid)
            self.versions[uid] = compact(known.resource_version)
            if record is not None:
                self.records[uid] = record


def compact(version: str) -> Version:
    """The same version, as it is held for each object."""
    return version if (found := number(version)) is None or str(found) != version else found


def _one(record: object, uid: str) -> str:
    """The record's own text of its uid: every index then holds the same one."""
    meta = getattr(record, "meta", None)
    own = None if meta is None else meta.uid
    return own if isinstance(own, str) and own == uid else uid


def number(version: str) -> int | None:
    """A resourceVersion as a number that grows; None for a server that writes others."""
    return int(version) if version.isascii() and version.isdecimal() else None
