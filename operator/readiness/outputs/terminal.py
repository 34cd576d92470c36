"""
A review and its status for people at a terminal: areas, expectations, and each finding with what to do.

It styles with click, which leaves colours out where nobody sees them. It must not know where the status came from: a
file's and a stored one look alike, and neither is trusted to be fit to print.
"""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.status import AreaStatus, ExpectationStatus, FindingStatus, Status, Summary
from readiness.outputs.text import clean

_COLOURS: Final = {"Met": "green", "Unmet": "red", "Unknown": "yellow", "True": "green", "False": "red"}
_OUTCOME: Final = len("Unknown")
_LEAST: Final = 40  # characters; narrower terminals wrap by themselves


def lines(review: Mapping[str, Any], status: Status, width: int | None = None) -> Iterator[str]:
    """One review as it stands in JSON, and its status; nothing is wrapped where `width` is None."""
    page = _Page(width, max((len(one.name) for area in status.areas for one in area.expectations), default=0))
    meta, spec = _mapping(review.get("metadata")), _mapping(review.get("spec"))
    yield from page.head(f"{_text(meta.get('namespace'))}/{_text(meta.get('name'))}", status)
    yield from page.wrapped(_facts(_text(spec.get("owner")), status.summary, status), 2)
    titles = dict(_titles(spec))
    for area in status.areas:
        yield ""
        yield from page.area(area, titles.get(area.name, clean(area.name, 63)))


class _Page:
    """Lines of one width, with one column for the names of all expectations."""

    def __init__(self, width: int | None, names: int) -> None:
        self._width = width if width is None else max(width, _LEAST)
        self._names = min(names, 63)

    def head(self, name: str, status: Status) -> Iterator[str]:
        ready, fresh = status.condition("Ready"), status.condition("EvidenceFresh")
        if ready is None:
            yield f"{click.style(name, bold=True)}  {click.style('no operator has judged it', fg='yellow')}"
            return
        said = {"True": "certified", "False": "not ready"}.get(ready.status, "not known whether it is ready")
        verdict = click.style(said, fg=_COLOURS.get(ready.status, "yellow"), bold=True)
        yield f"{click.style(name, bold=True)}  {verdict} ({clean(ready.reason, 64)})"
        yield from self.wrapped(clean(ready.message, 512), 2)
        if fresh is not None and fresh.status == "False":
            yield from self.wrapped(f"evidence: {clean(fresh.message, 512)}", 2)

    def area(self, area: AreaStatus, title: str) -> Iterator[str]:
        yield f"  {click.style(title, bold=True)}: {_coloured(area.outcome)}"
        for one in area.expectations:
            yield from self._expectation(one)

    def _expectation(self, one: ExpectationStatus) -> Iterator[str]:
        lead = f"    {_coloured(one.outcome, _OUTCOME)}  {clean(one.name, 63):<{self._names}}  "
        indent = len(click.unstyle(lead))
        first, *rest = list(self.wrapped(_said(one), indent)) or [""]
        yield f"{lead}{first.lstrip()}".rstrip()
        yield from rest
        for finding in one.findings:
            yield from self.wrapped(_finding(finding, one), 6, hanging=8)
        if one.findings_omitted:
            yield f"      ... and {one.findings_omitted} more"
        if one.findings and one.runbook:
            yield f"      runbook: {clean(one.runbook, 512)}"

    def wrapped(self, text: str, indent: int, hanging: int | None = None) -> Iterator[str]:
        lead, then = " " * indent, " " * (indent if hanging is None else hanging)
        if self._width is None:
            yield from [lead + text] if text else []
            return
        width = max(self._width, indent + _LEAST)
        yield from textwrap.wrap(
            text, width, initial_indent=lead, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
        )


def _coloured(outcome: str, width: int = 0) -> str:
    return click.style(f"{clean(outcome, 16):<{width}}", fg=_COLOURS.get(outcome))


def _facts(owner: str, summary: Summary | None, status: Status) -> str:
    facts = [f"owner {owner}"] if owner else []
    if status.subject is not None and status.subject.revision:
        seen = "" if status.subject.verified else " (not verified)"
        facts.append(f"revision {clean(status.subject.revision, 256)}{seen}")
    if summary is not None:
        counted = {"unmet": summary.unmet, "unknown": summary.unknown, "waived": summary.waived}
        facts.append(f"{clean(summary.display, 32) or summary.met} met")
        facts += [f"{number} {what}" for what, number in counted.items() if number]
        facts += [f"{summary.excepted} excepted"] if summary.excepted else []
        facts += [f"{summary.outside_scope} workloads outside its scope"] if summary.outside_scope else []
    if status.valid_until is not None:
        facts.append(f"valid until {instants.text(status.valid_until)}")
    return ", ".join(facts)


def _said(one: ExpectationStatus) -> str:
    """A met one is counted; of the others, why."""
    reason = clean(one.reason, 64) + (" (advisory)" if one.severity == "Advisory" else "")
    parts = [f"{one.met} met" if one.met else "", f"{one.excepted} excepted" if one.excepted else ""]
    parts += [f"oldest proof {instants.text(one.evidence_time)}" if one.evidence_time else ""]
    counts = ", ".join(part for part in parts if part)
    said = "; ".join(part for part in (clean(one.message or "", 256), counts) if part)
    return f"{reason}: {said}" if said else reason


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
