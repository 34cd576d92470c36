"""The status: read with tolerance, written lean and exactly."""

from datetime import UTC, datetime

import pytest

from readiness.api import crd
from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.status import (
    AreaStatus,
    Condition,
    Counts,
    ExpectationStatus,
    FindingStatus,
    Status,
    SubjectStatus,
    Summary,
)

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def whole() -> Status:
    return Status(
        observed_generation=4,
        spec_digest="9f2c",
        valid_until=NOW,
        subject=SubjectStatus(revision="v1", verified=True, rolled_out=False),
        conditions=(
            Condition(
                type="Ready",
                status="False",
                observed_generation=4,
                last_transition_time=NOW,
                reason=Reason.BLOCKING_FINDINGS,
                message="m",
            ),
        ),
        summary=Summary(total=2, met=1, unmet=1, display="1/2", since=NOW),
        areas=(
            AreaStatus(
                name="area",
                outcome="Unmet",
                expectations=(
                    ExpectationStatus(name="short", outcome="Met", reason="ProbesDefined", met=14),
                    ExpectationStatus(
                        name="long",
                        kind="nonRoot",
                        severity="Blocking",
                        outcome="Unmet",
                        reason="RunsAsRoot",
                        counts=Counts(unmet=1),
                        findings_omitted=0,
                        findings=(
                            FindingStatus(
                                kind="Deployment",
                                name="api",
                                container="api",
                                outcome="Unmet",
                                reason="RunsAsRoot",
                                message="m",
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


def test_what_is_written_reads_back() -> None:
    assert Status.read(whole().dump()) == whole()


def test_is_written_lean() -> None:
    dumped = whole().dump()
    assert dumped["validUntil"] == "2026-11-21T10:00:00Z"
    assert dumped["areas"][0]["expectations"][0] == {
        "name": "short",
        "outcome": "Met",
        "reason": "ProbesDefined",
        "met": 14,
    }
    assert dumped["conditions"][0] == {
        "type": "Ready",
        "status": "False",
        "observedGeneration": 4,
        "lastTransitionTime": "2026-11-21T10:00:00Z",
        "reason": "BlockingFindings",
        "message": "m",
    }
    assert dumped["summary"]["unknown"] == 0
    assert "certifiedAt" not in dumped
    assert dumped["areas"][0]["expectations"][1]["findingsOmitted"] == 0


def test_the_schema_s_default_reads_as_never_seen() -> None:
    schema = crd.documents()[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    status = Status.read(schema["properties"]["status"]["default"])
    ready = status.condition("Ready")
    assert status.observed_generation == -1
    assert ready is not None
    assert (ready.status, ready.reason, ready.observed_generation) == ("Unknown", Reason.PENDING, None)
    assert status.condition("Stalled") is None


@pytest.mark.parametrize(
    "raw", [{}, {"fromTheFuture": {"a": 1}}, {"conditions": [{"type": "Ready"}]}, {"validUntil": "soon"}, {"areas": 1}]
)
def test_what_cannot_be_read_was_never_written(raw: dict[str, object]) -> None:
    assert Status.read(raw) == Status()


def test_unknown_fields_do_not_hide_the_known_ones() -> None:
    raw = whole().dump() | {"fromTheFuture": 1}
    raw["areas"][0]["expectations"][0]["score"] = "A"
    assert Status.read(raw) == whole()


def test_reasons_are_words_that_conditions_take() -> None:
    for reason in Reason:
        assert reason.isalpha()
        assert reason.name.replace("_", "").casefold() == reason.casefold()
