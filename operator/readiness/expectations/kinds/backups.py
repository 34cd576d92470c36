"""
Every persistent volume that a workload uses has a recent, usable backup.

That a schedule exists, or that one was triggered, restores nothing. What counts is that the data of this very volume
was copied not long ago, and that the copy can still be used.

Reads: the claims that live templates mount and StatefulSets make for every ordinal, and of each source that counts:
VolumeSnapshots with their contents; Velero's Backups, their records of single volumes, and their locations, only from
namespaces that an administrator listed; Jobs of the CronJobs that the author names.
Unmet: one finding per claim of a workload. A claim that one seen source proves is met whatever the others say; one
that none proves is unmet only if every source was seen.
The age is that of the data: when the snapshot was taken, when the Velero Backup or the Job began. A proof that knows
the claim by name alone must be younger than the claim.
Silent: on generic ephemeral volumes, on databases outside the cluster, on whether a restore works.
Known limits: a VolumeSnapshot lies in the storage system that it protects (see offCluster). Velero copies volumes of
Running Pods only, and removes the VolumeSnapshots it makes. A Velero Backup that does not decode is not seen at all. A
CronJob's proof is its author's word and an exit code. Under `replicas: One` each claim takes the best outcome among
its replicas.

Example:
    - name: volumes-backed-up
      check: {backups: {maxAge: 26h, provenBy: [VolumeSnapshot, Velero]}}
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from readiness.api.v1alpha1 import durations, instants
from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.api.v1alpha1.reasons import Reason
from readiness.evidence import job_proofs, snapshot_proofs, velero_proofs
from readiness.evidence.attempts import Account, Attempt, State, own
from readiness.evidence.backups import Backups, Claim, Snapshots, Told, Velero
from readiness.evidence.objects import Ref
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.expectations.finding import Finding, Outcome, gaps, met, unknown, unmet, unreadable, unseen

LOST: Final = "VolumeLost"  # the claim has lost its volume
REPLACED: Final = "VolumeReplaced"  # what was backed up is an older volume of the same name
FAILED: Final = "BackupFailed"  # the newest attempt failed, or runs for longer than maxAge
PARTIAL: Final = "BackupPartial"  # the newest attempt failed in part
UNUSABLE: Final = "BackupUnusable"  # the newest backup was made, and cannot be used
TOO_OLD: Final = "BackupTooOld"  # the newest backup's data is older than maxAge
MISSING: Final = "BackupMissing"  # no source knows of any attempt
UNVERIFIED: Final = "LocationUnverified"  # Velero has not looked yet whether the location is there
INDIRECT: Final = "ProofIndirect"  # a backup may hold the volume, but says so nowhere
PENDING: Final = "PVCPending"  # the claim is not there, or not bound
NOT_YET: Final = "NoBackupYet"  # the claim is younger than maxAge, and nobody has tried yet
RUNNING: Final = "BackupRunning"  # the first attempt is under way
YOUNGER: Final = "YoungerThanMaxAge"  # made by scaling up, and backed up with its proven siblings next time
JOB_SUCCEEDED: Final = "BackupJobSucceeded"  # a CronJob that covers the workload succeeded
PROVEN: Final = "BackupProven"  # a recent, usable backup of this volume is there
REASONS: Final = (
    LOST,
    REPLACED,
    FAILED,
    PARTIAL,
    UNUSABLE,
    TOO_OLD,
    MISSING,
    UNVERIFIED,
    INDIRECT,
    PENDING,
    NOT_YET,
    RUNNING,
    YOUNGER,
    JOB_SUCCEEDED,
    PROVEN,
)

_SKEW: Final = timedelta(minutes=1)
_NAME: Final = 72  # letters of a name in a message
_NO_SOURCE: Final = Unseen(
    Why.NOT_INSTALLED, "no source of proofs is installed here: install VolumeSnapshot or Velero, or list cronJobs"
)
_MAYBE: Final = {
    State.INDIRECT: INDIRECT,
    State.UNVERIFIED: UNVERIFIED,
    State.UNCLEAR: Reason.STATUS_NOT_UNDERSTOOD,
}
_ENDED: Final = {
    State.RUNNING: (FAILED, "runs for longer than maxAge: find out what holds it"),
    State.FAILED: (FAILED, "failed: find out why, and run it again"),
    State.PARTIAL: (PARTIAL, "failed in part: find out why, and run it again"),
    State.UNUSABLE: (UNUSABLE, "cannot be used: make a new one"),
}


def evaluate(want: BackupsExpectation, seen: Backups, now: datetime) -> Iterator[Finding]:
    """Judge each claim by its own proofs, then those without any by their siblings."""
    for thing in seen.unreadable:
        yield unreadable(thing)
    for workload in seen.deciding:
        yield from gaps(workload)
    found = _judged(_Bench(want, seen, now))
    if want.replicas == "One":
        found = _at_best(seen.claims, found)
    for claim in seen.claims:
        for subject in claim.subjects:
            yield replace(found[claim.name], subject=subject)


def _judged(bench: "_Bench") -> dict[str, Finding]:
    """One finding per claim, by its name. Siblings are asked in the order in which they were made."""
    claims = bench.seen.claims
    found = {claim.name: finding for claim in claims if (finding := bench.by_itself(claim)) is not None}
    left = [claim for claim in claims if claim.name not in found]
    for claim in sorted(left, key=lambda one: (one.created or bench.now, one.name)):
        found[claim.name] = bench.by_siblings(claim, found)
    return found


def _at_best(claims: Sequence[Claim], found: dict[str, Finding]) -> dict[str, Finding]:
    """Of claims that hold the same data, none leads to anything worse than the best of those in use."""
    families: defaultdict[str, list[str]] = defaultdict(list)
    for claim in claims:
        if claim.family and claim.subjects:
            families[claim.family].append(claim.name)
    raised = dict(found)
    for names in families.values():
        best = min(names, key=lambda name: found[name].outcome.badness)
        for name in names:
            if found[name].outcome is not found[best].outcome:
                raised[name] = replace(found[best], message=f"replica {best}: {found[best].message}")
    return raised


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every claim is judged with."""

    want: BackupsExpectation
    seen: Backups
    now: datetime

    def by_itself(self, claim: Claim) -> Finding | None:
        """By its own state and proofs; None where nothing is known of any attempt at it."""
        subject = _subject(claim)
        if claim.unreadable is not None:
            return unseen(subject, claim.unreadable)
        accounts = self._accounts(claim)
        return (
            self._unfit(subject, claim)
            or self._proven(subject, accounts)
            or self._unseen(subject, accounts)
            or self._perhaps(subject, accounts)
            or self._ended(subject, accounts)
            or self._replaced(subject, accounts)
        )

    def by_siblings(self, claim: Claim, found: Mapping[str, Finding]) -> Finding:
        """No attempt at it is known: the claim may be too young for one."""
        subject, created = _subject(claim), claim.created
        accounts = self._accounts(claim)
        looked = f"looked at {_listed(accounts)}"
        if created is None or self.now - created >= self.want.max_age:
            return unmet(subject, MISSING, f"no proof younger than {self._age}; {looked}")
        at, until = instants.text(created), created + self.want.max_age
        if self._scaled_up(claim, created, found) and not any(account.attempts for account in accounts):
            said = f"made at {at} by scaling up; the claims of the older replicas are proven"
            return met(subject, YOUNGER, said, holds_until=until)
        if any(one.owner and one.owner == claim.owner and _is_met(one, found) for one in self.seen.claims):
            return unmet(subject, MISSING, f"no proof younger than {self._age}, though siblings have one; {looked}")
        return unknown(subject, NOT_YET, f"made at {at}, no attempt is known yet; {looked}", holds_until=until)

    def _scaled_up(self, claim: Claim, created: datetime, found: Mapping[str, Finding]) -> bool:
        """Whether it is the newest replica's: above all that are older, and those that are in use are proven."""
        if claim.record is None or claim.record.data_source or claim.ordinal is None:
            return False
        mates = [one for one in self.seen.claims if one.family == claim.family and one.record and one is not claim]
        older = [one for one in mates if one.created is None or one.created < created]
        used = [one for one in older if one.subjects]
        below = all(one.ordinal is not None and one.ordinal < claim.ordinal for one in older)
        return bool(used) and below and all(_is_met(one, found) for one in used)

    @property
    def _age(self) -> str:
        return durations.text(self.want.max_age)

    def _accounts(self, claim: Claim) -> tuple[Account, ...]:
        """What each seen source says of this claim."""
        seen = [one.value for _, one in self.seen.told(self.want) if isinstance(one, Seen)]
        return tuple(self._account(claim, told) for told in seen)

    def _account(self, claim: Claim, told: Told) -> Account:
        if isinstance(told, Snapshots):
            return snapshot_proofs.account(claim, told, self.now)
        if isinstance(told, Velero):
            return velero_proofs.account(velero_proofs.Asked(claim, self.seen.namespace, self.want, self.now), told)
        return job_proofs.account(claim, told)

    def _is_future(self, at: datetime | None) -> bool:
        return at is not None and at - self.now > _SKEW

    def _is_fresh(self, one: Attempt) -> bool:
        return one.at is None or self.now - one.at < self.want.max_age

    def _until(self, one: Attempt) -> datetime | None:
        """When its age, or it itself, ends what it says now."""
        ends = [one.until, one.at + self.want.max_age if one.at else None]
        return min((end for end in ends if end is not None), default=None)

    def _unfit(self, subject: Ref, claim: Claim) -> Finding | None:
        """A claim without a volume, which no backup can be of."""
        if claim.record is None:
            return unknown(subject, PENDING, "the claim does not exist: nothing has made it yet, or it was deleted")
        if self._is_future(claim.created):
            return unknown(subject, Reason.TIME_IN_FUTURE, "the claim's creationTimestamp is in the future")
        phase = claim.record.phase
        if phase == "Lost":
            return unmet(subject, LOST, "the claim has lost its volume (phase Lost): restore the data into a new claim")
        if phase in {"", "Pending"}:
            return unknown(subject, PENDING, "the claim is not bound to a volume: see its Events")
        if phase != "Bound":
            return unknown(subject, Reason.STATUS_NOT_UNDERSTOOD, "the claim's phase is none of Pending, Bound, Lost")
        return None

    def _proven(self, subject: Ref, accounts: tuple[Account, ...]) -> Finding | None:
        """By a proof that is not only an author's word, where there is one, and by the one that stands longest."""
        proofs = [
            one
            for one in own(accounts)
            if one.state is State.PROVEN and one.at and self._is_fresh(one) and not self._is_future(one.at)
        ]
        if not proofs:
            return None
        best = max(proofs, key=lambda one: (one.source != "CronJob", self._until(one), one.name))
        reason = JOB_SUCCEEDED if best.source == "CronJob" else PROVEN
        return met(subject, reason, _told(best), holds_until=self._until(best), evidence_time=best.at)

    def _unseen(self, subject: Ref, accounts: tuple[Account, ...]) -> Finding | None:
        """Whatever the others say: what was not seen might prove it. What was lost goes before what never was."""
        told = list(self.seen.told(self.want))
        absent = [one for _, one in told if isinstance(one, Unseen)]
        absent += [one for account in accounts for one in account.blind]
        if not told:
            return unseen(subject, _NO_SOURCE)
        if not absent:
            return None
        source = next((one for one in absent if one.reason.holds), absent[0])
        looked = f"no proof younger than {self._age} in {_listed(accounts)}; " if accounts else ""
        return unseen(subject, replace(source, message=f"{looked}{source.message}"))

    def _perhaps(self, subject: Ref, accounts: tuple[Account, ...]) -> Finding | None:
        """Attempts that may be proofs."""
        for one in own(accounts):
            if one.at and self._is_future(one.at):
                said = f"{_told(one)}: that is in the future, so a clock is wrong"
                return unknown(subject, Reason.TIME_IN_FUTURE, said, holds_until=one.at - _SKEW)
        maybe = [one for one in own(accounts) if one.state in _MAYBE and self._is_fresh(one)]
        if not maybe:
            return None
        newest = _newest(maybe)
        return unknown(subject, _MAYBE[newest.state], _told(newest), holds_until=self._until(newest))

    def _ended(self, subject: Ref, accounts: tuple[Account, ...]) -> Finding | None:
        """No proof is recent: the newest attempt that is over decides, and one that runs only if there is no other."""
        running = [one for one in own(accounts) if one.state is State.RUNNING and self._is_fresh(one)]
        over = [one for one in own(accounts) if one not in running]
        if over:
            newest = _newest(over)
            if newest.state in _ENDED:
                reason, said = _ENDED[newest.state]
                return unmet(subject, reason, f"{_told(newest)} {said}")
            said = f"{_told(newest)} is the newest and older than {self._age}: find out why none followed"
            return unmet(subject, TOO_OLD, said)
        if running:
            newest = _newest(running)
            said = f"{_told(newest)} runs, and there is no earlier one of this claim"
            return unknown(subject, RUNNING, said, holds_until=self._until(newest))
        return None

    def _replaced(self, subject: Ref, accounts: tuple[Account, ...]) -> Finding | None:
        found = [one for account in accounts for one in account.attempts if one.state is State.REPLACED]
        if not found:
            return None
        return unmet(subject, REPLACED, f"{_told(_newest(found))}: back up the volume that is there now")


def _subject(claim: Claim) -> Ref:
    return claim.subjects[0] if claim.subjects else Ref("PersistentVolumeClaim", claim.name)


def _is_met(claim: Claim, found: Mapping[str, Finding]) -> bool:
    return claim.name in found and found[claim.name].outcome is Outcome.MET


def _newest(attempts: Sequence[Attempt]) -> Attempt:
    return max(attempts, key=lambda one: (one.at is not None, one.at, one.name))


def _listed(accounts: tuple[Account, ...]) -> str:
    return ", ".join(str(account) for account in accounts)


def _told(one: Attempt) -> str:
    """`Velero velero/nightly-7 of 2026-11-21T01:00:00Z (it has expired)`."""
    name = one.name if len(one.name) <= _NAME else f"{one.name[: _NAME - 3]}..."
    at = f" of {instants.text(one.at)}" if one.at else ""
    return f"{one.source} {name}{at}{f' ({one.said})' if one.said else ''}"
