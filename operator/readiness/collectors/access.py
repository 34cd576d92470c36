"""
The one gate that every read for a review passes.

A review sees its own namespace. Another namespace is visible only where an administrator listed it and the
resource in settings, and then only the objects that say they concern the review's namespace. A cluster-scoped
object is visible only by a reference from the review's namespace. A refused read answers the same whether
or not the object exists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from readiness.collectors.inventory import COMPOSED, Inventory, shown
from readiness.evidence.objects import Record, Unreadable
from readiness.evidence.resources import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, LIVE_TEMPLATES, Resource
from readiness.evidence.secrets import ExternalSecret, cluster_stores
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Workload

NOBODY: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


def _named_by_external_secret(record: Record) -> frozenset[str]:
    return cluster_stores(record) if isinstance(record, ExternalSecret) else frozenset()


BY_NAME: Final[Mapping[Resource, tuple[Resource, Callable[[Record], frozenset[str]]]]] = MappingProxyType(
    {CLUSTER_SECRET_STORES: (EXTERNAL_SECRETS, _named_by_external_secret)}
)
"""Cluster-scoped resources that cannot confirm a reference: shown to whoever has an object that names them exactly."""


_IN_ORDER: Final = tuple(sorted(LIVE_TEMPLATES, key=lambda one: one.name))


@dataclass(frozen=True, slots=True)
class WorkloadsSeen:
    """Every workload of a namespace, by uid, and the objects that do not decode."""

    by_uid: Mapping[str, Workload]
    unreadable: tuple[Unreadable, ...]


class Gate:
    """Hands out views; `evidence_namespaces` is namespace -> resource names (`backups.velero.io`)."""

    def __init__(
        self,
        inventory: Inventory,
        evidence_namespaces: Mapping[str, frozenset[str]] = NOBODY,
        served: Callable[[Resource], object] | None = None,
    ) -> None:
        """`served` tells (as Unseen) that a resource is not installed, also where it is watched nowhere."""
        self._inventory = inventory
        self._listed = evidence_namespaces
        self._served = served

    def view(self, namespace: str) -> "View":
        """What the reviews of one namespace may see."""
        return View(namespace, self._inventory, self._listed, self._served)


class View:
    """The only read handle that evidence is gathered through. It speaks of one moment: ask for another one later."""

    def __init__(
        self,
        namespace: str,
        inventory: Inventory,
        listed: Mapping[str, frozenset[str]],
        served: Callable[[Resource], object] | None = None,
    ) -> None:
        self.namespace: Final = namespace
        self.kept: Final = inventory.kept(namespace)
        self._inventory = inventory
        self._listed = listed
        self._served = served
        self._workloads: Seen[WorkloadsSeen] | Unseen | None = None

    def records(self, resource: Resource) -> Seen[Mapping[str, Record]] | Unseen:
        """Records of a namespaced resource in the review's own namespace, by uid; workloads are asked for by themselves."""
        assert resource not in COMPOSED, resource
        state = self._inventory.state(resource, self.namespace)
        if isinstance(state, Unseen):
            return state
        return Seen(self._inventory.records(resource, self.namespace), state.as_of)

    def named(self, resource: Resource, name: str) -> Record | None:
        """One record of the review's own namespace; ask `records` whether it was seen at all."""
        return self._inventory.named(resource, self.namespace, name)

    def body(self, resource: Resource, name: str, version: str) -> object:
        """An object of the review's own namespace as fetched by name: Seen, Unseen, Pending or Absent."""
        return self._inventory.body(resource, self.namespace, name, version)

    def workloads(self) -> Seen[WorkloadsSeen] | Unseen:
        """Every workload of the namespace; needed as a whole, so that one lost watch loses all."""
        if self._workloads is None:
            self._workloads = self._all_workloads()
        return self._workloads

    def _all_workloads(self) -> Seen[WorkloadsSeen] | Unseen:
        oldest: datetime | None = None
        for resource in _IN_ORDER:
            state = self._inventory.state(resource, self.namespace)
            if isinstance(state, Unseen):
                return state
            oldest = state.as_of if oldest is None else min(oldest, state.as_of)
        assert oldest is not None
        found = self._inventory.workloads(self.namespace)
        return Seen(WorkloadsSeen(found, self._inventory.unreadable_workloads(self.namespace)), oldest)

    def listed_namespaces(self, resource: Resource) -> tuple[str, ...]:
        """Namespaces, other than the review's own, that an administrator listed for this resource."""
        return tuple(
            sorted(ns for ns, names in self._listed.items() if resource.name in names and ns != self.namespace)
        )

    def elsewhere(self, resource: Resource, namespace: str) -> Seen[Mapping[str, Record]] | Unseen:
        """Records in a listed namespace, and of these only what concerns the review's own namespace."""
        if namespace not in self.listed_namespaces(resource):
            return Unseen(Why.NOT_ALLOWED, f"{resource.name} of other namespaces are not allowed here", resource.name)
        state = self._inventory.state(resource, namespace)
        if isinstance(state, Unseen):
            return state
        own = {
            uid: record
            for uid, record in self._inventory.records(resource, namespace).items()
            if shown(resource, record, self.namespace)
        }
        return Seen(own, state.as_of)

    def referred(self, resource: Resource, name: str) -> Seen[Record | None] | Unseen:
        """A cluster-scoped object by a reference from the review's namespace, None where it must not be shown.

        Shown is only what says (by `concerns`) that it is about this namespace, or what concerns all of them; and where
        it cannot say so, only what an object of this namespace really names.
        """
        state = self._inventory.state(resource, "")
        if isinstance(state, Unseen):
            return state
        record = self._inventory.named(resource, "", name)
        visible = record is not None and shown(resource, record, self.namespace) and self._names(resource, name)
        return Seen(record if visible else None, state.as_of)

    def _names(self, resource: Resource, name: str) -> bool:
        if resource not in BY_NAME:
            return True
        referring, named_by = BY_NAME[resource]
        return any(name in named_by(one) for one in self._inventory.records(referring, self.namespace).values())

    def moves(self, resource: Resource, namespace: str) -> int:
        """A number that is another one once a record or a body of it, watched in that namespace, is another one.

        Of what workloads are composed of it stays 0: they are told apart as objects.
        """
        if resource in COMPOSED:
            return 0
        part = (namespace or self.namespace) if resource.namespaced else ""
        return self._inventory.moves(resource, part)

    def not_installed(self, resource: Resource) -> Unseen | None:
        """Why a resource is served nowhere. That is no secret, so that it is told before any namespace is listed."""
        state = self._inventory.state(resource, "") if self._served is None else self._served(resource)
        return state if isinstance(state, Unseen) and state.reason is Why.NOT_INSTALLED else None
