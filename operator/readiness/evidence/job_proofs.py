"""
What a backup CronJob proves: that a Job the author calls a backup ended with exit code 0. The weakest proof.

It names workloads, not volumes, so that a run before the claim was made says nothing of it. That the CronJob is
suspended now changes nothing about what its runs have saved; age does.
"""

from collections.abc import Iterator

from readiness.evidence.attempts import Account, Attempt, State
from readiness.evidence.backups import BackupJob, BackupJobs, Claim
from readiness.evidence.workloads import Controller


def account(claim: Claim, told: BackupJobs) -> Account:
    """The CronJobs that cover a workload of this claim; several are any-of."""
    covering = [item for item in told.items if item.covers & claim.known]
    attempts = tuple(attempt for item in covering for attempt in _attempts(claim, item))
    blind = tuple(unseen for item in covering for unseen in item.blind)
    return Account("CronJob", attempts, blind, _note(covering))


def _note(covering: list[BackupJob]) -> str:
    absent = [item.name for item in covering if item.record is None and not item.blind]
    if absent:
        return f"{absent[0]} does not exist"
    return "" if covering else "none covers it"


def _attempts(claim: Claim, item: BackupJob) -> Iterator[Attempt]:
    if item.record is None:
        return
    attempts = [_of_job(item, job) for job in item.jobs]
    if not any(one.state is State.PROVEN for one in attempts):
        attempts += _of_status(item)
    for one in attempts:
        if claim.created is None or one.at is None:
            said = "a creationTimestamp is absent, so it may be older than the claim"
            yield Attempt(State.INDIRECT, "CronJob", one.name, one.at, said)
        elif one.at >= claim.created:
            yield one


def _of_job(item: BackupJob, job: Controller) -> Attempt:
    """The time of the data is when the Job began."""
    runs = job.runs
    state = State.RUNNING
    if runs is not None and runs.finished:
        state = State.PROVEN if runs.succeeded else State.FAILED
    began = (runs.started if runs is not None else None) or job.meta.created
    return Attempt(state, "CronJob", item.name, began, _said(item, state))


def _of_status(item: BackupJob) -> Iterator[Attempt]:
    """Where no succeeded Job is left: the earlier of two times, since a Job made by hand moves the one of success."""
    runs = item.record.runs if item.record else None
    if runs is not None and runs.last_succeeded is not None:
        at = min(runs.last_succeeded, runs.last_scheduled or runs.last_succeeded)
        yield Attempt(State.PROVEN, "CronJob", item.name, at, _said(item, State.PROVEN))


def _said(item: BackupJob, state: State) -> str:
    suspended = item.record is not None and item.record.runs is not None and item.record.runs.suspended
    if state is State.FAILED:
        return "its Job failed"
    return "it is suspended now" if suspended else ""
