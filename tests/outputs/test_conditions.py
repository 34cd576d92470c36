from datetime import datetime
from typing import Any

import pytest

from readiness.api.v1alpha1.status import Status
from readiness.evidence.seen import Seen
from readiness.evidence.workloads import Workloads
from readiness.judgement.assess import Assessed
from readiness.outputs.conditions import InvariantBroken, check_invariant, minimal, render, same
from tests.judgement.facts import (
    NEVER,
    NOW,
    area,
    at,
    bad,
    doubtful,
    expectation,
    good,
    judged,
    lost,
    review,
    stored,
)

REVIEW = review(
    area("deployment", expectation("one"), expectation("two")), area("security", expectation("three")), uid="u-9"
)
RED = {"one": Assessed((bad(),)), "three": Assessed((doubtful(),))}
GREEN: dict[str, Assessed] = {}


def since(status: Status, type_: str) -> datetime:
    condition = status.condition(type_)
    assert condition is not None
    return condition.last_transition_time


def test_a_transition_time_moves_only_when_the_status_flips() -> None:
    first = judged(REVIEW, RED)[1]
    other = judged(REVIEW, {"one": Assessed((bad("b"), bad("c")))}, before=first, now=at(minutes=1))[1]
    green = judged(REVIEW, before=other, now=at(minutes=2))[1]

    assert {since(first, condition.type) for condition in first.conditions} == {NOW}
    assert since(other, "Ready") == since(other, "Reconciling") == since(other, "DeploymentReady") == NOW
    assert since(other, "SecurityReady") == at(minutes=1)
    assert since(green, "Ready") == at(minutes=2)
    assert green.condition("Reconciling") is None
    assert since(green, "SecurityReady") == at(minutes=1)


@pytest.mark.parametrize(("behind", "said"), [(1, 0), (2, 0), (3, -3)])
def test_an_operator_whose_clock_is_a_little_late_dates_no_transition_before_the_last(behind: int, said: int) -> None:
    """What it knows of the API server's clock is up to a second late when it has just started."""
    first = judged(REVIEW)[1]
    second = judged(REVIEW, RED, before=first, now=at(seconds=-behind))[1]

    assert since(second, "Ready") == since(second, "DeploymentReady") == at(seconds=said)
    assert second.areas[0].expectations[0].since == at(seconds=said)


def test_the_schemas_default_is_no_history() -> None:
    status = judged(REVIEW, {"one": Assessed(unseen=lost())}, before=NEVER)[1]

    assert since(status, "Ready") == NOW
    assert status.summary is not None
    assert status.summary.since == NOW


def test_a_reconciling_review_that_stalls_says_since_when() -> None:
    first = judged(REVIEW, RED)[1]
    stalled = judged(REVIEW, RED, before=first, now=at(minutes=10))[1]

    assert stalled.condition("Reconciling") is None
    assert since(stalled, "Stalled") == at(minutes=10)


def test_an_outcome_keeps_its_since_while_it_stands() -> None:
    first = judged(REVIEW, RED)[1]
    second = judged(
        REVIEW, {"one": Assessed((bad("b"),)), "three": Assessed((bad(),))}, before=first, now=at(minutes=1)
    )[1]
    back = judged(REVIEW, before=second, now=at(minutes=2))[1]
    again = judged(REVIEW, RED, before=back, now=at(minutes=3))[1]

    found = [
        {one.name: one.since for area_ in status.areas for one in area_.expectations}
        for status in (first, second, back, again)
    ]
    assert found == [
        {"one": NOW, "two": None, "three": NOW},
        {"one": NOW, "two": None, "three": at(minutes=1)},
        {"one": None, "two": None, "three": None},
        {"one": at(minutes=3), "two": None, "three": at(minutes=3)},
    ]


def test_findings_are_shared_out_over_the_expectations_worst_first() -> None:
    many = review(area("a", *(expectation(f"e{index}") for index in range(6))))
    status = judged(
        many,
        {
            **{f"e{index}": Assessed(tuple(bad(f"w{number:02}") for number in range(50))) for index in range(5)},
            "e5": Assessed((doubtful("x"), good("y"))),
        },
    )[1]

    shown = {one.name: len(one.findings) for one in status.areas[0].expectations}
    omitted = {one.name: one.findings_omitted for one in status.areas[0].expectations}
    assert shown == {"e0": 8, "e1": 8, "e2": 8, "e3": 8, "e4": 7, "e5": 1}
    assert omitted == {"e0": 42, "e1": 42, "e2": 42, "e3": 42, "e4": 43, "e5": 0}
    assert [finding.name for finding in status.areas[0].expectations[0].findings] == [f"w{n:02}" for n in range(8)]


def test_with_more_expectations_than_findings_what_blocks_and_is_unmet_is_shown_first() -> None:
    many = review(
        area("a", *(expectation(f"e{n}", **({"severity": "Advisory"} if n < 10 else {})) for n in range(30))),
        area("b", *(expectation(f"f{n}") for n in range(30))),
    )
    every = {
        name: Assessed((doubtful() if name.startswith("e") else bad(),))
        for name in (f"{k}{n}" for k in "ef" for n in range(30))
    }

    status = judged(many, every)[1]

    shown = [len([one for one in area_.expectations if one.findings]) for area_ in status.areas]
    assert shown == [10, 30]
    assert not any(one.findings for one in status.areas[0].expectations[:10])


def test_a_met_entry_is_short() -> None:
    dated = review(area("a", expectation("one", **{"except": [{"name": "cache*", "reason": "a cache; rebuilt"}]})))
    status = judged(dated, {"one": Assessed((good(evidence_time=at(hours=-1, microseconds=-1)), bad("cache-1")))})[1]

    assert status.dump()["areas"][0]["expectations"] == [
        {
            "name": "one",
            "outcome": "Met",
            "reason": "ProbesDefined",
            "met": 1,
            "excepted": 1,
            "evidenceTime": "2026-11-21T08:59:59Z",
        }
    ]


def summary(assessed: dict[str, Assessed], of: Any = REVIEW, **fields: Any) -> dict[str, Any]:
    shown: dict[str, Any] = judged(of, assessed, **fields)[1].dump()["summary"]
    return shown


def test_columns_say_what_is_in_the_way() -> None:
    shown = summary(RED)

    assert shown["display"] == "1/3"
    assert shown["blockedBy"] == "deployment, security"
    assert shown["message"] == "Deployment/api (container web): no liveness probe"
    assert "revision" not in shown


def test_columns_are_cut() -> None:
    wide = review(
        area("a" * 30, expectation("one")), area("b" * 30, expectation("two")), subject={"revision": "0123456789abcdef"}
    )
    shown = summary({"one": Assessed((bad(message="x" * 200),)), "two": Assessed((bad(),))}, wide)

    assert shown["blockedBy"] == f"{'a' * 30} +1"
    assert len(shown["message"]) == 120
    assert shown["revision"] == "0123456789ab?"


def test_areas_that_block_are_named_as_far_as_they_fit() -> None:
    def blocked_by(*names: str) -> str:
        unmet = {f"e{index}": Assessed((bad(),)) for index in range(len(names))}
        areas = (area(name, expectation(f"e{index}")) for index, name in enumerate(names))
        found = summary(unmet, review(*areas))["blockedBy"]
        assert isinstance(found, str)
        return found

    assert blocked_by("one", "two") == "one, two"
    assert blocked_by("a" * 12, "b" * 12, "c" * 12) == f"{'a' * 12}, {'b' * 12}, {'c' * 12}"
    assert blocked_by("a" * 12, "b" * 12, "c" * 13) == f"{'a' * 12}, {'b' * 12} +1"
    assert blocked_by("a" * 48) == f"{'a' * 39}…"
    assert blocked_by("a" * 48, "b", "c") == f"{'a' * 36}… +2"


def test_a_worst_subject_without_a_message_has_its_reason_shown() -> None:
    assert summary({"one": Assessed((bad(message=""),))})["message"] == "Deployment/api (container web): ProbeMissing"


def test_a_certified_review_needs_no_message_unless_it_is_held() -> None:
    assert "message" not in summary(GREEN)
    held = summary({"one": Assessed(unseen=lost(contact=NOW))}, before=judged(REVIEW)[1], now=at(minutes=1))
    assert held["message"].startswith("on earlier evidence until 2026-11-21T10:15:00Z")
    assert "blockedBy" not in held


def test_workloads_out_of_scope_are_remembered_while_they_cannot_be_seen() -> None:
    first = judged(REVIEW, workloads=Seen(Workloads((), outside=3), NOW))[1]

    assert summary(GREEN, before=first, workloads=lost())["outsideScope"] == 3
    assert summary(GREEN, workloads=lost())["outsideScope"] == 0


def test_hostile_text_leaves_as_plain_text() -> None:
    hostile = "\x1b[31m\u202eevil\u0000\n" + "y" * 999
    status = judged(
        REVIEW,
        {"one": Assessed((bad(message=hostile),)), "three": Assessed(unseen=lost(resource=hostile))},
        lost=(lost(resource=hostile),),
    )[1]

    written = str(status.dump())
    assert not any(character in written for character in ("\\x1b", "\\u202e", "\\x00", "[31m"))
    assert max(len(condition.message) for condition in status.conditions) <= 512
    assert max(len(f.message) for a in status.areas for e in a.expectations for f in e.findings) <= 256


def test_the_minimal_status_says_why_in_plain_ascii() -> None:
    before = judged(REVIEW)[1]
    status = minimal(REVIEW.meta, before, at(minutes=1), "refused: ü \x1b[31m" + "z" * 999)

    ready = status.condition("Ready")
    assert ready is not None
    assert (ready.status, ready.reason) == ("Unknown", "InternalError")
    assert ready.message.isascii()
    assert ready.message.startswith("refused: ? zzz")
    assert status.areas == ()
    assert [condition.type for condition in status.conditions] == ["Ready", "Stalled", "EvidenceFresh"]


def test_a_change_of_anything_but_the_time_is_no_sameness() -> None:
    first = judged(REVIEW, RED)[1]

    assert same(first, judged(REVIEW, RED, before=first, now=at(minutes=1))[1])
    assert not same(first, judged(REVIEW, {**RED, "one": Assessed((bad("b"),))}, before=first, now=at(minutes=1))[1])
    assert not same(first, judged(REVIEW, before=first, now=at(minutes=1))[1])
    assert not same(NEVER, first)


def test_a_proof_that_is_only_newer_is_no_change() -> None:
    first = judged(REVIEW, {"one": Assessed((good(evidence_time=at(hours=-2)),))})[1]
    later = judged(REVIEW, {"one": Assessed((good(evidence_time=at(hours=-1)),))}, before=first)[1]

    assert first != later
    assert same(first, later)


def test_a_certificate_without_its_time_of_issue_is_written_anew() -> None:
    first = judged(REVIEW)[1].model_copy(update={"last_evaluation_time": None})
    longer = first.model_copy(update={"valid_until": at(hours=2)})

    assert not same(first, longer)
    assert same(judged(REVIEW)[1], longer)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"valid_until": None}, "validUntil is not in the future"),
        ({"valid_until": at(minutes=1)}, "validUntil is not in the future"),
        ({"valid_until": at(minutes=1, seconds=1)}, None),
    ],
)
def test_green_needs_a_time_to_come(change: dict[str, Any], said: str | None) -> None:
    status = judged(REVIEW)[1].model_copy(update=change)

    if said is None:
        check_invariant(status, False, False, at(minutes=1))
    else:
        with pytest.raises(InvariantBroken, match=said):
            check_invariant(status, False, False, at(minutes=1))


def test_green_is_neither_suspended_nor_deleting() -> None:
    status = judged(REVIEW)[1]

    with pytest.raises(InvariantBroken, match="suspended"):
        check_invariant(status, True, False, NOW)
    with pytest.raises(InvariantBroken, match="being deleted"):
        check_invariant(status, False, True, NOW)


@pytest.mark.parametrize("mood", ["Reconciling", "Stalled"])
def test_green_has_no_abnormal_condition(mood: str) -> None:
    status = judged(REVIEW)[1]
    abnormal = status.conditions[0].model_copy(update={"type": mood})

    with pytest.raises(InvariantBroken, match=f"it is {mood}"):
        check_invariant(status.model_copy(update={"conditions": (*status.conditions, abnormal)}), False, False, NOW)


@pytest.mark.parametrize("outcome", ["Unmet", "Unknown"])
@pytest.mark.parametrize("severity", ["Blocking", "Advisory", None])
def test_green_has_nothing_in_its_way(outcome: str, severity: str | None) -> None:
    status = judged(REVIEW)[1]
    one = status.areas[0].expectations[0].model_copy(update={"outcome": outcome, "severity": severity})
    bad_area = status.areas[0].model_copy(update={"expectations": (one,)})
    broken = status.model_copy(update={"areas": (bad_area,)})

    if severity == "Advisory":
        check_invariant(broken, False, False, NOW)
    else:
        with pytest.raises(InvariantBroken, match=f"deployment: one is {outcome}"):
            check_invariant(broken, False, False, NOW)


def test_a_held_certificate_may_have_unknowns_but_nothing_unmet() -> None:
    held = judged(REVIEW, {"one": Assessed(unseen=lost(contact=NOW))}, before=judged(REVIEW)[1], now=at(minutes=1))[1]
    one = held.areas[0].expectations[0].model_copy(update={"outcome": "Unmet"})
    worse = held.model_copy(update={"areas": (held.areas[0].model_copy(update={"expectations": (one,)}),)})

    check_invariant(held, False, False, at(minutes=1))
    with pytest.raises(InvariantBroken):
        check_invariant(worse, False, False, at(minutes=1))


def test_what_is_not_green_may_be_anything() -> None:
    check_invariant(NEVER, True, True, NOW)
    check_invariant(Status(), True, True, NOW)


def test_a_restart_of_a_healthy_operator_writes_nothing() -> None:
    verdict, first = judged(REVIEW)
    verdict_after, second = judged(REVIEW, before=first, now=at(minutes=10))

    assert same(first, second)
    assert same(first, stored(verdict, first, at(minutes=1)))
    assert render(verdict_after, first, at(minutes=10)) == second
