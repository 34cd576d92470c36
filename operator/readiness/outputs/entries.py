"""
The part of a status that answers area by area: what a reader needs to act, and no more.

A met expectation is one line; findings are shared out over the expectations, so that a bad one cannot hide another.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from readiness.api.v1alpha1.status import AreaStatus, Counts, ExpectationStatus, FindingStatus, Status
from readiness.expectations.finding import Finding, Outcome
from readiness.judgement import tally
from readiness.judgement.areas import AreaVerdict, ExpectationVerdict
from readiness.judgement.certificate import whole
from readiness.outputs.text import clean

FINDINGS: Final = 40
"""At most so many in one review."""


def areas(verdicts: tuple[AreaVerdict, ...], before: Status, now: datetime) -> tuple[AreaStatus, ...]:
    """The entries of all areas; an outcome that stands since before keeps its `since`."""
    every = [(area.name, one) for area in verdicts for one in area.expectations]
    urgency = sorted(range(len(every)), key=lambda index: _urgency(every[index][1]))
    shares = iter(share([len(one.findings) for _, one in every], FINDINGS, urgency))
    stored = {(area.name, one.name): one for area in before.areas for one in area.expectations}
    return tuple(
        AreaStatus(
            name=area.name,
            outcome=area.outcome,
            expectations=tuple(
                _expectation(one, next(shares), _since(one, stored.get((area.name, one.name)), now))
                for one in area.expectations
            ),
        )
        for area in verdicts
    )


def share(sizes: Sequence[int], limit: int, order: Sequence[int] | None = None) -> list[int]:
    """How many each may show when all together show at most `limit`: one each in turn, until all are served."""
    given = [0] * len(sizes)
    left = min(limit, sum(sizes))
    while left:
        for index in order if order is not None else range(len(sizes)):
            if left and given[index] < sizes[index]:
                given[index] += 1
                left -= 1
    return given


def _urgency(one: ExpectationVerdict) -> tuple[bool, int]:
    return (not one.blocking, -one.outcome.badness)


def _since(one: ExpectationVerdict, then: ExpectationStatus | None, now: datetime) -> datetime:
    return then.since if then is not None and then.outcome == one.outcome and then.since is not None else now


def _expectation(one: ExpectationVerdict, shown: int, since: datetime) -> ExpectationStatus:
    counts = one.counts
    if one.outcome is Outcome.MET:
        return ExpectationStatus(
            name=one.name,
            outcome=one.outcome,
            reason=one.reason,
            message=clean(one.message, 256) or None,
            met=counts.met,
            excepted=counts.excepted or None,
            evidence_time=whole(one.oldest_proof) if one.oldest_proof else None,
        )
    return ExpectationStatus(
        name=one.name,
        kind=one.kind,
        severity=one.severity,
        outcome=one.outcome,
        reason=one.reason,
        message=clean(one.message, 256) or None,
        since=since,
        counts=_counts(counts) if counts.deciding or counts.excepted else None,
        runbook=clean(one.runbook, 512) or None,
        findings=tuple(_finding(finding) for finding in one.findings[:shown]),
        findings_omitted=counts.unmet + counts.unknown - shown if one.findings else None,
    )


def _counts(counts: tally.Counts) -> Counts:
    return Counts(met=counts.met, unmet=counts.unmet, unknown=counts.unknown, excepted=counts.excepted)


def _finding(finding: Finding) -> FindingStatus:
    subject = finding.subject
    return FindingStatus(
        kind=clean(subject.kind, 63),
        name=clean(subject.name, 253),
        container=clean(subject.container, 63) or None,
        item=clean(subject.item, 512) or None,
        outcome=finding.outcome,
        reason=finding.reason,
        message=clean(finding.message, 256),
    )
