"""
Everything seen, indexed by namespace, and one composite record per workload.

Reflectors (or files) write into it, the access gate reads from it, nobody else does. It knows nothing of
reviews: what may be shown to whom is the gate's business.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from readiness.collectors.kept import Kept
from readiness.collectors.projections import PROJECTIONS
from readiness.collectors.workloads import CHILDREN, Bodies, Family
from readiness.evidence.objects import Record, Unreadable
from readiness.evidence.resources import DAEMON_SETS, DEPLOYMENTS, LIVE_TEMPLATES, STATEFUL_SETS, Resource
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Workload

State = Seen[datetime] | Unseen
COMPOSED: Final = CHILDREN | {DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS}
"""What evidence shows as parts of composed workloads only."""
NOWHERE: Final[Mapping[str, Record]] = MappingProxyType({})


class Inventory:
    """The stores of all watched resources."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._records: dict[Resource, dict[str, dict[str, Record]]] = defaultdict(lambda: defaultdict(dict))
        self._names: dict[tuple[Resource, str, str], str] = {}
        self._states: dict[tuple[Resource, str], Callable[[], State]] = {}
        self._families: dict[str, Family] = {}
        self._asked: set[tuple[Resource, str, str]] = set()
        self._kept: dict[str, Kept] = {}
        self._moves: Counter[tuple[Resource, str]] = Counter()

    def apply(self, resource: Resource, uid: str, before: Record | None, after: Record | None) -> frozenset[str] | None:
        """Take in one change; the namespaces whose reviews it concerns (None: all).

        A change of nothing but the version concerns nobody yet: the body that is fetched because of it does.
        """
        for record in () if resource in CHILDREN else (before, after):
            if record is not None:
                self._index(resource, uid, record, present=record is after)
        known = next(record for record in (after, before) if record is not None)
        if resource in LIVE_TEMPLATES:
            self._family(known.meta.namespace).touch(uid, before, after)
        if after is None:
            self._asked.discard((resource, known.meta.namespace, known.meta.name))
        if before is not None and after is not None and _only_version(before, after):
            self._renew(resource, after)
            return frozenset()
        if resource not in COMPOSED:
            self._moves[resource, known.meta.namespace] += 1
        return concerned(resource, before, after)

    def follow(self, resource: Resource, namespace: str, state: Callable[[], State]) -> None:
        """Ask `state` from now on how fresh a watch is; namespace "" stands for all namespaces."""
        self._states[resource, namespace] = state

    def state_changed(self, resource: Resource, namespace: str, state: State) -> None:
        """The same for a source whose freshness does not move by itself."""
        self.follow(resource, namespace, lambda: state)

    def forget(self, resource: Resource, namespace: str) -> None:
        """Drop what an ended watch has shown."""
        self._states.pop((resource, namespace), None)
        for part in [namespace] if namespace else self.namespaces(resource):
            for uid, record in list(self.records(resource, part).items()):
                self.apply(resource, uid, record, None)

    def body_changed(self, resource: Resource, namespace: str, name: str) -> None:
        """A fetched body is there, or differs: the workload it belongs to is composed anew."""
        if resource in CHILDREN:
            self._family(namespace).body_changed(resource.kind, name)
        else:
            self._moves[resource, namespace] += 1

    def moves(self, resource: Resource, namespace: str) -> int:
        """How often a record, or a fetched body, became another one."""
        return self._moves[resource, namespace]

    def state(self, resource: Resource, namespace: str) -> State:
        """Seen (the last contact) or why not, of one resource in one namespace."""
        follow = self._states.get((resource, "")) or self._states.get((resource, namespace))
        if follow is None:
            return Unseen(Why.NOT_SYNCED, f"{resource.name}: the first list is not done", resource.name)
        return follow()

    def records(self, resource: Resource, namespace: str) -> Mapping[str, Record]:
        """Records by uid; cluster-scoped ones stand under namespace ""."""
        if resource in CHILDREN:
            return self._family(namespace).of_kind(resource.kind)
        return self._records[resource].get(namespace, NOWHERE)

    def named(self, resource: Resource, namespace: str, name: str) -> Record | None:
        """The record of that name; of Pods and revisions only of those whose body was asked for."""
        if resource in CHILDREN:
            return self._family(namespace).asked(resource.kind, name)
        uid = self._names.get((resource, namespace, name))
        return None if uid is None else self._records[resource][namespace].get(uid)

    def namespaces(self, resource: Resource) -> Iterable[str]:
        """Namespaces in which the resource has records."""
        if resource in CHILDREN:
            return [namespace for namespace in self._families if self.records(resource, namespace)]
        return [namespace for namespace, records in self._records[resource].items() if records]

    def body(self, resource: Resource, namespace: str, name: str, version: str) -> object:
        """What was fetched by name; see `Bodies.get`."""
        self._asked.add((resource, namespace, name))
        return self._bodies.get(resource, namespace, name, version)

    def kept(self, namespace: str) -> Kept:
        """What gatherers remember of a namespace."""
        return self._kept.setdefault(namespace, Kept())

    def workloads(self, namespace: str) -> Mapping[str, Workload]:
        """Composite records by uid; the same object stands while no part of it changed."""
        return self._family(namespace).composed()

    def unreadable_workloads(self, namespace: str) -> tuple[Unreadable, ...]:
        """Workload objects, and objects below them, that do not decode."""
        return self._family(namespace).unreadable()

    def count(self, resource: Resource) -> int:
        """Number of records of a resource."""
        return sum(len(self.records(resource, namespace)) for namespace in self.namespaces(resource))

    def _index(self, resource: Resource, uid: str, record: Record, *, present: bool) -> None:
        meta = record.meta
        key = (resource, meta.namespace, meta.name)
        if present:
            self._records[resource][meta.namespace][uid] = record
            self._names[key] = uid
            return
        self._records[resource][meta.namespace].pop(uid, None)
        if self._names.get(key) == uid:
            del self._names[key]

    def _renew(self, resource: Resource, record: Record) -> None:
        """Only bodies that somebody asked for before; composing a workload asks by itself."""
        key = (resource, record.meta.namespace, record.meta.name)
        if key in self._asked:
            self._bodies.get(*key, record.meta.version)

    def _family(self, namespace: str) -> Family:
        if namespace not in self._families:
            self._families[namespace] = Family(self._bodies)
        return self._families[namespace]


def concerned(resource: Resource, *records: Record | None) -> frozenset[str] | None:
    """The namespaces whose reviews any of the records concerns; None: all."""
    found: set[str] = set()
    for record in records:
        if record is not None:
            some = _CONCERNS[resource](record)
            if some is None:
                return None
            found |= some
    return frozenset(found)


def shown(resource: Resource, record: Record, namespace: str) -> bool:
    """Whether a record that stands elsewhere may be shown to the reviews of this namespace."""
    some = concerned(resource, record)
    return (some is None or namespace in some) and _IS_ABOUT[resource](record, namespace)


def _only_version(before: Record, after: Record) -> bool:
    return (
        before.meta.version != after.meta.version
        and replace(  # type: ignore[type-var]
            before, meta=replace(before.meta, uid=after.meta.uid, state=after.meta.state)
        )
        == after
    )


_CONCERNS: Final = {projection.resource: projection.concerns for projection in PROJECTIONS}
_IS_ABOUT: Final = {projection.resource: projection.is_about for projection in PROJECTIONS}
