"""Every example says what its objects must lead to; this compares it with what they do lead to."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from readiness.expectations.finding import Finding, Outcome
from readiness.judgement import areas
from readiness.judgement.assess import Assessed
from tests.expectations.example import Example, all_examples, judge

KNOWN = {"outcome", "reason", "findings", "says", "holdsUntil"}


@pytest.mark.parametrize("example", all_examples(), ids=lambda one: one.name)
def test_example(example: Example) -> None:
    assessed = judge(example)
    assert assessed.raised is None, assessed.raised
    expected = example.head["expect"]
    assert not expected.keys() - KNOWN, "misspelt"
    assert_findings(assessed.findings, expected)
    outcome, reason = rolled_up(example, assessed)
    assert (outcome, reason) == (expected["outcome"], expected["reason"])
    assert Path(example.path).name.startswith(f"{outcome.lower()}.") or outcome == Outcome.NOT_APPLICABLE


def assert_findings(findings: Iterable[Finding], expected: dict[str, dict[str, str]]) -> None:
    """Every finding is expected, none is missing, and each message fits and says what it must."""
    by_subject = {str(finding.subject): finding for finding in findings}
    if "findings" in expected:
        assert {subject: finding.reason for subject, finding in by_subject.items()} == expected["findings"]
    for subject, part in expected.get("says", {}).items():
        assert part in by_subject[subject].message
    for subject, instant in expected.get("holdsUntil", {}).items():
        until = by_subject[subject].holds_until
        assert until is not None
        assert until.isoformat().replace("+00:00", "Z") == instant
    for finding in by_subject.values():
        assert len(finding.message) <= 256, finding.message
        assert finding.message or finding.outcome is Outcome.MET


def rolled_up(example: Example, assessed: Assessed) -> tuple[str, str]:
    """The expectation's outcome and reason."""
    verdict = areas.judge(example.expectation, assessed, example.now)
    return verdict.outcome, verdict.reason
