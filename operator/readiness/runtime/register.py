"""
Our own resources as last seen, keyed by uid.

Whatever tells of a review (kopf, the answer to a write, a GET after a conflict) ends here, and the greater
resourceVersion wins. It must not know how anything is judged; it only keeps what is there, as bytes.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import msgspec

from readiness.api.v1alpha1 import review
from readiness.api.v1alpha1.status import Status
from readiness.evidence.resources import Resource

REVIEWS: Final = Resource("readiness.dev", "readinessreviews", "ReadinessReview")
API_VERSION: Final = "readiness.dev/v1alpha1"
_JSON: Final = msgspec.json.Encoder(order="deterministic")


class _Condition(msgspec.Struct):
    type: str
    status: str


class _Said(msgspec.Struct):
    conditions: tuple[_Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One review as last seen.

    Spec and status stay JSON, and deflated, until they are needed: thousands are held, few are judged. Equal bytes are
    equal values.
    """

    uid: str
    namespace: str
    name: str
    generation: int
    version: int  # resourceVersion; the API server's are comparable since v1.35, and were always numbers of etcd
    deleting: bool
    suspended: bool  # as far as the spec can be read; a wrong one is never certified anyway
    spec: bytes
    status: bytes

    def read(self) -> review.Review | review.Invalid:
        """The review, or everything that is wrong with it."""
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": self.generation,
            "resourceVersion": str(self.version),
            **({"deletionTimestamp": "set"} if self.deleting else {}),
        }
        return review.read({"metadata": metadata, "spec": _value(self.spec)})

    def stored(self) -> Status:
        """The status as it stands on the API server."""
        return _read(self.status)

    @property
    def says_ready(self) -> bool:
        """Whether the stored status can be read as a certificate, also where it is not as we write it."""
        try:
            found = msgspec.json.decode(zlib.decompress(self.status), type=_Said).conditions
        except msgspec.ValidationError:
            return True  # nobody knows what a reader takes it for
        return any(one.type == "Ready" and one.status == "True" for one in found)

    def judged_alike(self, other: "Entry") -> bool:
        """Whether the other differs in nothing that a verdict depends on."""
        return self.asked_alike(other) and self.status == other.status

    def asked_alike(self, other: "Entry") -> bool:
        """The same, whatever the status is."""
        return (self.generation, self.deleting, self.spec) == (other.generation, other.deleting, other.spec)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a list of identities showed: reviews that are gone, and those of which a newer version exists."""

    gone: frozenset[str]
    behind: frozenset[str]


class Register:
    """The reviews, by uid and by namespace."""

    def __init__(self, dropped: Callable[[str], None] = lambda _: None) -> None:
        """`dropped` is told the uid of each review that is gone, or whose name another one took."""
        self._dropped = dropped
        self._entries: dict[str, Entry] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._by_namespace: dict[str, set[str]] = {}

    def put(self, raw: Mapping[str, Any]) -> Entry | None:
        """Take in one object; the entry if anything about it is news to a judge, else None.

        An object of the same name with another uid and a greater version takes the place of the older one.
        """
        entry = _entry(raw)
        if entry is None:
            return None
        holder = self._names.get((entry.namespace, entry.name))
        known = self._entries.get(holder) if holder is not None else None
        if known is not None and known.version >= entry.version:
            return None
        if known is not None and known.uid != entry.uid:
            self.drop(known.uid)
            known = None
        if known is not None and known.spec == entry.spec:
            entry = replace(entry, spec=known.spec)  # whoever holds an older entry holds the same bytes
        self._entries[entry.uid] = entry
        self._names[entry.namespace, entry.name] = entry.uid
        self._by_namespace.setdefault(entry.namespace, set()).add(entry.uid)
        return None if known is not None and known.judged_alike(entry) else entry

    def outdate(self, raw: Mapping[str, Any], known: int) -> None:
        """Forget what is known of an object that was read when `known` was its newest version here.

        Only if it is older than that: then the API server's history was replaced, and the older one is the truth.
        """
        entry = _entry(raw)
        if entry is not None and entry.version < known:
            self.drop(entry.uid)

    def drop(self, uid: str) -> bool:
        """Forget a review; whether it was known."""
        entry = self._entries.pop(uid, None)
        if entry is None:
            return False
        if self._names.get((entry.namespace, entry.name)) == uid:
            del self._names[entry.namespace, entry.name]
        of_namespace = self._by_namespace[entry.namespace]
        of_namespace.discard(uid)
        if not of_namespace:
            del self._by_namespace[entry.namespace]
        self._dropped(uid)
        return True

    def entry(self, uid: str) -> Entry | None:
        return self._entries.get(uid)

    def uids(self, namespace: str | None = None) -> frozenset[str]:
        """All reviews, or those of one namespace."""
        return frozenset(self._entries if namespace is None else self._by_namespace.get(namespace, ()))

    def compare(self, known_before: frozenset[str], listed: Mapping[str, int]) -> Comparison:
        """Hold a list of uid -> version against what is known.

        Only a review that was known *before* the list began, and that the list lacks, is gone: one that came
        meanwhile may be younger than the list.
        """
        gone = frozenset(uid for uid in known_before if uid in self._entries and uid not in listed)
        behind = frozenset(
            uid for uid, version in listed.items() if uid not in self._entries or self._entries[uid].version < version
        )
        return Comparison(gone, behind)

    def versions(self) -> dict[str, int]:
        """The newest version of each review, by uid."""
        return {uid: entry.version for uid, entry in self._entries.items()}

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)


def version_of(raw: Mapping[str, Any]) -> int:
    """An object's version, as entries hold it."""
    return int(raw["metadata"]["resourceVersion"])


def status_of(raw: Mapping[str, Any]) -> bytes:
    """An object's status, as entries hold it."""
    return _kept(raw.get("status") or {})


def _kept(value: object) -> bytes:
    return _deflated(_JSON.encode(value))


@lru_cache(maxsize=64)
def _deflated(text: bytes) -> bytes:
    """A status of 8 KB shrinks to a fifth. What is written is seen again: in the answer, and by the watch."""
    return zlib.compress(text, 1)


@lru_cache(maxsize=16)
def _read(kept: bytes) -> Status:
    """The judge, the desk and the writer ask for the same one, one after the other."""
    return Status.read(_value(kept))


def _value(kept: bytes) -> Any:
    return msgspec.json.decode(zlib.decompress(kept))


def _entry(raw: Mapping[str, Any]) -> Entry | None:
    meta, spec = raw.get("metadata") or {}, raw.get("spec")
    try:
        version = version_of(raw)
        uid, name = str(meta["uid"]), str(meta["name"])
    except (KeyError, TypeError, ValueError):
        return None  # no object of an API server
    return Entry(
        uid=uid,
        namespace=str(meta.get("namespace", "")),
        name=name,
        generation=int(meta.get("generation") or 0),
        version=version,
        deleting=meta.get("deletionTimestamp") is not None,
        suspended=isinstance(spec, Mapping) and bool(spec.get("suspend")),
        spec=_kept(spec),
        status=status_of(raw),
    )
