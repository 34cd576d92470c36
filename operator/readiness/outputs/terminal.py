"""
A review and its status for people at a terminal: areas, expectations, and each finding with what to do.

It styles with click, which leaves colours out where nobody sees them. A file's status and a stored one look alike, and
neither is trusted to be fit to print; a stored one comes with its standing, and nothing is green that does not stand.
"""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import click

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.status import AreaStatus, Condition, ExpectationStatus, FindingStatus, Status, Summary
from readiness.outputs.ages import age
from readiness.outputs.standing import Standing
from readiness.outputs.text import clean

_COLOURS: Final = {"Met": "green", "Unmet": "red", "Unknown": "yellow", "True": "green", "False": "red"}
_OUTCOME: Final = len("Unknown")
_LEAST: Final = 40  # characters; narrower terminals wrap by themselves
_HANGING: Final = 4 + _OUTCOME + 2
_WORD: Final = len("out of contact")
_BLOCKING: Final = 8  # expectations shown of one review among several


def lines(
    review: Mapping[str, Any], status: Status, width: int | None = None, standing: Standing | None = None
) -> Iterator[str]:
    """One review as it stands in JSON, and its status; nothing is wrapped where `width` is None."""
    column = max((len(one.name) for area in status.areas for one in area.expectations), default=0)
    page = _Page(width, column, standing)
    spec = _mapping(review.get("spec"))
    yield from page.head(name(review), status)
    yield from wrapped(page.facts(_text(spec.get("owner")), status), page.width, 2)
    titles = dict(_titles(spec))
    for area in status.areas:
        yield ""
        yield from page.area(area, titles.get(area.name, clean(area.name, 63)))


def brief(
    review: Mapping[str, Any], status: Status, width: int | None, standing: Standing, column: int = 0
) -> Iterator[str]:
    """One review in a line, and below it what stands between it and a certificate."""
    page = _Page(width, 0, standing)
    title, word = name(review), click.style(standing.word, fg=_word_colour(standing), bold=True)
    gaps = " " * max(2, column + 2 - len(title)), " " * max(2, _WORD + 2 - len(standing.word))
    yield f"{click.style(title, bold=True)}{gaps[0]}{word}{gaps[1]}{page.times(status)}".rstrip()
    yield from page.doubts(4)
    if standing.certified:
        yield from page.evidence(status, 4)
        return
    titles = dict(_titles(_mapping(review.get("spec"))))
    blocking = [
        (titles.get(area.name, clean(area.name, 63)), one)
        for area in status.areas
        for one in area.expectations
        if one.outcome in {"Unmet", "Unknown"} and one.severity != "Advisory"
    ]
    for title, one in blocking[:_BLOCKING]:
        lead = f"    {page.coloured(one.outcome, _OUTCOME)}  "
        first, *rest = list(wrapped(f"{title}: {clean(one.name, 63)}: {page.said(one)}", page.width, _HANGING)) or [""]
        yield f"{lead}{first.lstrip()}"
        yield from rest
    if len(blocking) > _BLOCKING:
        yield f"    ... and {len(blocking) - _BLOCKING} more"
    if not blocking and not standing.doubts:
        yield from page.reason(status, 4)


def name(review: Mapping[str, Any]) -> str:
    """Namespace and name, fit to print."""
    meta = _mapping(review.get("metadata"))
    return f"{_text(meta.get('namespace'))}/{_text(meta.get('name'))}"


def wrapped(text: str, width: int | None, indent: int, hanging: int | None = None) -> Iterator[str]:
    """Lines of that width, indented; one line where there is none."""
    lead, then = " " * indent, " " * (indent if hanging is None else hanging)
    if width is None:
        yield from [lead + text] if text else []
        return
    width = max(width, indent + _LEAST)
    yield from textwrap.wrap(
        text, width, initial_indent=lead, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )


class _Page:
    """Lines of one width, with one column for the names of all expectations."""

    def __init__(self, width: int | None, names: int, standing: Standing | None) -> None:
        self.width = width if width is None else max(width, _LEAST)
        self._names = min(names, 63)
        self._standing = standing

    def head(self, title: str, status: Status) -> Iterator[str]:
        ready, bold = status.condition("Ready"), click.style(title, bold=True)
        if self._standing is not None and self._standing.doubts:
            yield f"{bold}  {click.style(self._standing.word, fg='yellow', bold=True)}"
            yield from self.doubts(2)
            if ready is not None and ready.status != "True" and status.observed_generation >= 0:
                yield from wrapped(f"before: {clean(ready.reason, 64)}: {clean(ready.message, 512)}", self.width, 2)
            if status.last_evaluation_time is not None:
                yield f"  what follows was judged at {self._ago(status.last_evaluation_time)}"
            return
        if ready is None:
            yield f"{bold}  {click.style('no operator has judged it', fg='yellow')}"
            return
        said = {"True": "certified", "False": "not ready"}.get(ready.status, "not known whether it is ready")
        verdict = click.style(said, fg=_COLOURS.get(ready.status, "yellow"), bold=True)
        yield f"{bold}  {verdict} ({clean(ready.reason, 64)}){self._since(ready)}"
        yield from wrapped(clean(ready.message, 512), self.width, 2)
        yield from self.evidence(status, 2)

    def doubts(self, indent: int) -> Iterator[str]:
        for doubt in self._standing.doubts if self._standing is not None else ():
            for line in wrapped(clean(doubt, 1024), self.width, indent, indent + 2):
                yield click.style(line, fg="yellow")

    def evidence(self, status: Status, indent: int) -> Iterator[str]:
        """Said only where it is not all fresh."""
        fresh = status.condition("EvidenceFresh")
        if fresh is not None and fresh.status == "False":
            yield from wrapped(f"evidence: {clean(fresh.message, 512)}", self.width, indent)

    def reason(self, status: Status, indent: int) -> Iterator[str]:
        ready = status.condition("Ready")
        if ready is not None:
            yield from wrapped(f"{clean(ready.reason, 64)}: {clean(ready.message, 512)}", self.width, indent)

    def times(self, status: Status) -> str:
        """How much is met, and since when or until when."""
        ready = status.condition("Ready")
        if self._standing is None or self._standing.doubts or ready is None:
            return ""
        facts = [f"{clean(status.summary.display, 32)} met"] if status.summary and status.summary.display else []
        if self._standing.until is not None:
            facts.append(f"valid until {self._left(self._standing.until)}")
        else:
            facts.append(f"since {self._ago(ready.last_transition_time)}")
        return ", ".join(facts)

    def facts(self, owner: str, status: Status) -> str:
        facts = [f"owner {owner}"] if owner else []
        if status.subject is not None and status.subject.revision:
            seen = "" if status.subject.verified else " (not verified)"
            facts.append(f"revision {clean(status.subject.revision, 256)}{seen}")
        if status.summary is not None:
            facts += _counted(status.summary)
        if status.valid_until is not None and not (self._standing is not None and self._standing.doubts):
            facts.append(f"valid until {self._left(status.valid_until)}")
        return ", ".join(facts)

    def area(self, area: AreaStatus, title: str) -> Iterator[str]:
        yield f"  {click.style(title, bold=True)}: {self.coloured(area.outcome)}"
        for one in area.expectations:
            yield from self._expectation(one)

    def coloured(self, outcome: str, width: int = 0) -> str:
        """Without a colour where it may be past."""
        past = self._standing is not None and bool(self._standing.doubts)
        return click.style(f"{clean(outcome, 16):<{width}}", fg=None if past else _COLOURS.get(outcome))

    def said(self, one: ExpectationStatus) -> str:
        """A met one is counted; of the others, why, and since when."""
        reason = clean(one.reason, 64) + (" (advisory)" if one.severity == "Advisory" else "")
        parts = [f"{one.met} met" if one.met else "", f"{one.excepted} excepted" if one.excepted else ""]
        parts += [f"oldest proof {instants.text(one.evidence_time)}" if one.evidence_time else ""]
        counts = ", ".join(part for part in parts if part)
        said = "; ".join(part for part in (clean(one.message or "", 256), counts) if part)
        since = f", since {self._ago(one.since)}" if self._standing is not None and one.since else ""
        return (f"{reason}: {said}" if said else reason) + since

    def _expectation(self, one: ExpectationStatus) -> Iterator[str]:
        lead = f"    {self.coloured(one.outcome, _OUTCOME)}  {clean(one.name, 63):<{self._names}}  "
        indent = len(click.unstyle(lead))
        first, *rest = list(wrapped(self.said(one), self.width, indent)) or [""]
        yield f"{lead}{first.lstrip()}".rstrip()
        yield from rest
        for finding in one.findings:
            yield from wrapped(_finding(finding, one), self.width, 6, hanging=8)
        if one.findings_omitted:
            yield f"      ... and {one.findings_omitted} more"
        if one.runbook and one.outcome in {"Unmet", "Unknown"}:
            yield f"      runbook: {clean(one.runbook, 512)}"

    def _since(self, ready: Condition) -> str:
        return f" since {self._ago(ready.last_transition_time)}" if self._standing is not None else ""

    def _ago(self, then: datetime) -> str:
        assert self._standing is not None
        return f"{instants.text(then)} ({age(self._standing.at - then)})"

    def _left(self, then: datetime) -> str:
        left = f" ({age(then - self._standing.at)} left)" if self._standing is not None else ""
        return f"{instants.text(then)}{left}"


def _word_colour(standing: Standing) -> str:
    if standing.certified:
        return "green"
    return "yellow" if standing.doubts or standing.word != "not ready" else "red"


def _counted(summary: Summary) -> Iterator[str]:
    counted = {"unmet": summary.unmet, "unknown": summary.unknown, "waived": summary.waived}
    yield f"{clean(summary.display, 32) or summary.met} met"
    yield from (f"{number} {what}" for what, number in counted.items() if number)
    yield from [f"{summary.excepted} excepted"] if summary.excepted else []
    yield from [f"{summary.outside_scope} workloads outside its scope"] if summary.outside_scope else []


def _finding(finding: FindingStatus, one: ExpectationStatus) -> str:
    """The reason is named where it is not the expectation's own."""
    item = "" if finding.item in {None, finding.name} else f"{finding.item}"
    parts = (f"container {finding.container}" if finding.container else "", item)
    inside = clean(", ".join(part for part in parts if part), 600)
    subject = f"{clean(finding.kind, 63)}/{clean(finding.name, 253)}" + (f" ({inside})" if inside else "")
    reason = "" if finding.reason == one.reason else f"{clean(finding.reason, 64)}: "
    return f"{subject}: {reason}{clean(finding.message, 256)}"


def _titles(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of each area, by its name: what the author calls it, and who owns it."""
    areas = spec.get("areas")
    for area in areas if isinstance(areas, list) else ():
        if isinstance(area, Mapping):
            owner = _text(area.get("owner"))
            title = _text(area.get("title")) or _text(area.get("name"))
            yield _text(area.get("name")), f"{title} ({owner})" if owner else title


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return clean(value, 128) if isinstance(value, str) else ""
