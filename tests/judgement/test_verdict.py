from datetime import timedelta
from typing import Any

import pytest

from readiness.api.v1alpha1.review import Problem, Review
from readiness.api.v1alpha1.status import Status
from readiness.evidence.objects import Ref
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Workload, Workloads
from readiness.expectations.finding import unseen
from readiness.expectations.table import Memo, Remembered, by_name
from readiness.judgement import verdict
from readiness.judgement.assess import Assessed, assess
from readiness.judgement.verdict import Mood, Verdict
from tests.judgement.facts import (
    NEVER,
    NOW,
    area,
    at,
    bad,
    doubtful,
    expectation,
    facts,
    good,
    judged,
    lost,
    review,
    workload,
)

TWO = review(area("a", expectation("one")), area("b", expectation("two")))
UNMET = {"two": Assessed((bad(), good("b")))}
FORBIDDEN = {"one": Assessed(unseen=lost(Why.FORBIDDEN))}


def test_a_review_that_must_not_be_judged_is_not() -> None:
    assert verdict.decide(facts(review(deleting=True, suspend=True))).ready.reason == "Deleting"
    assert verdict.decide(facts(review(suspend=True))).ready.reason == "Suspended"
    assert verdict.decide(facts(TWO, proven=False)).ready.reason == "Evaluating"


def test_what_is_unmet_is_told_before_what_is_not_known() -> None:
    found, _ = judged(TWO, {**UNMET, **FORBIDDEN}, workloads=lost())

    assert (found.ready.status, found.ready.reason) == ("False", "BlockingFindings")
    assert found.ready.message == "b: two (1 of 2 containers unmet)"


def test_every_area_that_is_in_the_way_is_named() -> None:
    found, _ = judged(TWO, {"one": Assessed((doubtful(),)), "two": Assessed(unseen=lost())})

    assert found.ready.message == "a: one (1 of 1 container unknown); b: two (no contact with pods)"


def test_nothing_proven_is_no_certificate() -> None:
    advisory = review(area("a", expectation("one", severity="Advisory")))

    found, _ = judged(advisory)

    assert (found.ready.status, found.ready.reason) == ("Unknown", "NothingEnforced")


@pytest.mark.parametrize(
    ("assessed", "needs_a_person"),
    [
        (UNMET, True),
        (FORBIDDEN, True),
        ({"one": Assessed(unseen=lost(Why.NOT_INSTALLED))}, True),
        ({"one": Assessed(unseen=lost(Why.NOT_ALLOWED))}, True),
        ({"one": Assessed((good(), unseen(Ref("Pod", "x"), lost(Why.NOT_ALLOWED))))}, True),
        ({"one": Assessed(raised=OSError())}, True),
        ({"one": Assessed(unseen=lost(Why.STALE))}, False),
        ({"one": Assessed(unseen=lost(Why.FAILED))}, False),
        ({"one": Assessed(unseen=lost(Why.NOT_SYNCED))}, False),
        ({"one": Assessed((doubtful(),))}, False),
    ],
)
def test_what_needs_a_person_stalls_after_grace_and_everything_else_goes_on_reconciling(
    assessed: dict[str, Assessed], needs_a_person: bool
) -> None:
    first, before = judged(TWO, assessed)
    within, _ = judged(TWO, assessed, before=before, now=at(minutes=9, seconds=59))
    over, _ = judged(TWO, assessed, before=before, now=at(minutes=10))

    assert first.mood is within.mood is Mood.RECONCILING
    assert first.until == within.until == (at(minutes=10) if needs_a_person else None)
    assert over.mood is (Mood.STALLED if needs_a_person else Mood.RECONCILING)
    assert over.until is None


@pytest.mark.parametrize(
    ("why", "mood"),
    [(Why.FORBIDDEN, Mood.STALLED), (Why.NOT_ALLOWED, Mood.STALLED), (Why.STALE, Mood.RECONCILING)],
)
def test_workloads_that_nobody_may_see_need_a_person_too(why: Why, mood: Mood) -> None:
    scoped = review(scope={"selector": {"matchLabels": {"a": "b"}}}, gracePeriod="0s")

    found, _ = judged(scoped, workloads=lost(why))

    assert found.mood is mood
    assert found.ready.reason == "EvidenceUnavailable"


@pytest.mark.parametrize(
    ("of", "workloads", "reason"),
    [
        (review(area("a", expectation("one", severity="Advisory"))), (), "NothingEnforced"),
        (review(scope={"selector": {"matchLabels": {"a": "b"}}}), (), "ScopeEmpty"),
        (review(subject={"revision": "1", "versionLabel": "v"}), (workload(),), "RevisionNotDeployed"),
    ],
)
def test_what_concerns_the_whole_review_stalls_after_grace(
    of: Review, workloads: tuple[Workload, ...], reason: str
) -> None:
    seen = Seen(Workloads(workloads), NOW)
    first, before = judged(of, workloads=seen)
    over, _ = judged(of, workloads=seen, before=before, now=at(minutes=10))

    assert first.ready.reason == over.ready.reason == reason
    assert (first.mood, over.mood) == (Mood.RECONCILING, Mood.STALLED)


def test_without_grace_a_finding_stalls_at_once() -> None:
    assert judged(review(gracePeriod="0s"), {"probes": Assessed((bad(),))})[0].mood is Mood.STALLED


def test_a_new_generation_of_a_long_red_review_gets_a_new_grace() -> None:
    red = judged(TWO, UNMET)[1]
    fixed = review(area("a", expectation("one")), area("b", expectation("two")), generation=5)

    first, status = judged(fixed, UNMET, before=red, now=at(hours=5))
    over, _ = judged(fixed, UNMET, before=status, now=at(hours=5, minutes=10))

    assert first.mood is Mood.RECONCILING
    assert (status.not_ready_since, status.generation_since) == (NOW, at(hours=5))
    assert over.mood is Mood.STALLED


def test_a_generation_counts_from_its_first_judgement_and_grace_from_the_last_turn_to_not_ready() -> None:
    green = judged(TWO)[1]

    turned, status = judged(TWO, UNMET, before=green, now=at(hours=3))

    assert turned.mood is Mood.RECONCILING
    assert (status.not_ready_since, status.generation_since) == (at(hours=3), NOW)


def test_waiting_is_no_judgement() -> None:
    waiting = verdict.evaluating(TWO, NEVER, NOW, "pods")
    status = Status(observed_generation=4, not_ready_since=waiting.not_ready_since)

    found, _ = judged(TWO, UNMET, before=status, now=at(minutes=1))

    assert waiting.generation_since is None
    assert not waiting.judged
    assert found.generation_since == at(minutes=1)


@pytest.mark.parametrize(
    ("assessed", "fields", "reason", "message"),
    [
        ({}, {}, "AllSourcesFresh", "every source was in contact lately"),
        ({}, {"lost": (lost(Why.NOT_INSTALLED), lost(Why.NOT_ALLOWED))}, "AllSourcesFresh", None),
        ({}, {"lost": (lost(),)}, "Stale", "pods (Stale: no contact with pods)"),
        ({"one": Assessed(unseen=lost())}, {"lost": (lost(),)}, "Stale", "pods (Stale: no contact with pods)"),
        (
            {"one": Assessed((unseen(Ref("Pod", "x"), Unseen(Why.FAILED, "pods: 500", "pods")),))},
            {"lost": (lost(resource="jobs.batch"), Unseen(Why.FORBIDDEN, ""))},
            "Forbidden",
            "an object (Forbidden); pods (Failed: 500); jobs.batch (Stale: no contact with jobs.batch)",
        ),
        ({}, {"skewed": timedelta(seconds=60)}, "ClockSkew", None),
        ({}, {"skewed": timedelta(seconds=60), "lost": (lost(),)}, "ClockSkew", None),
    ],
)
def test_evidence_is_fresh_unless_a_needed_source_is_lost(
    assessed: dict[str, Assessed], fields: dict[str, Any], reason: str, message: str | None
) -> None:
    found, _ = judged(TWO, assessed, **fields)

    assert found.evidence_fresh.reason == reason
    assert (found.evidence_fresh.status == "True") == (reason == "AllSourcesFresh")
    assert message is None or found.evidence_fresh.message == message
    assert ("pods" in found.evidence_fresh.message) >= ("lost" in fields and "skewed" in fields)


def test_workloads_out_of_scope_are_counted_where_they_can_be_seen() -> None:
    assert judged(TWO, workloads=Seen(Workloads((), outside=3), NOW))[0].outside == 3
    assert judged(TWO, workloads=lost())[0].outside is None


def rows(before: Status) -> dict[str, Verdict]:
    problem = Problem("spec.areas", "is required", "write it")
    return {
        "InvalidSpec": verdict.invalid(TWO.meta, [problem, problem], before, at(minutes=5)),
        "Suspended": verdict.suspended(TWO, before, at(minutes=5)),
        "Deleting": verdict.deleting(TWO, before, at(minutes=5)),
        "Evaluating": verdict.evaluating(TWO, before, at(minutes=5), "pods"),
        "CertificateExpired": verdict.expired(TWO, before, at(minutes=5)),
        "InternalError": verdict.internal_error(TWO.meta, before, at(minutes=5), "refused"),
    }


@pytest.mark.parametrize("reason", sorted(rows(NEVER)))
def test_a_row_that_is_not_judged_ends_a_certificate_and_says_why(reason: str) -> None:
    green, red = judged(TWO)[1], judged(TWO, UNMET)[1]

    ended, ordinary, first = (rows(before)[reason] for before in (green, red, NEVER))

    assert ended.ready.reason == ended.evidence_fresh.reason == reason
    assert ended.ready.status == ("False" if reason == "InvalidSpec" else "Unknown")
    assert (ended.rank, ordinary.rank, first.rank) == (verdict.ENDING, verdict.ORDINARY, verdict.ORDINARY)
    assert (ended.not_ready_since, ordinary.not_ready_since) == (at(minutes=5), NOW)
    assert not ended.judged
    assert ended.certificate is None
    assert {one.reason for where in ended.areas for one in where.expectations} <= {reason}
    assert ended.owner == ("team" if ended.areas else "")
    assert {where.owner for where in ended.areas} <= {"team"}
    assert (ended.areas == ()) == (reason in {"InvalidSpec", "InternalError"})


def test_problems_are_all_named() -> None:
    assert rows(NEVER)["InvalidSpec"].ready.message == "; ".join(["spec.areas: is required; write it"] * 2)


def test_an_expired_certificate_is_remembered_as_judged_only_for_its_generation() -> None:
    green = judged(TWO)[1]
    other = review(generation=5)

    same, changed, unknown = (
        verdict.expired(of, before, at(hours=2)) for of, before in ((TWO, green), (other, green), (TWO, Status()))
    )

    assert (same.digest, same.generation_since) == (green.spec_digest, NOW)
    assert (changed.digest, changed.generation_since) == (None, None)
    assert same.ready.message == "the certificate ran out at 2026-11-21T11:00:00Z and was not renewed"
    assert unknown.ready.message == "the certificate ran out and was not renewed"


def test_a_kind_that_raises_is_data() -> None:
    kind = by_name("probes")
    error = assess(kind, kind.model(), Seen(object(), NOW), NOW)
    memo = Memo({"x": Remembered(object(), (), None)})
    again = assess(kind, kind.model(), Seen(object(), NOW), NOW, memo)
    nothing = assess(kind, kind.model(), Seen(Workloads((), hint="none here"), NOW), NOW)

    assert isinstance(error.raised, AssertionError)
    assert again.findings == ()
    assert memo == Memo()
    assert assess(kind, kind.model(), lost(), NOW) == Assessed(unseen=lost())
    assert nothing == Assessed(hint="none here")


def test_an_area_that_is_not_judged_keeps_its_owner() -> None:
    owned = review(area("a", expectation("one"), owner="sre"), area("b", expectation("two")))

    assert [where.owner for where in verdict.suspended(owned, NEVER, NOW).areas] == ["sre", "team"]
