"""
One composite record per workload of a namespace, kept and not rebuilt.

Which objects are workloads, who stands behind them, and which older templates their live Pods still
carry. A live template is left unread only where it is proven to be the workload's own; each proof stands
beside its kind. It must not know what is judged: it only tells what is there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from readiness.collectors.fetched import Absent, Pending
from readiness.evidence.objects import Record, Ref, Unreadable
from readiness.evidence.resources import CONTROLLER_REVISIONS, PODS, REPLICA_SETS, Resource
from readiness.evidence.seen import Seen, Unseen
from readiness.evidence.workloads import CONTROLLER_KINDS, Child, Controller, Live, Template, Workload

_BODY_OF: Final = {"Pod": PODS, "ReplicaSet": REPLICA_SETS, "ControllerRevision": CONTROLLER_REVISIONS}


class Bodies(Protocol):
    """Objects read by name, beyond the metadata that is watched."""

    def get(self, resource: Resource, namespace: str, name: str, version: str) -> object:
        """Seen, Unseen, or one of the markers Pending and Absent of `fetched`."""
        ...


class Family:
    """The workloads of one namespace and everything that hangs below them."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._objects: dict[str, Record] = {}
        self._children: defaultdict[str, set[str]] = defaultdict(set)
        self._by_name: dict[tuple[str, str], str] = {}
        self._adrift: defaultdict[str, set[str]] = defaultdict(set)
        self._touched: set[str] = set()
        self._composed: dict[str, Workload] = {}
        self._unreadable: dict[str, Unreadable] = {}

    def touch(self, uid: str, before: Record | None, after: Record | None) -> None:
        """Take in one change; what it may alter is composed anew when it is next asked for."""
        self._mark(uid)
        if before is not None:
            self._link(uid, before, present=False)
        if after is not None:
            self._link(uid, after, present=True)
        self._mark(uid)

    def composed(self) -> Mapping[str, Workload]:
        """Workloads by uid. The same object stands while no part of it changed."""
        while self._touched:
            uid = self._touched.pop()
            record = self._objects.get(uid)
            workload = None if record is None or self._root(uid) != uid else self._compose(uid, record)
            if workload is None:
                self._composed.pop(uid, None)
            elif self._composed.get(uid) != workload:
                self._composed[uid] = workload
        return MappingProxyType(self._composed)

    def unreadable(self) -> tuple[Unreadable, ...]:
        """Objects that do not decode; whatever hangs below them is unknown."""
        return tuple(self._unreadable.values())

    def _link(self, uid: str, record: Record, *, present: bool) -> None:
        change = set.add if present else set.discard
        owner = record.meta.owner
        if owner is not None:
            change(self._children[owner.uid], uid)
            if not present and not self._children[owner.uid]:
                del self._children[owner.uid]
        if isinstance(record, Child) and record.kind == "Pod" and owner is not None and owner.kind == "ReplicaSet":
            change(self._adrift[owner.name.removesuffix(f"-{record.hash}")], uid)
        name = (_kind(record), record.meta.name)
        if present:
            self._objects[uid] = record
            self._by_name[name] = uid
            if isinstance(record, Unreadable):
                self._unreadable[uid] = record
        else:
            self._objects.pop(uid, None)
            self._unreadable.pop(uid, None)
            if self._by_name.get(name) == uid:
                del self._by_name[name]

    def _mark(self, uid: str) -> None:
        """The object, what is above it, and what is below it (their roots may change with it)."""
        record = self._objects.get(uid)
        self._touched.add(uid)
        self._touched.add(self._root(uid))
        if record is not None and _kind(record) == "Deployment":
            self._touched |= self._adrift.get(record.meta.name, set())
        for child in self._children.get(uid, ()):
            self._touched.add(child)
            self._touched |= self._children.get(child, set())

    def _root(self, uid: str) -> str:
        """The topmost object of a built-in kind that stands behind this one, found by uid."""
        record = self._objects.get(uid)
        owner = record.meta.owner if record is not None else None
        if record is None or owner is None:
            return uid
        if owner.uid in self._objects:
            return self._root(owner.uid)
        if isinstance(record, Child) and record.kind == "Pod" and owner.kind == "ReplicaSet":
            # Its ReplicaSet is not seen (yet): the Deployment of that name is in the middle of a rollout.
            return self._by_name.get(("Deployment", owner.name.removesuffix(f"-{record.hash}")), uid)
        return uid

    def _compose(self, uid: str, record: Record) -> Workload | None:
        if isinstance(record, Controller):
            if record.runs is not None and record.runs.finished:
                return None
            return _Composer(self, uid, record).controller(record)
        if isinstance(record, Child) and record.kind != "ControllerRevision":
            return _Composer(self, uid, record).child(record)
        return None

    def below(self, uid: str, kind: str) -> Iterator[tuple[str, Record]]:
        """Children of one kind, in the order of their names."""
        found = [(child, self._objects[child]) for child in self._children.get(uid, ()) if child in self._objects]
        return iter(sorted((pair for pair in found if _kind(pair[1]) == kind), key=lambda pair: pair[1].meta.name))

    def adrift(self, deployment: str) -> Iterator[Child]:
        """Pods of that Deployment whose ReplicaSet is not in the store."""
        for uid in sorted(self._adrift.get(deployment, ())):
            pod = self._objects[uid]
            if isinstance(pod, Child) and pod.meta.owner is not None and pod.meta.owner.uid not in self._objects:
                yield pod

    def template(self, record: Record) -> Template | Unseen | Pending | Absent:
        """The body of a Pod, ReplicaSet or ControllerRevision."""
        meta = record.meta
        found = self._bodies.get(_BODY_OF[_kind(record)], meta.namespace, meta.name, meta.version)
        if isinstance(found, Seen):
            assert isinstance(found.value, Template)
            return found.value
        assert isinstance(found, (Unseen, Pending, Absent))
        return found


class _Composer:
    """Gathers the parts of one workload."""

    def __init__(self, family: Family, uid: str, record: Record) -> None:
        self._family = family
        self._uid = uid
        self._record = record
        self._live: list[Live] = []
        self._unresolved: set[str] = set()
        self._pending = False
        self._pods: list[Child] = []

    def controller(self, record: Controller) -> Workload:
        match record.kind:
            case "Deployment":
                self._deployment(record)
            case "StatefulSet" | "DaemonSet":
                self._revisions(record)
            case "CronJob":
                self._cron_job()
        return self._workload(record.template, record)

    def child(self, record: Child) -> Workload | None:
        """A Pod or ReplicaSet that is itself a subject."""
        if record.kind == "ReplicaSet":
            self._pods.extend(self._pods_below(self._uid))
            if record.meta.owner is not None and not self._pods:
                return None  # an old revision of a foreign controller
        else:
            self._pods.append(record)
        own = self._read(record)
        if isinstance(own, Absent):
            return None
        return self._workload(None if isinstance(own, Pending) else own, None)

    def _deployment(self, record: Controller) -> None:
        """Own: not paused, observed, and the ReplicaSet carries the Deployment's revision.

        A paused Deployment keeps its old ReplicaSet whatever its template says.
        """
        settled = not record.paused and record.observed_generation == record.meta.generation and record.revision
        for uid, replica_set in self._family.below(self._uid, "ReplicaSet"):
            pods = list(self._pods_below(uid))
            if not pods:
                continue
            self._pods.extend(pods)
            if not (settled and isinstance(replica_set, Child) and replica_set.revision == record.revision):
                self._older(replica_set.meta.name, replica_set)
        for pod in self._family.adrift(record.meta.name):
            self._pods.append(pod)
            self._unresolved.add(pod.hash or pod.meta.name)

    def _revisions(self, record: Controller) -> None:
        """Own: only of a StatefulSet that is observed and whose update revision the Pod carries.

        A DaemonSet's rollback re-uses an old revision, so that nothing proves which one is its own.
        """
        settled = record.kind == "StatefulSet" and record.observed_generation == record.meta.generation
        revisions: dict[str, Record] = {}
        for _, revision in self._family.below(self._uid, "ControllerRevision"):
            revisions[revision.meta.name] = revision
            if record.kind == "DaemonSet" and isinstance(revision, Child):
                revisions[revision.hash] = revision
        self._pods.extend(self._pods_below(self._uid))
        for name in sorted({pod.hash for pod in self._pods}):
            if settled and name and name == record.revision:
                continue
            if name in revisions:
                self._older(revisions[name].meta.name, revisions[name])
            else:
                self._unresolved.add(name or "none")

    def _cron_job(self) -> None:
        for _, job in self._family.below(self._uid, "Job"):
            if isinstance(job, Controller) and not (job.runs and job.runs.finished):
                self._live.append(Live(f"Job {job.meta.name}", job.template))

    def _older(self, name: str, record: Record) -> None:
        found = self._read(record)
        if isinstance(found, Absent):
            self._unresolved.add(name)
        elif not isinstance(found, Pending):
            self._live.append(Live(name, found))

    def _read(self, record: Record) -> Template | Unseen | Pending | Absent:
        found = self._family.template(record)
        self._pending = self._pending or isinstance(found, Pending)
        return found

    def _pods_below(self, uid: str) -> Iterator[Child]:
        return (pod for _, pod in self._family.below(uid, "Pod") if isinstance(pod, Child))

    def _workload(self, own: Template | Unseen | None, record: Controller | None) -> Workload:
        meta, owner = self._record.meta, self._record.meta.owner
        itself = Ref(_kind(self._record), meta.name)
        foreign = owner is not None and owner.kind not in CONTROLLER_KINDS
        return Workload(
            uid=self._uid,
            subject=Ref(owner.kind, owner.name) if owner is not None and foreign else itself,
            object=itself,
            meta=meta,
            own=own,
            live=tuple(live for live in self._live if live.template != own),
            unresolved=tuple(sorted(self._unresolved)),
            pending=self._pending,
            oldest_pod=min((pod.meta.created for pod in self._pods if pod.meta.created), default=None),
            pods=len(self._pods),
            replication=record.replication if record else None,
            runs=record.runs if record else None,
        )


def _kind(record: Record) -> str:
    assert isinstance(record, (Controller, Child, Unreadable))
    return record.kind
