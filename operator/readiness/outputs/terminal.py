"""
A status for people at a terminal: areas, expectations, and each finding with what to do.

Plain text; colours are the command line's business. It must not know where the status came from.
"""

from collections.abc import Iterator

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.status import AreaStatus, ExpectationStatus, FindingStatus, Status


def lines(namespace: str, name: str, status: Status) -> Iterator[str]:
    """One review, worst news first within each expectation."""
    ready = status.condition("Ready")
    summary = status.summary
    said = f"Ready={ready.status} ({ready.reason})" if ready else "Ready=Unknown"
    yield f"{namespace}/{name}  {said}  {summary.display if summary else ''} met".rstrip()
    if ready is not None and ready.message:
        yield f"  {ready.message}"
    if status.valid_until is not None:
        yield f"  valid until {instants.text(status.valid_until)}"
    for area in status.areas:
        yield ""
        yield from _area(area)


def _area(area: AreaStatus) -> Iterator[str]:
    yield f"  {area.name}: {area.outcome}"
    width = max((len(one.name) for one in area.expectations), default=0)
    for one in area.expectations:
        yield f"    {_mark(one)} {one.name:<{width}}  {one.outcome:<7}  {one.reason}{_extra(one)}"
        for finding in one.findings:
            yield f"        {_subject(finding)}: {finding.reason}: {finding.message}"
        if one.findings_omitted:
            yield f"        ... and {one.findings_omitted} more"
        if one.findings and one.runbook:
            yield f"        runbook: {one.runbook}"


def _mark(one: ExpectationStatus) -> str:
    return {"Met": "+", "Unmet": "-", "Unknown": "?"}.get(one.outcome, " ")


def _extra(one: ExpectationStatus) -> str:
    parts = [
        one.message or "",
        f"{one.met} met" if one.met else "",
        f"{one.excepted} excepted" if one.excepted else "",
        "advisory" if one.severity == "Advisory" else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"  ({said})" if said else ""


def _subject(finding: FindingStatus) -> str:
    inside = ", ".join(
        part for part in (f"container {finding.container}" if finding.container else "", finding.item or "") if part
    )
    return f"{finding.kind}/{finding.name}" + (f" ({inside})" if inside else "")
