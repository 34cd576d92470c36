"""What holds for every example of externalSecrets: losing evidence never makes green, and order shows nowhere."""

from dataclasses import replace

import pytest

from readiness.expectations import table
from readiness.expectations.finding import Finding, Outcome
from tests.expectations.example import Example, all_examples, judge
from tests.expectations.test_examples import rolled_up

EXAMPLES = [one for one in all_examples() if one.kind == "externalSecrets"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.path.stem)
def test_lost_evidence_never_makes_green(example: Example) -> None:
    was, _ = rolled_up(example, judge(example))
    name, want = example.expectation.check.one()
    for resource in table.by_name(name).reads(want):
        lost = {**example.head.get("unseen", {}), resource.name: "Stale"}
        now, _ = rolled_up(example, judge(replace(example, head={**example.head, "unseen": lost})))
        assert now in (was, Outcome.UNKNOWN), resource.name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.path.stem)
def test_the_order_of_objects_shows_nowhere(example: Example) -> None:
    def findings(one: Example) -> set[Finding]:
        return set(judge(one).findings)

    assert findings(replace(example, objects=example.objects[::-1])) == findings(example)


def test_the_docstring_says_the_statement_first() -> None:
    assert table.by_name("externalSecrets").doc.strip().startswith("Secrets are synced from an external store")
