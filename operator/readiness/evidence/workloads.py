"""
Workloads, and every template that is live in them.

A workload's own template says what is wanted; a Pod of an older revision still runs the template it was
made from. Both are kept, so that a green answer never speaks for Pods that nobody looked at.
Facts about fields: Kubernetes API reference, core/v1 PodSpec, apps/v1, batch/v1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from readiness.evidence.objects import Meta, Owner, Ref, Unreadable
from readiness.evidence.resources import LIVE_TEMPLATES, Resource
from readiness.evidence.seen import Unseen

BUILT_IN: Final = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("apps", "ReplicaSet"),
        ("batch", "CronJob"),
        ("batch", "Job"),
        ("", "Pod"),
    }
)
"""The built-in kinds, by group: other groups have a StatefulSet or a Job too. Any other controller is known by what it makes."""

_MAKERS: Final = {
    "Pod": frozenset({("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job")}),
    "ReplicaSet": frozenset({("apps", "Deployment")}),
    "ControllerRevision": frozenset({("apps", "StatefulSet"), ("apps", "DaemonSet")}),
    "Job": frozenset({("batch", "CronJob")}),
}


def made_by_built_in(kind: str, owner: Owner | None) -> bool:
    """Whether the owner is of a built-in kind that makes objects of this kind, so that its template speaks for them.

    A reference that no built-in controller would write (from a Pod to a Deployment, say) hides nothing.
    """
    return owner is not None and (owner.group, owner.kind) in _MAKERS.get(kind, frozenset())


@dataclass(frozen=True, slots=True)
class Port:
    """A declared container port."""

    number: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe; `handler` is empty where none is set, `port` is a number or a name where the handler has one."""

    handler: Literal["httpGet", "tcpSocket", "grpc", "exec", ""]
    port: int | str | None = None


@dataclass(frozen=True, slots=True)
class ValueSource:
    """Where an environment variable comes from, other than a literal."""

    kind: Literal["Secret", "ConfigMap", "Field", "ResourceField", "File"]
    name: str = ""
    key: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """One `env` entry: a literal value, or a source."""

    name: str
    value: str = ""
    source: ValueSource | None = None


@dataclass(frozen=True, slots=True)
class VariablesFrom:
    """One `envFrom` entry."""

    kind: Literal["Secret", "ConfigMap"]
    name: str
    prefix: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    """One `volumeMounts` entry; `sub_path` also holds a subPathExpr, with `expression` set."""

    volume: str
    path: str
    sub_path: str = ""
    expression: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a template."""

    name: str
    role: Literal["regular", "sidecar", "init", "ephemeral"] = "regular"
    image: str = ""
    liveness: Probe | None = None
    readiness: Probe | None = None
    startup: Probe | None = None
    ports: tuple[Port, ...] = ()
    run_as_user: int | None = None
    run_as_non_root: bool | None = None
    windows_user: str = ""
    env: tuple[Variable, ...] = ()
    env_from: tuple[VariablesFrom, ...] = ()
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """What a volume shows of one Secret or ConfigMap; no items: every key under its own name."""

    kind: Literal["Secret", "ConfigMap", "CsiSecret"]
    name: str
    items: tuple[tuple[str, str], ...] = ()  # (key, path)
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume: what it projects, or the claim it mounts."""

    name: str
    sources: tuple[VolumeSource, ...] = ()
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A Pod template, or the spec of a Pod that is itself judged."""

    labels: tuple[tuple[str, str], ...] = ()
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    run_as_user: int | None = None
    run_as_non_root: bool | None = None
    windows_user: str = ""
    os: str = ""
    host_users: bool | None = None
    restart_policy: str = "Always"
    service_links: bool = True
    pull_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replication:
    """What makes the claims of a StatefulSet: its claim templates and ordinals."""

    replicas: int
    first_ordinal: int
    claim_templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Runs:
    """What a CronJob or Job says of its runs; absent times are None."""

    suspended: bool = False
    active: int = 0
    last_scheduled: datetime | None = None
    last_succeeded: datetime | None = None
    started: datetime | None = None
    completed: datetime | None = None
    succeeded: bool = False
    failed: bool = False

    @property
    def finished(self) -> bool:
        """Whether this Job has ended, one way or the other."""
        return self.succeeded or self.failed


@dataclass(frozen=True, slots=True)
class Controller:
    """A Deployment, StatefulSet, DaemonSet, CronJob or Job, as watched in full."""

    meta: Meta
    kind: str
    template: Template
    paused: bool = False
    observed_generation: int = 0
    revision: str = ""  # Deployment: annotation deployment.kubernetes.io/revision; StatefulSet: status.updateRevision
    replication: Replication | None = None
    runs: Runs | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A Pod, ReplicaSet or ControllerRevision, as watched by metadata.

    `hash` is pod-template-hash or controller-revision-hash, `revision` a ReplicaSet's revision annotation.
    """

    meta: Meta
    kind: str
    hash: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A template that live Pods still carry and that is not proven to be the workload's own; or a part that is unseen.

    `revision` names where it stands: a ReplicaSet, a ControllerRevision, an unfinished Job.
    """

    revision: str
    template: Template | Unseen


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload and all that is live in it. The same object stands while nothing of it changed.

    `subject` is what a finding names (a foreign controller, else the object itself), `object` the object as read.
    `unresolved` names revisions of live Pods whose template cannot be found; `pending` is true while a template
    is being fetched.
    """

    uid: str
    subject: Ref
    object: Ref
    meta: Meta
    own: Template | Unseen | None  # None: being fetched
    live: tuple[Live, ...] = ()
    unresolved: tuple[str, ...] = ()
    pending: bool = False
    oldest_pod: datetime | None = None
    pods: int = 0
    replication: Replication | None = None
    runs: Runs | None = None

    @property
    def long_running(self) -> bool:
        """Whether it is meant to serve until replaced: no Job, CronJob, or Pod that ends."""
        if self.object.kind in {"Job", "CronJob"}:
            return False
        return not (isinstance(self.own, Template) and self.own.restart_policy != "Always")


@dataclass(frozen=True, slots=True)
class Workloads:
    """The workloads of one namespace that an expectation selects.

    `outside` counts those it does not; `hint` says, where nothing is selected, what is there.
    """

    items: tuple[Workload, ...]
    unreadable: tuple[Unreadable, ...] = ()
    outside: int = 0
    hint: str = ""

    def __iter__(self) -> Iterator[tuple[str, Workload]]:
        """Yield (uid, workload)."""
        return ((workload.uid, workload) for workload in self.items)

    @staticmethod
    def reads(_want: object) -> frozenset[Resource]:
        """What must be watched to know every live template."""
        return LIVE_TEMPLATES


def templates(workload: Workload) -> Iterator[tuple[str, Template]]:
    """Every template that can be read, the workload's own first: (revision, or "" for its own; template)."""
    if isinstance(workload.own, Template):
        yield "", workload.own
    for live in workload.live:
        if isinstance(live.template, Template):
            yield live.revision, live.template


def missing(workload: Workload) -> Iterator[Unseen]:
    """Every template that could not be read, and why."""
    if isinstance(workload.own, Unseen):
        yield workload.own
    for live in workload.live:
        if isinstance(live.template, Unseen):
            yield live.template


_POD_SPEC: Final = {"CronJob": "spec.jobTemplate.spec.template.spec", "Pod": "spec"}


def pod_spec(workload: Workload) -> str:
    """Where the Pod spec stands in the object's manifest, for messages that say what to set."""
    return _POD_SPEC.get(workload.object.kind, "spec.template.spec")


_LISTS: Final = {
    "regular": "containers",
    "sidecar": "initContainers",
    "init": "initContainers",
    "ephemeral": "ephemeralContainers",
}


def container_path(path: str, container: Container) -> str:
    """Where one container stands below the Pod spec, for messages that say what to set."""
    return f"{path}.{_LISTS[container.role]}[{container.name}]"
