"""Over all examples of backups: what no single example can show."""

from dataclasses import replace

import pytest

from readiness.evidence.backups import READ_FROM
from readiness.expectations.finding import Finding, Outcome
from tests.expectations.example import Example, all_examples, judge

EXAMPLES = [one for one in all_examples() if one.kind == "backups"]
PROOFS = sorted(resource.name for resources in READ_FROM.values() for resource in resources)
WHYS = ["Stale", "NotInstalled"]


def findings(example: Example) -> dict[str, Finding]:
    return {str(one.subject): one for one in judge(example).findings}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_the_order_of_objects_changes_nothing(example: Example) -> None:
    assert findings(replace(example, objects=example.objects[::-1])) == findings(example)


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize("resource", PROOFS)
def test_losing_a_source_never_proves_anything(resource: str, why: str) -> None:
    for example in EXAMPLES:
        head = {**example.head, "unseen": {**example.head.get("unseen", {}), resource: why}}
        before, after = findings(example), findings(replace(example, head=head))
        for subject, finding in after.items():
            was = before[subject].outcome if subject in before else None
            if why == "NotInstalled" and finding.reason == "YoungerThanMaxAge":
                continue  # what is not installed is no source, so that it holds no older proof either
            assert finding.outcome is not Outcome.MET or was is Outcome.MET, (example.name, subject)


def test_nothing_of_another_namespace_is_told() -> None:
    for example in EXAMPLES:
        said = "".join(f"{finding.subject}{finding.message}" for finding in findings(example).values())
        assert "payments" not in said, example.name


def test_why_nothing_is_selected() -> None:
    by_name = {one.name: judge(one).hint for one in EXAMPLES}
    assert "databases outside the cluster need another kind" in by_name["backups/unknown.nothing-mounts-a-claim"]
    assert "1 workload here" in by_name["backups/unknown.scope-selects-nothing"]


def test_evidence_time_is_that_of_the_data() -> None:
    [met] = [one for one in EXAMPLES if one.name == "backups/met.pod-volume-backup"]
    [finding] = findings(met).values()
    assert finding.evidence_time is not None
    assert finding.evidence_time.isoformat() == "2026-11-21T01:00:00+00:00"
