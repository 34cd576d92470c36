"""
The findings of one expectation, counted in one pass: a namespace may hold ten thousand subjects.

It knows what findings are, and nothing of severities, areas or certificates.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readiness.evidence.seen import Unseen
from readiness.expectations.finding import Finding, Outcome

SHOWN: Final = 40
"""A review's status lists no more findings than this, so none of its expectations needs to keep more."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Subjects by outcome; excepted ones decide nothing and stand in no other count."""

    met: int = 0
    unmet: int = 0
    unknown: int = 0
    excepted: int = 0

    @property
    def deciding(self) -> int:
        return self.met + self.unmet + self.unknown


@dataclass(frozen=True, slots=True)
class Tally:
    """What a list of findings amounts to.

    `worst` are those that are not met, worst first; `met_until` is the least `holds_until` of met ones, `changes_at`
    the first instant from now on at which any of them could change. `gaps` are the sources whose absence made a
    subject Unknown, and `unexplained` counts the Unknown ones that no lost source explains.
    """

    counts: Counts
    worst: tuple[Finding, ...] = ()
    met_reason: str = ""
    unknown_reasons: frozenset[str] = frozenset()
    gaps: tuple[Unseen, ...] = ()
    unexplained: int = 0
    met_until: datetime | None = None
    changes_at: datetime | None = None
    oldest_proof: datetime | None = None
    noun: str = "subjects"


def count(findings: tuple[Finding, ...], excepted: int, order: tuple[str, ...], now: datetime) -> Tally:
    """Count the findings that decide; `order` lists the kind's reasons, worst first."""
    met_reasons: set[str] = set()
    rest: list[Finding] = []
    dated: list[Finding] = []  # most are not, and time is looked for in these alone
    for finding in findings:
        if finding.outcome is not Outcome.MET:
            rest.append(finding)
        else:
            met_reasons.add(finding.reason)
        if finding.holds_until is not None or finding.evidence_time is not None:
            dated.append(finding)
    dated_met = [finding for finding in dated if finding.outcome is Outcome.MET]
    unknown = [finding for finding in rest if finding.outcome is not Outcome.UNMET]
    return Tally(
        counts=Counts(len(findings) - len(rest), len(rest) - len(unknown), len(unknown), excepted),
        worst=tuple(heapq.nsmallest(SHOWN, rest, key=lambda finding: _badness(finding, order))),
        met_reason=min(met_reasons, key=lambda reason: _rank(reason, order), default=""),
        unknown_reasons=frozenset(finding.reason for finding in unknown),
        gaps=distinct(finding.unseen for finding in unknown if finding.unseen is not None),
        unexplained=sum(finding.unseen is None or not finding.unseen.reason.holds for finding in unknown),
        met_until=earliest(finding.holds_until for finding in dated_met),
        changes_at=earliest(f.holds_until for f in dated if f.holds_until is not None and f.holds_until > now),
        oldest_proof=earliest(finding.evidence_time for finding in dated_met),
        noun=_noun(findings) if rest else "subjects",
    )


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """The least of those that are given; None where none is."""
    return min((instant for instant in instants if instant is not None), default=None)


def distinct(gaps: Iterable[Unseen]) -> tuple[Unseen, ...]:
    """Each lost source once, with its earliest last contact, in an order that does not depend on the objects'."""
    by_source: dict[tuple[str, str, str], Unseen] = {}
    for gap in gaps:
        key = (gap.resource, gap.reason, gap.message)
        known = by_source.setdefault(key, gap)
        if gap.last_contact is not None and (known.last_contact is None or gap.last_contact < known.last_contact):
            by_source[key] = gap
    return tuple(by_source[key] for key in sorted(by_source))


def _rank(reason: str, order: tuple[str, ...]) -> tuple[int, str]:
    """A reason that the kind does not list (a lost source, say) counts as worse than those it does."""
    return (order.index(reason) if reason in order else -1, reason)


def _badness(finding: Finding, order: tuple[str, ...]) -> tuple[int, tuple[int, str], tuple[str, ...]]:
    subject = finding.subject
    names = (subject.kind, subject.name, subject.container, subject.item, finding.message)
    return (-finding.outcome.badness, _rank(finding.reason, order), names)


def _noun(findings: tuple[Finding, ...]) -> str:
    """What the subjects are called in a count, in the plural unless there is only one."""
    subjects = [finding.subject for finding in findings]
    kinds = {subject.kind for subject in subjects}
    items = sum(bool(subject.item) for subject in subjects)
    noun = "subject"
    if all(subject.container for subject in subjects) and items in {0, len(subjects)}:
        noun = "setting" if items else "container"
    elif len(kinds) == 1 and not items:
        noun = kinds.pop()
    return noun if len(findings) == 1 else f"{noun}s"
