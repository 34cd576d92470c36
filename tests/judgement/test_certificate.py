"""Issuing, shortening, renewing and holding, at the very instants where they change."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from readiness.api.v1alpha1.review import Review
from readiness.api.v1alpha1.status import Status
from readiness.evidence.objects import Ref
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Workloads
from readiness.expectations.finding import unseen
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import ENDING, ORDINARY, RENEWAL, Verdict
from readiness.outputs.conditions import same
from tests.judgement.facts import NOW, area, at, bad, doubtful, expectation, good, judged, lost, review, workload

REVIEW = review(area("only", expectation("one"), expectation("two")))
WATCHED = Ref("Deployment", "api", "web")


def certified(of: Review = REVIEW, **fields: Any) -> Status:
    status = judged(of, **fields)[1]
    assert status.valid_until is not None
    return status


def ends(verdict: Verdict) -> datetime | None:
    return verdict.certificate.valid_until if verdict.certificate else None


def test_a_certificate_stands_for_valid_for_in_whole_seconds() -> None:
    verdict, status = judged(review(validFor="1h30m"), now=at(microseconds=900_000))

    assert ends(verdict) == at(hours=1, minutes=30)
    assert status.certified_at == status.last_evaluation_time == NOW
    assert verdict.until == at(minutes=30)


ANNOUNCED = review(area("only", expectation("one"), expectation("two", enforceFrom="2026-11-21T10:25:00Z")))


@pytest.mark.parametrize(
    ("of", "assessed", "valid_until"),
    [
        (REVIEW, {"one": Assessed((good(holds_until=at(minutes=7)), good("b", holds_until=at(minutes=9))))}, 7),
        (ANNOUNCED, {}, 25),
        (ANNOUNCED, {"two": Assessed((bad(),))}, 25),
        (ANNOUNCED, {"two": Assessed((good(holds_until=at(minutes=3)),))}, 25),
        (review(area("only", expectation("one"), expectation("two", severity="Advisory"))), {}, 60),
        (REVIEW, {"one": Assessed((good(holds_until=at(hours=2)),))}, 60),
    ],
)
def test_a_certificate_ends_with_what_it_rests_on(of: Review, assessed: dict[str, Assessed], valid_until: int) -> None:
    verdict, _ = judged(of, assessed)

    assert ends(verdict) == at(minutes=valid_until)


def test_an_announced_expectation_blocks_from_its_instant_and_takes_the_certificate_with_it() -> None:
    unmet = {"two": Assessed((bad(),))}
    stands = certified(ANNOUNCED)

    before, at_last = (
        judged(ANNOUNCED, unmet, before=stands, now=at(minutes=m, seconds=s))[0] for m, s in ((24, 59), (25, 0))
    )

    assert before.ready.status == "True"
    assert before.until == at(minutes=25)
    assert at_last.ready.status == "False"
    assert at_last.rank == ENDING


def test_the_next_look_is_at_the_first_instant_that_could_change_anything() -> None:
    soon = {"one": Assessed((good(holds_until=at(minutes=30)), good("b", holds_until=at(minutes=5, milliseconds=500))))}

    verdict, status = judged(REVIEW, soon)

    assert status.valid_until == at(minutes=5)
    assert verdict.until == at(minutes=5, milliseconds=500)


def test_a_proof_that_ends_at_this_instant_certifies_nothing_and_is_looked_at_again() -> None:
    verdict, status = judged(REVIEW, {"one": Assessed((good(holds_until=NOW),))})

    assert (verdict.ready.status, verdict.ready.reason) == ("Unknown", "EvidenceUnavailable")
    assert verdict.until == at(seconds=1)
    assert status.valid_until is None


@pytest.mark.parametrize(
    ("minutes", "skipped", "until"), [(0, True, 20), (5, True, 20), (19, True, 20), (20, False, 40), (59, False, 79)]
)
def test_a_certificate_is_extended_when_a_third_of_its_length_has_passed(
    minutes: int, skipped: bool, until: int
) -> None:
    stands = certified()

    verdict, status = judged(REVIEW, before=stands, now=at(minutes=minutes))

    assert same(stands, status) is skipped
    assert verdict.until == at(minutes=until)
    assert verdict.rank == RENEWAL
    assert status.certified_at == NOW


def test_a_certificate_is_shortened_at_once() -> None:
    stands = certified()

    verdict, status = judged(
        REVIEW, {"one": Assessed((good(holds_until=at(minutes=50)),))}, before=stands, now=at(minutes=1)
    )

    assert status.valid_until == at(minutes=50)
    assert not same(stands, status)
    assert verdict.until == at(minutes=50)


def test_a_certificate_that_something_else_bounds_is_not_renewed_in_vain() -> None:
    bounded = {"one": Assessed((good(holds_until=at(minutes=50)),))}
    stands = judged(REVIEW, bounded)[1]

    for minutes in (5, 30):
        verdict, status = judged(REVIEW, bounded, before=stands, now=at(minutes=minutes))
        assert same(stands, status)
        assert verdict.until == at(minutes=50)


def test_a_bound_that_moves_on_is_followed_when_renewal_is_due() -> None:
    stands = judged(REVIEW, {"one": Assessed((good(holds_until=at(minutes=30)),))})[1]
    later = {"one": Assessed((good(holds_until=at(minutes=50)),))}

    early, too_early = judged(REVIEW, later, before=stands, now=at(minutes=9))
    due, in_time = judged(REVIEW, later, before=stands, now=at(minutes=10))

    assert same(stands, too_early)
    assert early.until == at(minutes=10)
    assert not same(stands, in_time)
    assert due.until == at(minutes=50)


@pytest.mark.parametrize(("seconds", "kept"), [(0, True), (5, True), (6, False)])
def test_the_run_is_unbroken_where_the_next_certificate_follows_at_once(seconds: int, kept: bool) -> None:
    status = judged(REVIEW, before=certified(), now=at(hours=1, seconds=seconds))[1]

    assert (status.certified_at == NOW) is kept


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        ({"subject": {"revision": "a"}}, {"subject": {"revision": "b"}}, False),
        ({"subject": {"revision": "a"}}, {"subject": {"revision": "a"}, "validFor": "2h"}, True),
        ({}, {"subject": {"revision": "b"}}, False),
        ({"subject": {"images": [{"image": "r/a"}]}}, {"subject": {"images": [{"image": "r/b"}]}}, False),
        ({"subject": {"images": [{"image": "r/a"}]}}, {"subject": {"images": [{"image": "r/a"}]}}, True),
    ],
)
def test_the_run_begins_anew_with_another_subject(first: dict[str, Any], then: dict[str, Any], kept: bool) -> None:
    seen = Seen(Workloads((workload(images=["r/a", "r/b"]),)), NOW)
    stands = certified(review(**first), workloads=seen)

    status = judged(review(generation=5, **then), before=stands, now=at(minutes=1), workloads=seen)[1]

    assert status.certified_at == (NOW if kept else at(minutes=1))


def test_a_stored_certificate_without_its_times_is_renewed_at_once() -> None:
    stands = certified().model_copy(update={"certified_at": None, "last_evaluation_time": None})

    _, status = judged(REVIEW, before=stands, now=at(minutes=1))

    assert status.certified_at == at(minutes=1)
    assert not same(stands, status)


SKEW = timedelta(seconds=31)


def test_under_clock_skew_nothing_is_issued_or_extended_but_endings_go_on() -> None:
    stands = certified()
    kept, status = judged(REVIEW, before=stands, now=at(minutes=30), skewed=SKEW)
    over, _ = judged(REVIEW, before=status, now=at(hours=1), skewed=SKEW)
    first, _ = judged(REVIEW, skewed=SKEW)
    shorter, _ = judged(
        REVIEW, {"one": Assessed((good(holds_until=at(minutes=40)),))}, before=stands, now=at(minutes=30), skewed=SKEW
    )
    unmet, _ = judged(REVIEW, {"one": Assessed((bad(),))}, before=stands, now=at(minutes=30), skewed=SKEW)
    changed, _ = judged(review(generation=5), before=stands, now=at(minutes=1), skewed=SKEW)

    assert ends(kept) == at(hours=1)
    assert kept.until == at(hours=1)
    assert (kept.evidence_fresh.status, kept.evidence_fresh.reason) == ("False", "ClockSkew")
    assert over.ready.status == first.ready.status == changed.ready.status == "Unknown"
    assert first.until == at(minutes=1)
    assert ends(shorter) == at(minutes=40)
    assert unmet.ready.status == "False"


def gone(contact: datetime | None = NOW, why: Why = Why.STALE) -> dict[str, Assessed]:
    return {"one": Assessed(unseen=lost(why, contact))}


@pytest.mark.parametrize(
    ("minutes", "seconds", "status"), [(5, 0, "True"), (14, 59, "True"), (15, 0, "Unknown"), (16, 0, "Unknown")]
)
def test_lost_evidence_leaves_a_certificate_standing_for_hold_for_after_the_last_contact(
    minutes: int, seconds: int, status: str
) -> None:
    verdict, _ = judged(REVIEW, gone(), before=certified(), now=at(minutes=minutes, seconds=seconds))

    assert verdict.ready.status == status
    assert ends(verdict) == (at(minutes=15) if status == "True" else None)
    assert verdict.until == (at(minutes=15) if status == "True" else None)
    assert verdict.evidence_fresh.status == "False"


def test_a_hold_goes_on_without_another_write_and_ends_in_time() -> None:
    held = judged(REVIEW, gone(), before=certified(), now=at(minutes=1))[1]

    later, status = judged(REVIEW, gone(), before=held, now=at(minutes=14))
    over, _ = judged(REVIEW, gone(), before=held, now=at(minutes=15))

    assert same(held, status)
    assert later.certificate is not None
    assert later.certificate.held
    assert over.ready.status == "Unknown"
    assert over.rank == ENDING


def test_a_hold_never_extends_whatever_the_contact_says() -> None:
    stands = certified()
    unknown_contact, first = judged(REVIEW, gone(None), before=stands, now=at(minutes=50))
    again, second = judged(
        REVIEW, gone(None), before=judged(REVIEW, gone(None), before=stands, now=at(minutes=1))[1], now=at(minutes=10)
    )
    future, _ = judged(REVIEW, gone(at(minutes=30)), before=stands, now=at(minutes=5))

    assert first.valid_until == at(hours=1)
    assert second.valid_until == at(minutes=16)
    assert ends(future) == at(minutes=20)
    assert unknown_contact.ready.status == again.ready.status == "True"


def test_a_hold_ends_with_the_second_that_it_is_written_in() -> None:
    contact = at(milliseconds=500)
    within, _ = judged(REVIEW, gone(contact), before=certified(), now=at(minutes=14, seconds=59, milliseconds=900))
    over = [
        judged(REVIEW, gone(contact), before=certified(), now=at(minutes=15, milliseconds=late))[0] for late in (0, 100)
    ]

    assert ends(within) == at(minutes=15)
    assert {verdict.ready.status for verdict in over} == {"Unknown"}


def test_the_earliest_loss_counts() -> None:
    verdict, _ = judged(
        REVIEW,
        {
            "one": Assessed(
                (
                    unseen(WATCHED, lost(contact=at(minutes=3))),
                    unseen(WATCHED.at(item="x"), lost(contact=at(minutes=2))),
                )
            ),
            "two": Assessed(unseen=lost(contact=at(minutes=4))),
        },
        before=certified(),
        now=at(minutes=5),
    )

    assert ends(verdict) == at(minutes=17)


def test_how_long_is_held_is_the_operators_setting() -> None:
    verdict, _ = judged(REVIEW, gone(), before=certified(), now=at(minutes=1), hold_for=timedelta(0))

    assert verdict.ready.status == "Unknown"


STANDS = certified()
LOST_TWO = {**gone(), "two": Assessed(unseen=lost(contact=NOW))}


@pytest.mark.parametrize(
    ("of", "assessed", "before"),
    [
        (review(area("only", expectation("one"), expectation("two")), generation=5), gone(), STANDS),
        (review(area("only", expectation("one"), expectation("two")), validFor="2h"), gone(), STANDS),
        (REVIEW, {"one": Assessed((unseen(WATCHED, lost(contact=NOW)), bad()))}, STANDS),
        (REVIEW, {"one": Assessed((unseen(WATCHED, lost(contact=NOW)), doubtful()))}, STANDS),
        (REVIEW, {**gone(), "two": Assessed()}, STANDS),
        (REVIEW, {**gone(), "two": Assessed(raised=OSError())}, STANDS),
        (REVIEW, gone(why=Why.NOT_INSTALLED), STANDS),
        (REVIEW, gone(why=Why.NOT_ALLOWED), STANDS),
        (REVIEW, gone(why=Why.UNREADABLE), STANDS),
        (REVIEW, gone(), judged(REVIEW, {"one": Assessed((bad(),))})[1]),
        (REVIEW, gone(), STANDS.model_copy(update={"areas": ()})),
        (REVIEW, gone(), STANDS.model_copy(update={"valid_until": at(minutes=1)})),
        (REVIEW, gone(), STANDS.model_copy(update={"valid_until": None})),
        (REVIEW, gone(), STANDS.model_copy(update={"spec_digest": None})),
        (REVIEW, gone(), STANDS.model_copy(update={"conditions": ()})),
    ],
)
def test_nothing_but_lost_evidence_of_what_was_met_is_held(
    of: Review, assessed: dict[str, Assessed], before: Status
) -> None:
    verdict, status = judged(of, assessed, before=before, now=at(minutes=1))

    assert verdict.ready.status != "True"
    assert status.valid_until is None


@pytest.mark.parametrize("why", [Why.NOT_SYNCED, Why.STALE, Why.FAILED, Why.FORBIDDEN])
def test_every_kind_of_loss_is_held(why: Why) -> None:
    assert judged(REVIEW, gone(why=why), before=STANDS, now=at(minutes=1))[0].ready.status == "True"
    assert judged(REVIEW, {**LOST_TWO}, before=STANDS, now=at(minutes=1))[0].ready.status == "True"


def test_what_was_unmet_but_advisory_is_no_proof_once_it_blocks() -> None:
    enforced = STANDS.areas[0].expectations[0].model_copy(update={"outcome": "Unmet", "severity": "Advisory"})
    unknown = enforced.model_copy(update={"outcome": "Unknown"})
    for then in (enforced, unknown):
        areas = (STANDS.areas[0].model_copy(update={"expectations": (then, STANDS.areas[0].expectations[1])}),)
        before = STANDS.model_copy(update={"areas": areas})
        assert judged(REVIEW, gone(), before=before, now=at(minutes=1))[0].ready.status == "Unknown"


def test_a_hold_ends_for_good_and_a_new_certificate_begins_when_the_evidence_is_back() -> None:
    held = judged(REVIEW, gone(), before=STANDS, now=at(minutes=1))[1]
    back = judged(REVIEW, before=held, now=at(minutes=2))[1]
    over = judged(REVIEW, gone(), before=held, now=at(minutes=15))[1]
    anew = judged(REVIEW, before=over, now=at(minutes=20))[1]

    assert back.valid_until == at(minutes=62)
    assert back.certified_at == NOW
    assert anew.certified_at == at(minutes=20)


SCOPED = review(scope={"selector": {"matchLabels": {"a": "b"}}})


@pytest.mark.parametrize(
    ("workloads", "status"),
    [
        (lost(contact=NOW), "True"),
        (lost(Why.NOT_ALLOWED, NOW), "Unknown"),
        (Seen(Workloads(()), NOW), "Unknown"),
        (Seen(Workloads((workload(),)), NOW), "True"),
    ],
)
def test_workloads_that_were_lost_are_held_like_any_evidence(workloads: Seen[Workloads] | Unseen, status: str) -> None:
    verdict, _ = judged(SCOPED, before=certified(SCOPED), now=at(minutes=1), workloads=workloads)

    assert verdict.ready.status == status
    assert (verdict.evidence_fresh.reason == "Stale") == (workloads == lost(contact=NOW))
    if workloads == lost(contact=NOW):
        assert ends(verdict) == at(minutes=15)


def test_writes_that_end_a_certificate_come_first() -> None:
    unmet = {"one": Assessed((bad(),))}

    assert ENDING < ORDINARY < RENEWAL
    assert judged(REVIEW, unmet, before=STANDS)[0].rank == ENDING
    assert judged(REVIEW, unmet)[0].rank == ORDINARY
    assert judged(REVIEW)[0].rank == ORDINARY
    assert judged(REVIEW, gone(), before=STANDS)[0].rank == ORDINARY
    assert judged(REVIEW, before=STANDS, lost=(lost(),))[0].rank == ORDINARY
    assert judged(REVIEW, before=STANDS.model_copy(update={"conditions": STANDS.conditions[:1]}))[0].rank == ORDINARY
