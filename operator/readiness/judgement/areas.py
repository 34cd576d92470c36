"""
Findings rolled up: one outcome for each expectation, one for each area.

It knows nothing of certificates, of what stood before, or of any kind beyond the order of its reasons.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.review import Area, ExceptionEntry, Expectation
from readiness.evidence.seen import Unseen
from readiness.expectations import table
from readiness.expectations.finding import Finding, Outcome
from readiness.judgement.assess import Assessed, Split, excepted
from readiness.judgement.tally import Counts, Tally, count, distinct

NEEDS_A_PERSON: Final = frozenset(
    {Reason.FORBIDDEN, Reason.NOT_INSTALLED, Reason.NOT_ALLOWED, Reason.EVALUATION_FAILED}
)
"""Unknown for one of these, an expectation stays so until somebody acts."""


class Severity(StrEnum):
    """Whether an expectation can hold a review back."""

    BLOCKING = "Blocking"
    ADVISORY = "Advisory"


@dataclass(frozen=True, slots=True)
class ExpectationVerdict:
    """The answer to one expectation.

    `findings` are those that are neither met nor excepted, worst first, no more than a status can list; `counts` is
    exact. `enforce_from` is set while the expectation is announced. `met_until` bounds a certificate, `changes_at` is
    the next instant at which the answer could change by itself. `gaps` are the sources that were not seen; `lost`:
    it is Unknown for nothing but gaps that an earlier certificate may outlive for a while.
    """

    name: str
    kind: str
    severity: Severity
    outcome: Outcome
    reason: str
    message: str = ""
    counts: Counts = field(default=Counts())
    findings: tuple[Finding, ...] = ()
    runbook: str = ""
    enforce_from: datetime | None = None
    oldest_proof: datetime | None = None
    met_until: datetime | None = None
    changes_at: datetime | None = None
    gaps: tuple[Unseen, ...] = ()
    lost: bool = False
    needs_a_person: bool = False

    @property
    def blocking(self) -> bool:
        return self.severity is Severity.BLOCKING


@dataclass(frozen=True, slots=True)
class AreaVerdict:
    """The answer to one area; it becomes the condition of type `condition`."""

    name: str
    condition: str
    owner: str
    outcome: Outcome
    reason: Reason
    message: str
    expectations: tuple[ExpectationVerdict, ...]

    def blocking(self, outcome: Outcome) -> tuple[ExpectationVerdict, ...]:
        """The expectations that can hold the review back and have this outcome."""
        return tuple(one for one in self.expectations if one.blocking and one.outcome is outcome)


def judge(expectation: Expectation, assessed: Assessed, now: datetime) -> ExpectationVerdict:
    """The answer to one expectation: what decides is what no entry excepts."""
    kind, _ = expectation.check.one()
    split = excepted(assessed.findings, expectation.exceptions)
    tally = count(split.deciding, len(split.excepted), table.by_name(kind).reasons, now)
    gaps = distinct((*tally.gaps, *((assessed.unseen,) if assessed.unseen else ())))
    outcome, reason, said = _outcome(expectation, assessed, tally)
    severity = severity_at(expectation, now)
    announced = expectation.enforce_from if expectation.enforce_from and severity is Severity.ADVISORY else None
    unknown = outcome is Outcome.UNKNOWN
    return ExpectationVerdict(
        name=expectation.name,
        kind=kind,
        severity=severity,
        outcome=outcome,
        reason=reason,
        message="; ".join(part for part in (said, *_asides(assessed, split, outcome, announced)) if part),
        counts=tally.counts,
        findings=tally.worst,
        runbook=expectation.runbook or "",
        enforce_from=announced,
        oldest_proof=tally.oldest_proof,
        met_until=tally.met_until,
        changes_at=tally.changes_at,
        gaps=gaps,
        lost=unknown and _only_lost(assessed, tally),
        needs_a_person=unknown and bool(NEEDS_A_PERSON & {reason, *tally.unknown_reasons, *(g.reason for g in gaps)}),
    )


def roll_up(area: Area, owner: str, verdicts: tuple[ExpectationVerdict, ...]) -> AreaVerdict:
    """The worst of what blocks; with nothing that blocks, met in name only."""
    deciding = [one.outcome for one in verdicts if one.blocking and one.outcome is not Outcome.NOT_APPLICABLE]
    outcome = max(deciding, key=lambda one: one.badness, default=Outcome.MET)
    reason = _AREA_REASONS[outcome] if deciding else Reason.ADVISORY_ONLY
    verdict = AreaVerdict(area.name, area.condition_type, area.owner or owner, outcome, reason, "", verdicts)
    return replace(verdict, message=_area_message(verdict))


def unjudged(area: Area, owner: str, reason: Reason, now: datetime) -> AreaVerdict:
    """An area that nobody looked at: all of it Unknown, for the review's reason."""
    verdicts = tuple(
        ExpectationVerdict(
            one.name, one.check.one()[0], severity_at(one, now), Outcome.UNKNOWN, reason, runbook=one.runbook or ""
        )
        for one in area.expectations
    )
    said = f"not judged: {reason}"
    return AreaVerdict(area.name, area.condition_type, area.owner or owner, Outcome.UNKNOWN, reason, said, verdicts)


def without_findings(area: AreaVerdict) -> AreaVerdict:
    """The same answer, with the counts alone."""
    return replace(area, expectations=tuple(replace(one, findings=()) for one in area.expectations))


def severity_at(expectation: Expectation, now: datetime) -> Severity:
    """An announced expectation blocks from the very instant that it names."""
    announced = expectation.enforce_from is not None and now < expectation.enforce_from
    return Severity.ADVISORY if announced else Severity(expectation.severity)


def listed(verdicts: tuple[ExpectationVerdict, ...]) -> str:
    """`non-root (1 of 14 containers unmet); probes (...)`."""
    return "; ".join(f"{one.name} ({one.message})" if one.message else one.name for one in verdicts)


_AREA_REASONS: Final = {
    Outcome.MET: Reason.EXPECTATIONS_MET,
    Outcome.UNMET: Reason.BLOCKING_FINDINGS,
    Outcome.UNKNOWN: Reason.EVIDENCE_UNAVAILABLE,
}


def _outcome(expectation: Expectation, assessed: Assessed, tally: Tally) -> tuple[Outcome, str, str]:
    """(outcome, reason, message). What could not be seen never hides an unmet finding, nor passes as nothing there."""
    counts = tally.counts
    if counts.unmet:
        more = f", {counts.unknown} unknown" if counts.unknown else ""
        return Outcome.UNMET, tally.worst[0].reason, f"{counts.unmet} of {counts.deciding} {tally.noun} unmet{more}"
    if assessed.raised is not None:
        failure = type(assessed.raised).__name__
        return Outcome.UNKNOWN, Reason.EVALUATION_FAILED, f"the check itself failed ({failure}): report this defect"
    if assessed.unseen is not None:
        return Outcome.UNKNOWN, assessed.unseen.reason, assessed.unseen.message
    if counts.unknown:
        return Outcome.UNKNOWN, tally.worst[0].reason, f"{counts.unknown} of {counts.deciding} {tally.noun} unknown"
    if not counts.met:
        return Outcome(expectation.when_nothing_selected), Reason.NOTHING_SELECTED, _nothing(counts, assessed.hint)
    return Outcome.MET, tally.met_reason, ""


def _nothing(counts: Counts, hint: str) -> str:
    if counts.excepted:
        return f"all {counts.excepted} subjects are excepted: nothing is left to judge"
    return f"nothing to judge: {hint}" if hint else "nothing to judge"


def _only_lost(assessed: Assessed, tally: Tally) -> bool:
    """Whether every doubt is a lost source; nothing selected, or a kind that raised, is no such thing."""
    doubts = tally.counts.unknown > 0 or assessed.unseen is not None
    held = assessed.unseen is None or assessed.unseen.reason.holds
    return doubts and held and assessed.raised is None and not tally.unexplained


def _asides(assessed: Assessed, split: Split, outcome: Outcome, announced: datetime | None) -> tuple[str, ...]:
    """What stands beside the outcome: exceptions at work, exceptions that match nothing, enforcement to come."""
    judged = assessed.raised is None and assessed.unseen is None
    told = outcome in {Outcome.UNMET, Outcome.UNKNOWN}
    return (
        f"{len(split.excepted)} excepted" if split.excepted and split.deciding and told else "",
        _idle(split.idle) if split.idle and judged else "",
        f"advisory until {instants.text(announced)}" if announced and told else "",
    )


def _idle(entries: tuple[ExceptionEntry, ...]) -> str:
    first = " ".join(
        part for entry in entries[:1] for part in (entry.kind, entry.name, entry.container, entry.item) if part
    )
    more = f" and {len(entries) - 1} more match" if len(entries) > 1 else " matches"
    return f"except {first}{more} nothing"


def _area_message(area: AreaVerdict) -> str:
    """Which expectations decide; where all is met, which advisory ones are not."""
    if area.outcome is not Outcome.MET:
        return listed(area.blocking(area.outcome))
    met = len(area.blocking(Outcome.MET))
    said = "no expectation of this area blocks" if area.reason is Reason.ADVISORY_ONLY else f"{met} of {met} met"
    bad = tuple(one for one in area.expectations if not one.blocking and one.outcome.badness > Outcome.MET.badness)
    return f"{said}; advisory: {listed(bad)}" if bad else said
