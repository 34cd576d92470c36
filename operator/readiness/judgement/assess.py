"""
One expectation's evidence, judged by its kind.

The one boundary behind which a kind may fail: what it raises is handed back as data, and the expectation
is Unknown. Exceptions (standing, reviewed ones) are applied here, by subject, so that kinds know nothing of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from readiness.api.v1alpha1.parameters import Parameters
from readiness.api.v1alpha1.review import ExceptionEntry
from readiness.evidence.objects import Ref
from readiness.evidence.seen import Seen, Unseen
from readiness.expectations.finding import Finding
from readiness.expectations.table import Kind, Memo


@dataclass(frozen=True, slots=True)
class Assessed:
    """What came of one expectation: its findings, or why there are none."""

    findings: tuple[Finding, ...] = ()
    unseen: Unseen | None = None
    raised: Exception | None = None
    hint: str = ""  # why nothing may have been selected


def assess(
    kind: Kind, want: Parameters, evidence: Seen[object] | Unseen, now: datetime, memo: Memo | None = None
) -> Assessed:
    """Judge; a kind that raises leaves no finding, so that the expectation is Unknown."""
    if isinstance(evidence, Unseen):
        return Assessed(unseen=evidence)
    try:
        found = kind.judge(want, evidence.value, now, memo)
    except Exception as error:  # noqa: BLE001  # the boundary: any defect of a kind is Unknown, never a crash, never Met
        if memo is not None:
            memo.clear()
        return Assessed(raised=error)
    return Assessed(found, hint=str(getattr(evidence.value, "hint", "")))


@dataclass(frozen=True, slots=True)
class Split:
    """Findings that decide, those that are excepted, and the entries that matched nothing."""

    deciding: tuple[Finding, ...]
    excepted: tuple[Finding, ...] = ()
    idle: tuple[ExceptionEntry, ...] = field(default=())


def excepted(findings: Iterable[Finding], entries: tuple[ExceptionEntry, ...]) -> Split:
    """Set findings aside whose subject an entry names. They stay findings: counted, shown, deciding nothing."""
    if not entries:
        return Split(tuple(findings))
    deciding: list[Finding] = []
    aside: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        matching = {index for index, entry in enumerate(entries) if _names(entry, finding.subject)}
        used |= matching
        (aside if matching else deciding).append(finding)
    idle = tuple(entry for index, entry in enumerate(entries) if index not in used)
    return Split(tuple(deciding), tuple(aside), idle)


def _names(entry: ExceptionEntry, subject: Ref) -> bool:
    """Every field that the entry gives must name the subject."""
    return (
        (entry.kind is None or entry.kind == subject.kind)
        and (entry.name is None or _alike(entry.name, subject.name))
        and (entry.container is None or entry.container == subject.container)
        and (entry.item is None or _alike(entry.item, subject.item))
    )


def _alike(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
