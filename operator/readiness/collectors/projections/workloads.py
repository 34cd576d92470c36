"""
Controllers in full, their Pods and revisions by metadata, and the bodies that are fetched by name.

Fields: Kubernetes API reference, apps/v1 and batch/v1 (read at v1.36). A ControllerRevision's `data` is a
patch whose `spec.template` is the whole template (kubernetes pkg/controller/{statefulset,daemon}).
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec

from readiness.collectors.projections.pods import TemplateStruct, template
from readiness.collectors.projections.projection import Instant, MetaStruct, Projection, Struct, labels_of, meta_of
from readiness.evidence.objects import Record
from readiness.evidence.resources import (
    CONTROLLER_REVISIONS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Resource,
)
from readiness.evidence.workloads import Child, Controller, Replication, Runs, Template, made_by_built_in

_REVISION: Final = "deployment.kubernetes.io/revision"
_HASHES: Final = {
    "pods": ("controller-revision-hash", "pod-template-hash"),
    "replicasets": ("pod-template-hash",),
    "controllerrevisions": ("controller-revision-hash", "controller.kubernetes.io/hash"),
}


class _Ordinals(Struct):
    start: int = 0


class _ClaimTemplate(Struct):
    metadata: MetaStruct


class _ControllerSpec(Struct):
    template: TemplateStruct
    replicas: int | None = None
    paused: bool = False
    ordinals: _Ordinals | None = None
    volume_claim_templates: list[_ClaimTemplate] | None = None


class _ControllerStatus(Struct):
    observed_generation: int = 0
    update_revision: str = ""


class _ControllerStruct(Struct):
    metadata: MetaStruct
    spec: _ControllerSpec
    status: _ControllerStatus | None = None


class _JobSpec(Struct):
    template: TemplateStruct
    suspend: bool = False


class _JobTemplate(Struct):
    spec: _JobSpec


class _CronJobSpec(Struct):
    job_template: _JobTemplate
    suspend: bool = False


class _CronJobStatus(Struct):
    last_schedule_time: Instant | None = None
    last_successful_time: Instant | None = None
    active: list[dict[str, object]] | None = None


class _CronJobStruct(Struct):
    metadata: MetaStruct
    spec: _CronJobSpec
    status: _CronJobStatus | None = None


class _JobCondition(Struct):
    type: str = ""
    status: str = ""
    last_transition_time: Instant | None = None


class _JobStatus(Struct):
    start_time: Instant | None = None
    completion_time: Instant | None = None
    active: int = 0
    conditions: list[_JobCondition] | None = None


class _JobStruct(Struct):
    metadata: MetaStruct
    spec: _JobSpec
    status: _JobStatus | None = None


class _MetadataOnly(Struct):
    metadata: MetaStruct


class _Body(Struct):
    """A ReplicaSet or Job: its template is where a controller's is."""

    spec: _ControllerSpec


class _RevisionData(Struct):
    spec: _ControllerSpec


class _RevisionBody(Struct):
    data: _RevisionData


def _controller(resource: Resource) -> Callable[[bytes], Record]:
    decoder = msgspec.json.Decoder(_ControllerStruct)

    def decode(raw: bytes) -> Controller:
        one = decoder.decode(raw)
        status = one.status or _ControllerStatus()
        stateful = resource is STATEFUL_SETS
        return Controller(
            meta=meta_of(one.metadata, resource),
            kind=resource.kind,
            template=template(one.spec.template),
            paused=one.spec.paused,
            observed_generation=status.observed_generation,
            revision=status.update_revision
            if stateful
            else sys.intern((one.metadata.annotations or {}).get(_REVISION, "")),
            replication=_replication(one.spec) if stateful else None,
        )

    return decode


def _replication(spec: _ControllerSpec) -> Replication:
    return Replication(
        replicas=1 if spec.replicas is None else spec.replicas,
        first_ordinal=spec.ordinals.start if spec.ordinals else 0,
        claim_templates=tuple(claim.metadata.name for claim in spec.volume_claim_templates or ()),
    )


def _cron_job(raw: bytes) -> Controller:
    one = _CRON_JOB.decode(raw)
    status = one.status or _CronJobStatus()
    return Controller(
        meta=meta_of(one.metadata, CRON_JOBS),
        kind="CronJob",
        template=template(one.spec.job_template.spec.template),
        runs=Runs(
            suspended=one.spec.suspend,
            active=len(status.active or ()),
            last_scheduled=status.last_schedule_time,
            last_succeeded=status.last_successful_time,
        ),
    )


def _job(raw: bytes) -> Controller:
    one = _JOB.decode(raw)
    status = one.status or _JobStatus()
    true = {
        condition.type: condition.last_transition_time
        for condition in status.conditions or ()
        if condition.status == "True"
    }
    return Controller(
        meta=meta_of(one.metadata, JOBS),
        kind="Job",
        template=template(one.spec.template),
        runs=Runs(
            suspended=one.spec.suspend,
            active=status.active,
            started=status.start_time,
            completed=status.completion_time or true.get("Complete"),
            succeeded="Complete" in true,
            failed="Failed" in true,
        ),
    )


def _child(resource: Resource) -> Callable[[bytes], Record]:
    decoder = msgspec.json.Decoder(_MetadataOnly)
    hashes = _HASHES[resource.plural]

    def decode(raw: bytes) -> Child:
        struct = decoder.decode(raw).metadata
        labels = struct.labels or {}
        meta = meta_of(struct, resource, labels=())
        # Labels below a built-in controller decide nothing (the controller's own do) and would cost memory for every Pod.
        owned = made_by_built_in(resource.kind, meta.owner)
        return Child(
            meta=meta if owned else replace(meta, labels=labels_of(labels)),
            kind=resource.kind,
            hash=sys.intern(next((labels[name] for name in hashes if name in labels), "")),
            revision=sys.intern((struct.annotations or {}).get(_REVISION, "")),
        )

    return decode


def _replica_set_body(raw: bytes) -> Template:
    return template(_BODY.decode(raw).spec.template)


def _revision_body(raw: bytes) -> Template:
    return template(_REVISION_BODY.decode(raw).data.spec.template)


def _pod_body(raw: bytes) -> Template:
    return template(_POD_BODY.decode(raw))


_CRON_JOB: Final = msgspec.json.Decoder(_CronJobStruct)
_JOB: Final = msgspec.json.Decoder(_JobStruct)
_BODY: Final = msgspec.json.Decoder(_Body)
_REVISION_BODY: Final = msgspec.json.Decoder(_RevisionBody)
_POD_BODY: Final = msgspec.json.Decoder(TemplateStruct)

PROJECTIONS: Final = (
    *(Projection(resource, _controller(resource)) for resource in (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)),
    Projection(CRON_JOBS, _cron_job),
    Projection(JOBS, _job),
    *(Projection(resource, _child(resource)) for resource in (REPLICA_SETS, CONTROLLER_REVISIONS, PODS)),
)

BODIES: Final[dict[Resource, Callable[[bytes], object]]] = {
    REPLICA_SETS: _replica_set_body,
    CONTROLLER_REVISIONS: _revision_body,
    PODS: _pod_body,
}
