"""
One composite record per workload of a namespace, kept and not rebuilt.

Which objects are workloads, who stands behind them, and which older templates their live Pods still
carry. A live template is left unread only where it is proven to be the workload's own; each proof stands
beside its kind. It must not know what is judged: it only tells what is there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Protocol

from readiness.collectors.fetched import Absent, Pending
from readiness.evidence.objects import Meta, Record, Ref, Unreadable
from readiness.evidence.resources import CONTROLLER_REVISIONS, PODS, REPLICA_SETS, Resource
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import (
    BUILT_IN,
    Child,
    Controller,
    Live,
    Template,
    Workload,
    made_by_built_in,
)

_BODY_OF: Final = {"Pod": PODS, "ReplicaSet": REPLICA_SETS, "ControllerRevision": CONTROLLER_REVISIONS}
CHILDREN: Final = frozenset(_BODY_OF.values())
"""What is held here only: nobody else asks for these objects, and there are more of them than of all others."""

_FEW: Final = 16


class Bodies(Protocol):
    """Objects read by name, beyond the metadata that is watched."""

    def get(self, resource: Resource, namespace: str, name: str, version: str) -> object:
        """Seen, Unseen, or one of the markers Pending and Absent of `fetched`."""
        ...


class _Index:
    """Uids by a key, in tuples while they are few: most are, and a set takes ten times the memory."""

    def __init__(self) -> None:
        self._found: dict[object, tuple[str, ...] | set[str]] = {}

    def put(self, key: object, uid: str, *, present: bool) -> None:
        """An empty set leaves no key behind."""
        found = self._found.get(key, ())
        if (uid in found) is present:
            return
        if isinstance(found, set):
            (found.add if present else found.discard)(uid)
        elif present:
            found = (*found, uid) if len(found) < _FEW else {*found, uid}
        else:
            found = tuple(one for one in found if one != uid)
        if found:
            self._found[key] = found
        else:
            del self._found[key]

    def at(self, key: object) -> list[str]:
        """In a fixed order, so that the order of events shows nowhere."""
        return sorted(self._found.get(key, ()))


class Family:
    """The workloads of one namespace and everything that hangs below them."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._objects: dict[str, Record] = {}
        self._below = _Index()  # by the maker's uid
        self._deployments = _Index()  # by name
        self._stray = _Index()  # Pods of ReplicaSets, by the name that their Deployment must have
        self._unreadable: set[str] = set()
        self._touched: set[str] = set()
        self._composed: dict[str, Workload] = {}
        self._asked: dict[tuple[str, str], str] = {}  # uids by kind and name, of those whose body was asked for

    def touch(self, uid: str, before: Record | None, after: Record | None) -> None:
        """Take in one change; what it may alter is composed anew when it is next asked for."""
        deployments = {one.meta.name for one in (before, after) if one is not None and kind_of(one) == "Deployment"}
        self._mark(uid, deployments)
        if before is not None:
            self._link(uid, before, present=False)
        if after is not None:
            self._link(uid, after, present=True)
        elif before is not None and self._asked.get(key := (kind_of(before), before.meta.name)) == uid:
            del self._asked[key]
        self._mark(uid, deployments)

    def body_changed(self, kind: str, name: str) -> None:
        """A fetched body is there, or differs: what it belongs to is composed anew."""
        uid = self._asked.get((kind, name))
        if uid is not None:
            self._mark(uid, ())

    def asked(self, kind: str, name: str) -> Record | None:
        """The object of that name, if its body was asked for."""
        uid = self._asked.get((kind, name))
        return None if uid is None else self._objects.get(uid)

    def of_kind(self, kind: str) -> dict[str, Record]:
        """Objects by uid."""
        return {uid: record for uid, record in self._objects.items() if kind_of(record) == kind}

    def composed(self) -> Mapping[str, Workload]:
        """Workloads by uid. The same object stands while no part of it changed."""
        while self._touched:
            uid = self._touched.pop()
            workload = self._compose(uid)
            if workload is None:
                self._composed.pop(uid, None)
            elif not _alike(self._composed.get(uid), workload):
                self._composed[uid] = workload
        return MappingProxyType(self._composed)

    def unreadable(self) -> tuple[Unreadable, ...]:
        """Workload objects that do not decode, by themselves: those below a workload are Unseen parts of it."""
        found = (self._objects[uid] for uid in sorted(self._unreadable) if self._root(uid) == uid)
        return tuple(one for one in found if isinstance(one, Unreadable) and one.kind != "ControllerRevision")

    def _link(self, uid: str, record: Record, *, present: bool) -> None:
        kind, owner = kind_of(record), record.meta.owner
        if owner is not None and made_by_built_in(kind, owner):
            self._below.put(owner.uid, uid, present=present)
        if deployment := _deployment_of(record):
            self._stray.put(deployment, uid, present=present)
        if kind == "Deployment":
            self._deployments.put(record.meta.name, uid, present=present)
        if present:
            self._objects[uid] = record
            if isinstance(record, Unreadable):
                self._unreadable.add(uid)
        else:
            self._objects.pop(uid, None)
            self._unreadable.discard(uid)

    def _mark(self, uid: str, deployments: Iterable[str]) -> None:
        """What stands at the top of the object, and of all that it may stand behind: before a change and after it."""
        affected = [uid, *self._below.at(uid), *(pod for name in deployments for pod in self._stray.at(name))]
        self._touched.update(self._root(one) for one in affected)

    def _root(self, uid: str) -> str:
        """The topmost object, found by uid, whose template speaks for this one. At most two steps: no cycle passes."""
        above = self._above(uid)
        while above is not None:
            uid, above = above, self._above(above)
        return uid

    def _above(self, uid: str) -> str | None:
        record = self._objects.get(uid)
        owner = record.meta.owner if record is not None else None
        if record is None or owner is None or not made_by_built_in(kind_of(record), owner):
            return None
        maker = self._objects.get(owner.uid)
        if maker is not None:
            return owner.uid if kind_of(maker) == owner.kind else None
        # A ReplicaSet that is not seen (yet): the Deployment of that name is in the middle of a rollout.
        return next(iter(self._deployments.at(_deployment_of(record))), None)

    def _compose(self, uid: str) -> Workload | None:
        record = self._objects.get(uid)
        if record is None or self._root(uid) != uid:
            return None
        if isinstance(record, Controller):
            finished = record.runs is not None and record.runs.finished
            return None if finished else _Composer(self, uid, record).controller(record)
        if isinstance(record, Child) and record.kind != "ControllerRevision":
            return _Composer(self, uid, record).child(record)
        return None

    def below(self, uid: str, kind: str) -> Iterator[tuple[str, Record]]:
        """What this object has made of one kind, in the order of names."""
        found = ((child, self._objects[child]) for child in self._below.at(uid) if self._above(child) == uid)
        return iter(sorted((pair for pair in found if kind_of(pair[1]) == kind), key=lambda pair: pair[1].meta.name))

    def stray(self, uid: str, deployment: str) -> Iterator[Child]:
        """Pods of this Deployment whose ReplicaSet is not in the store."""
        for pod_uid in self._stray.at(deployment):
            pod = self._objects[pod_uid]
            if isinstance(pod, Child) and self._above(pod_uid) == uid:
                yield pod

    def template(self, record: Record) -> Template | Unseen | Pending | Absent:
        """The body of a Pod, ReplicaSet or ControllerRevision."""
        meta = record.meta
        self._asked[kind_of(record), meta.name] = meta.uid
        found = self._bodies.get(_BODY_OF[kind_of(record)], meta.namespace, meta.name, meta.version)
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
        self._pods: list[Record] = []

    def controller(self, record: Controller) -> Workload:
        match record.kind:
            case "Deployment":
                self._deployment(record)
            case "StatefulSet" | "DaemonSet":
                self._revisions(record)
            case "CronJob":
                self._cron_job()
            case _:
                self._pods.extend(self._pods_below(self._uid))
        return self._workload(record.template, record)

    def child(self, record: Child) -> Workload | None:
        """A Pod or ReplicaSet that is itself judged."""
        if record.kind == "ReplicaSet":
            self._pods.extend(self._pods_below(self._uid))
            if record.meta.owner is not None and not self._pods:
                return None  # an old revision of a foreign controller
        else:
            self._pods.append(record)
        own = self._read(record)
        if isinstance(own, Absent):
            return None  # gone; the watch is about to say so
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
                self._older(replica_set)
        for pod in self._family.stray(self._uid, record.meta.name):
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
        for pod in self._pods:
            if isinstance(pod, Unreadable):
                self._unread(pod)
        for name in sorted({pod.hash for pod in self._pods if isinstance(pod, Child)}):
            if settled and name and name == record.revision:
                continue
            if name and name in revisions:
                self._older(revisions[name])
            else:
                self._unresolved.add(name or "(none)")

    def _cron_job(self) -> None:
        """The template of each unfinished Job is live, whether or not it has Pods yet."""
        for uid, job in self._family.below(self._uid, "Job"):
            if isinstance(job, Unreadable):
                self._unread(job)
            elif isinstance(job, Controller) and not (job.runs and job.runs.finished):
                self._live.append(Live(job.meta.name, job.template))
                self._pods.extend(self._pods_below(uid))

    def _older(self, record: Record) -> None:
        found = self._read(record)
        if isinstance(found, Absent):
            self._unresolved.add(record.meta.name)
        elif not isinstance(found, Pending):
            self._live.append(Live(record.meta.name, found))

    def _unread(self, record: Unreadable) -> None:
        said = f"{record.kind} {record.meta.name}: {record.message}"
        self._live.append(Live(record.meta.name, Unseen(Why.UNREADABLE, said)))

    def _read(self, record: Record) -> Template | Unseen | Pending | Absent:
        found = self._family.template(record)
        self._pending = self._pending or isinstance(found, Pending)
        return found

    def _pods_below(self, uid: str) -> Iterator[Record]:
        return (pod for _, pod in self._family.below(uid, "Pod"))

    def _workload(self, own: Template | Unseen | None, record: Controller | None) -> Workload:
        itself = Ref(kind_of(self._record), self._record.meta.name)
        return Workload(
            uid=self._uid,
            subject=_behind(self._record) or itself,
            object=itself,
            meta=_stateless(self._record.meta),  # a new version of the same content changes nothing
            own=own,
            live=tuple(live for live in self._live if live.template != own),
            unresolved=tuple(sorted(self._unresolved)),
            pending=self._pending,
            oldest_pod=min((pod.meta.created for pod in self._pods if pod.meta.created), default=None),
            pods=len(self._pods),
            replication=record.replication if record else None,
            runs=record.runs if record else None,
        )


def _stateless(meta: Meta) -> Meta:
    return replace(meta, state="") if meta.state else meta


def _alike(before: Workload | None, after: Workload) -> bool:
    """Whether nothing differs but the generation: an annotation raises a Deployment's, and what it led to is composed."""
    if before is None or before == after:
        return before is not None
    meta = replace(before.meta, generation=after.meta.generation, state=after.meta.state)
    return replace(before, meta=meta) == after


def kind_of(record: Record) -> str:
    """The kind of any record that a workload is made of."""
    assert isinstance(record, (Controller, Child, Unreadable))
    return record.kind


def _behind(record: Record) -> Ref | None:
    """The foreign controller of a Job, ReplicaSet or Pod: its name stays where theirs are generated."""
    owner = record.meta.owner
    if owner is None or kind_of(record) not in {"Job", "ReplicaSet", "Pod"}:
        return None
    return None if (owner.group, owner.kind) in BUILT_IN else Ref(owner.kind, owner.name)


def _deployment_of(record: Record) -> str:
    """The name that a Pod's Deployment must have by the name of its ReplicaSet; empty where there is none."""
    owner = record.meta.owner
    if not isinstance(record, Child) or owner is None or (record.kind, owner.kind) != ("Pod", "ReplicaSet"):
        return ""
    deployment, _, suffix = owner.name.rpartition("-")
    return deployment if suffix == record.hash else ""
