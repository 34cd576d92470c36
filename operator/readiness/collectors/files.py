"""
The same inventory, filled from YAML documents: for offline reviews and for examples.

What an API server would add is added here: a uid, a generation, a namespace. A resource of which there is no
object is seen and empty, except the optional sources of backup proofs: those are then not installed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from readiness.collectors.fetched import Absent
from readiness.collectors.inventory import Inventory
from readiness.collectors.projections import BODIES, BY_RESOURCE
from readiness.collectors.wire import OBJECT_LIMIT, Misfit
from readiness.evidence.objects import Record
from readiness.evidence.resources import PODS, Resource
from readiness.evidence.seen import Seen, Unseen, Why

OPTIONAL_GROUPS: Final = frozenset({"snapshot.storage.k8s.io", "velero.io"})
"""Groups whose absence says that a source of proofs is not installed, not that it is empty."""

Document = Mapping[str, Any]


@dataclass
class FileBodies:
    """Bodies by name, as the API server would answer them."""

    as_of: datetime
    raw: dict[tuple[Resource, str, str], bytes] = field(default_factory=dict)

    def get(self, resource: Resource, namespace: str, name: str, version: str) -> object:
        """Seen, or Absent where the documents hold no such object."""
        del version
        found = self.raw.get((resource, namespace, name))
        if found is None:
            return Absent(self.as_of)
        try:
            return Seen(BODIES[resource](found), self.as_of)
        except Misfit as error:
            return Unseen(Why.UNREADABLE, f"{resource.kind} {name} does not decode: {error}", resource.name)


class FileWorld:
    """An inventory that holds what the documents say, all of it as of one instant."""

    def __init__(
        self,
        as_of: datetime,
        *,
        namespace: str = "default",
        allowed: Iterable[str] = (),
        unseen: Mapping[str, Unseen] | None = None,
    ) -> None:
        """`allowed`: resource names that settings list; `unseen`: resources that could not be seen, by name."""
        self.as_of = as_of
        self.bodies = FileBodies(as_of)
        self.inventory = Inventory(self.bodies)
        self._namespace = namespace
        self._groups: set[str] = {_group(name) for name in allowed}
        self._unseen = dict(unseen or {})

    def add(self, document: Document) -> bool:
        """Take in one object; whether it is of a resource that evidence is read from."""
        group = str(document.get("apiVersion", "")).rpartition("/")[0]
        resource = _BY_KIND.get((group, str(document.get("kind", ""))))
        if resource is None:
            return False
        self._groups.add(group)
        if resource is PODS and _finished(document):
            return True
        completed = _completed(document, resource, self._namespace)
        raw = msgspec.json.encode(completed)
        meta = completed["metadata"]
        if resource in BODIES:
            self.bodies.raw[resource, meta.get("namespace", ""), meta["name"]] = raw
        self.inventory.apply(resource, meta["uid"], None, _decode(resource, raw))
        return True

    def sealed(self) -> Inventory:
        """The inventory, once every document is in: from here on it says of each resource whether it was seen."""
        for resource in BY_RESOURCE:
            absent = resource.group in OPTIONAL_GROUPS and resource.group not in self._groups
            state: Seen[datetime] | Unseen = Seen(self.as_of, self.as_of)
            if absent:
                state = Unseen(Why.NOT_INSTALLED, f"{resource.name}: the files hold no object of it", resource.name)
            self.inventory.state_changed(resource, "", self._unseen.get(resource.name, state))
        return self.inventory


def misfit(document: Document) -> str | None:
    """
    Why no API server would hold the object, with the path of the field; None too where evidence is not read from it.

    Only Kubernetes' own kinds: what a projection cannot read of a custom resource, its schema may allow.
    """
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    resource = _BY_KIND.get((group, str(document.get("kind", ""))))
    if resource is None:
        return None
    raw = msgspec.json.encode(_completed(document, resource, ""))
    if len(raw) > OBJECT_LIMIT:
        return "is larger than 1.5 MiB, more than an API server stores"
    try:
        BY_RESOURCE[resource].decode(raw)
        if resource in BODIES:
            BODIES[resource](raw)
    except Misfit as error:
        said, _, place = str(error).partition(" - at `$")
        path = place.removesuffix("`").removeprefix(".") or "the object"
        readable = BY_RESOURCE[resource].unreadable(raw, "") is not None
        return f"{path}: {said}" if "." not in group or not readable else None
    return None


def _completed(document: Document, resource: Resource, namespace: str) -> dict[str, Any]:
    """With what an API server adds; it drops the namespace of what is in none."""
    meta = {key: value for key, value in (document.get("metadata") or {}).items() if value is not None}
    if resource.namespaced:
        meta["namespace"] = meta.get("namespace") or namespace
    else:
        meta.pop("namespace", None)
    name = f"{resource.group}/{resource.kind}/{meta.get('namespace', '')}/{meta.get('name', '')}"
    meta["uid"] = meta.get("uid") or name
    meta.setdefault("generation", 1)
    return {**document, "metadata": meta}


def _decode(resource: Resource, raw: bytes) -> Record:
    projection = BY_RESOURCE[resource]
    try:
        return projection.decode(raw)
    except Misfit as error:
        unreadable = projection.unreadable(raw, f"{resource.kind} does not decode: {error}")
        if unreadable is None:
            raise
        return unreadable


def _finished(pod: Document) -> bool:
    """Whether the watch's field selector would leave this Pod out."""
    status = pod.get("status")
    return isinstance(status, Mapping) and status.get("phase") in ("Succeeded", "Failed")


def _group(resource_name: str) -> str:
    return resource_name.partition(".")[2]


_BY_KIND: Final = {(resource.group, resource.kind): resource for resource in BY_RESOURCE}
