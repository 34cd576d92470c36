"""Parameters of `backups`: how fresh a proof must be, and what counts as one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from readiness.api.v1alpha1.durations import Between, Duration
from readiness.api.v1alpha1.parameters import Parameters, cel, schema, true
from readiness.api.v1alpha1.problems import Flaw
from readiness.api.v1alpha1.words import ObjectName, WorkloadKind

Source = Literal["VolumeSnapshot", "Velero", "CronJob"]

_UNUSED_JOBS = "cronJobs are listed, but provenBy does not name CronJob"
_NOT_OFF_CLUSTER = "with offCluster neither a VolumeSnapshot nor a CronJob nor an indirect proof counts"
_ONLY_VELERO = "acceptIndirect concerns Velero, which provenBy does not name"
_VELERO = "!has(self.provenBy) || 'Velero' in self.provenBy"
_NO_JOBS = "!has(self.cronJobs) || self.cronJobs.size() == 0"


class Covered(Parameters):
    """A workload whose volumes a backup CronJob covers."""

    kind: WorkloadKind
    """The workload's kind."""
    name: ObjectName
    """The workload's name."""


class BackupCronJob(Parameters):
    """A CronJob that makes backups: the author's word and an exit code, the weakest proof."""

    name: ObjectName
    """The CronJob's name."""
    covers: Annotated[tuple[Covered, ...], Field(min_length=1, max_length=32)]
    """The workloads whose volumes it backs up."""


class BackupsExpectation(Parameters):
    """Every persistent volume that a workload uses has a recent, usable backup."""

    model_config = schema(
        cel(
            (f"{_NO_JOBS} || !has(self.provenBy) || 'CronJob' in self.provenBy", _UNUSED_JOBS),
            (f"!{true('acceptIndirect')} || {_VELERO}", _ONLY_VELERO),
            (
                f"!{true('offCluster')} || (({_NO_JOBS}) && !{true('acceptIndirect')} && ({_VELERO}))",
                _NOT_OFF_CLUSTER,
            ),
        )
    )

    max_age: Annotated[Duration, Between("1m", "8784h")] = timedelta(hours=26)
    """How old the backed up data may be. Absent: 26h, a daily backup and two hours to make it."""
    proven_by: Annotated[tuple[Source, ...], Field(min_length=1, max_length=3)] | None = None
    """
    Sources of proof, any of which suffices. Absent: every source that is installed; CronJob only where cronJobs lists
    it.
    """
    claims: Literal["Mounted", "StatefulSets", "Namespace"] = "Mounted"
    """
    Which claims need a backup. Mounted: every claim of a selected workload. StatefulSets: those of selected
    StatefulSets. Namespace: every bound claim. Absent: Mounted.
    """
    replicas: Literal["Every", "One"] = "Every"
    """
    Whether every claim of one claim template needs a proof, or one of them suffices because the replicas hold the
    same data. Absent: Every.
    """
    off_cluster: StrictBool = False
    """
    true: only backups that leave the cluster count, so neither a VolumeSnapshot nor a CronJob nor an indirect proof.
    Absent: false.
    """
    accept_indirect: StrictBool = False
    """true: a Velero backup without a record per volume counts where its numbers leave no doubt. Absent: false."""
    cron_jobs: Annotated[tuple[BackupCronJob, ...], Field(max_length=32)] = ()
    """CronJobs that make backups. Absent: none."""

    def flaws(self) -> Iterator[Flaw]:
        sources = self.proven_by or ("Velero", "CronJob")
        if self.cron_jobs and "CronJob" not in sources:
            yield Flaw("cronJobs", _UNUSED_JOBS, "add CronJob to provenBy, or remove cronJobs")
        if self.accept_indirect and "Velero" not in sources:
            yield Flaw("acceptIndirect", _ONLY_VELERO, "add Velero to provenBy, or remove acceptIndirect")
        if self.off_cluster and (self.cron_jobs or self.accept_indirect or "Velero" not in sources):
            yield Flaw("offCluster", _NOT_OFF_CLUSTER, "name a source that leaves the cluster, or remove offCluster")
