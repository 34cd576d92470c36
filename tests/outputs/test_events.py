import pytest

from readiness.api.v1alpha1.review import Problem
from readiness.api.v1alpha1.status import Status
from readiness.judgement import verdict
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import Verdict
from readiness.outputs import events
from readiness.outputs.conditions import render
from readiness.outputs.events import Announcement
from tests.judgement.facts import NEVER, NOW, area, at, bad, doubtful, expectation, judged, lost, review

REVIEW = review(
    area("deployment", expectation("one")), area("security", expectation("two")), subject={"revision": "r1"}
)
PLAIN = review(area("deployment", expectation("one")), area("security", expectation("two")))
GREEN = judged(REVIEW)[1]
RED = judged(REVIEW, {"two": Assessed((bad(),))})[1]
DOUBTFUL = judged(REVIEW, {"two": Assessed((doubtful(),))})[1]
BLIND = judged(REVIEW, {"two": Assessed(unseen=lost())})[1]
HELD = judged(REVIEW, {"two": Assessed(unseen=lost(contact=NOW))}, before=GREEN)[1]


def transitions(before: Status, after: Status) -> tuple[Announcement, ...]:
    return events.transitions(events.told(before), events.told(after))


def row(given: Verdict) -> Status:
    return render(given, GREEN, NOW)


def problem(said: str) -> Status:
    return row(verdict.invalid(REVIEW.meta, [Problem("spec", said, "write it")], GREEN, NOW))


INVALID = problem("is required")
SUSPENDED = row(verdict.suspended(REVIEW, GREEN, NOW))
DELETING = row(verdict.deleting(REVIEW, GREEN, NOW))
EVALUATING = row(verdict.evaluating(REVIEW, GREEN, NOW, "pods"))
EXPIRED = row(verdict.expired(REVIEW, GREEN, NOW))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (NEVER, GREEN, ["Normal Certified Certified"]),
        (NEVER, RED, ["Warning AreaUnmet BlockingFindings"]),
        (NEVER, BLIND, ["Warning EvidenceLost Stale"]),
        (NEVER, DOUBTFUL, []),
        (NEVER, EVALUATING, []),
        (NEVER, SUSPENDED, []),
        (NEVER, INVALID, ["Warning InvalidSpec InvalidSpec"]),
        (Status(), GREEN, ["Normal Certified Certified"]),
        (EVALUATING, GREEN, ["Normal Certified Certified"]),
        (GREEN, RED, ["Warning CertificateLost BlockingFindings", "Warning AreaUnmet BlockingFindings"]),
        (RED, GREEN, ["Normal Certified Certified", "Normal AreaMet ExpectationsMet"]),
        (DOUBTFUL, GREEN, ["Normal Certified Certified"]),
        (GREEN, DOUBTFUL, ["Warning CertificateLost EvidenceUnavailable"]),
        (RED, DOUBTFUL, []),
        (GREEN, HELD, ["Warning EvidenceLost Stale"]),
        (HELD, GREEN, ["Normal EvidenceRestored AllSourcesFresh"]),
        (HELD, BLIND, ["Warning CertificateLost EvidenceUnavailable"]),
        (BLIND, GREEN, ["Normal Certified Certified", "Normal EvidenceRestored AllSourcesFresh"]),
        (GREEN, SUSPENDED, ["Normal CertificateLost Suspended"]),
        (GREEN, DELETING, ["Normal CertificateLost Deleting"]),
        (GREEN, EXPIRED, ["Warning CertificateLost CertificateExpired"]),
        (GREEN, INVALID, ["Warning InvalidSpec InvalidSpec", "Warning CertificateLost InvalidSpec"]),
        (INVALID, problem("must be a mapping"), ["Warning InvalidSpec InvalidSpec"]),
        (GREEN, Status(), []),
    ],
)
def test_transitions_are_told(before: Status, after: Status, told: list[str]) -> None:
    assert [f"{one.type} {one.action} {one.reason}" for one in transitions(before, after)] == told


@pytest.mark.parametrize("status", [NEVER, GREEN, RED, DOUBTFUL, BLIND, HELD, INVALID, SUSPENDED, EVALUATING])
def test_what_did_not_change_is_not_told(status: Status) -> None:
    assert transitions(status, status) == ()


def test_a_renewal_is_not_told() -> None:
    assert transitions(GREEN, judged(REVIEW, before=GREEN, now=at(minutes=30))[1]) == ()


def test_notes_name_the_area_and_the_revision() -> None:
    assert transitions(NEVER, GREEN)[0].note == "2 of 2 blocking expectations met, for revision r1"
    assert transitions(NEVER, judged(PLAIN)[1])[0].note == "2 of 2 blocking expectations met"
    assert transitions(NEVER, RED) == (
        Announcement("AreaUnmet", "Warning", "BlockingFindings", "SecurityReady: two (1 of 1 container unmet)"),
    )
