"""
A finding: the outcome for one subject under one expectation.

Kinds make findings and nothing else. What a finding leads to is judgement's business.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from readiness.api.v1alpha1.reasons import Reason
from readiness.evidence.objects import Ref, Unreadable
from readiness.evidence.seen import Unseen, Why
from readiness.evidence.workloads import Workload, missing


class Outcome(StrEnum):
    """What is known of a statement. Anything not proven is Unknown."""

    MET = "Met"
    UNMET = "Unmet"
    UNKNOWN = "Unknown"
    NOT_APPLICABLE = "NotApplicable"  # of an expectation, and only where its author asked for it

    @property
    def badness(self) -> int:
        """Greater is worse: what decides where several things are one."""
        return _BADNESS[self]


_BADNESS = {Outcome.NOT_APPLICABLE: 0, Outcome.MET: 1, Outcome.UNKNOWN: 2, Outcome.UNMET: 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject's outcome.

    `holds_until` is the instant at which it could change by mere passing of time; `evidence_time` the time that
    the proof itself states; `unseen` the evidence that was missing, where that is why it is Unknown.
    """

    subject: Ref
    outcome: Outcome
    reason: str
    message: str = ""
    holds_until: datetime | None = None
    evidence_time: datetime | None = None
    unseen: Unseen | None = None


def met(
    subject: Ref,
    reason: str,
    message: str = "",
    *,
    holds_until: datetime | None = None,
    evidence_time: datetime | None = None,
) -> Finding:
    """The statement holds for this subject. Such findings are many and are remembered; undated ones say the same."""
    said = sys.intern(message) if evidence_time is None else message
    return Finding(subject, Outcome.MET, reason, said, holds_until, evidence_time)


def unmet(subject: Ref, reason: str, message: str, *, holds_until: datetime | None = None) -> Finding:
    """The statement does not hold; the message says what was seen, what was expected, what to do."""
    return Finding(subject, Outcome.UNMET, reason, message, holds_until)


def unknown(subject: Ref, reason: str, message: str, *, holds_until: datetime | None = None) -> Finding:
    """It cannot be told; the message says why and what to do."""
    return Finding(subject, Outcome.UNKNOWN, reason, message, holds_until)


def unseen(subject: Ref, source: Unseen) -> Finding:
    """It cannot be told because evidence is missing."""
    return Finding(subject, Outcome.UNKNOWN, source.reason, source.message, unseen=source)


def unreadable(thing: Unreadable) -> Finding:
    """An object that does not decode: one Unknown finding of each review that selects it."""
    return unseen(Ref(thing.kind, thing.meta.name), Unseen(Why.UNREADABLE, thing.message))


def gaps(workload: Workload) -> Iterator[Finding]:
    """What every kind that judges live templates must add: revisions whose template nobody could read."""
    for revision in workload.unresolved:
        yield unknown(
            workload.subject,
            Reason.ROLLOUT_IN_PROGRESS,
            f"live Pods carry revision {revision}, whose template is not (yet) to be found",
        )
    for absent in missing(workload):
        yield unseen(workload.subject, absent)


def at_revision(found: Iterable[Finding], workload: Workload, revision: str) -> Iterator[Finding]:
    """Name the object and the revision in each finding that is not met, where they are not plain from the subject."""
    if not revision and workload.object == workload.subject:
        yield from found  # most
        return
    said = " of ".join(
        part
        for part in (
            _called(workload, revision),
            f"{workload.object}" if workload.object != workload.subject else "",
        )
        if part
    )
    for finding in found:
        yield replace(finding, message=f"{said}: {finding.message}") if said and finding.message else finding


def _called(workload: Workload, revision: str) -> str:
    kind = "Job" if workload.object.kind == "CronJob" else "revision"
    return f"{kind} {revision}" if revision else ""


def worst(findings: Iterable[Finding], order: tuple[str, ...] = ()) -> Finding:
    """The finding that decides where several stand for one subject: by outcome, then by the kind's order of reasons.

    Its `holds_until` is the earliest of all, its evidence time the oldest of those that share its outcome.
    """
    ranked = sorted(findings, key=lambda finding: _rank(finding, order))
    chosen = ranked[0]
    alike = [finding for finding in ranked if finding.outcome == chosen.outcome]
    until = min((f.holds_until for f in ranked if f.holds_until), default=None)
    proof = min((f.evidence_time for f in alike if f.evidence_time), default=None)
    return replace(chosen, holds_until=until, evidence_time=proof)


def _rank(finding: Finding, order: tuple[str, ...]) -> tuple[int, bool, int]:
    """Worst first. Lost evidence comes last within its outcome: a certificate may outlive it, but no other doubt."""
    lost = finding.unseen is not None and finding.unseen.reason.holds
    return -finding.outcome.badness, lost, order.index(finding.reason) if finding.reason in order else -1


def one_per_subject(findings: Iterable[Finding], order: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Merge findings that name the same subject into the worst of them, in order of first appearance."""
    by_subject: dict[Ref, Finding] = {}
    alike: dict[Ref, list[Finding]] = {}
    for finding in findings:
        first = by_subject.setdefault(finding.subject, finding)
        if first is not finding:
            alike.setdefault(finding.subject, [first]).append(finding)
    by_subject.update((subject, worst(several, order)) for subject, several in alike.items())
    return tuple(by_subject.values())
