"""Between judge and writer: what is in force, what is sent, and the last guard before it is."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.review import Review
from readiness.api.v1alpha1.status import Status
from readiness.judgement import verdict as verdicts
from readiness.judgement.certificate import Certificate
from readiness.judgement.verdict import Answer, Verdict
from readiness.runtime.desk import RETRY, Desk
from readiness.runtime.register import Entry, Register
from tests.runtime.virtual import EPOCH, raw


@dataclass
class Clock:
    instant: Any = EPOCH

    def now(self) -> Any:
        return self.instant


@dataclass
class Announcer:
    told: list[tuple[Status, Status]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def tell(self, _entry: Entry, before: Status, after: Status) -> None:
        self.told.append((before, after))

    def forget(self, uid: str) -> None:
        self.forgotten.append(uid)


class Bench:
    def __init__(self) -> None:
        self.register = Register()
        self.clock, self.announcer = Clock(), Announcer()
        self.again: list[str] = []
        self.later: list[tuple[str, float]] = []
        self.written: list[str] = []
        self.desk = Desk(
            self.register,
            self.clock,  # type: ignore[arg-type]
            self.announcer,  # type: ignore[arg-type]
            self.again.append,
            self.written.append,
            lambda uid, seconds: self.later.append((uid, seconds)),
        )

    def put(self, **fields: Any) -> Entry:
        self.register.put(raw(**fields))
        entry = self.register.entry("u-1")
        assert entry is not None
        return entry

    def condition(self) -> tuple[str, str] | None:
        draft = self.desk.draft("u-1")
        ready = draft.status.condition("Ready") if draft else None
        return (ready.status, ready.reason) if ready else None


def read(entry: Entry) -> Review:
    review = entry.read()
    assert isinstance(review, Review)
    return review


def green(entry: Entry, lasting: timedelta = timedelta(hours=1)) -> Verdict:
    blank = verdicts.suspended(read(entry), Status(), EPOCH)
    until = EPOCH + lasting
    return replace(
        blank,
        ready=Answer("True", Reason.CERTIFIED, "all is well"),
        areas=(),
        certificate=Certificate(until, EPOCH, until),
        until=until,
    )


def test_a_verdict_that_differs_from_what_is_stored_is_drafted() -> None:
    bench = Bench()
    entry = bench.put()
    assert bench.desk.take("u-1", entry, green(entry)) is True
    assert bench.condition() == ("True", "Certified")


def test_a_verdict_on_another_state_of_the_review_is_judged_again() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    bench.put(version=2, generation=2)
    assert bench.condition() is None
    assert bench.again == ["u-1"]


def test_a_verdict_that_time_has_overtaken_is_judged_again() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    bench.clock.instant = EPOCH + timedelta(hours=1)
    assert bench.condition() is None
    assert bench.again == ["u-1"]


def test_what_must_not_be_green_is_told_as_an_error() -> None:
    """Whatever defect led to it: suspended and certified is never sent."""
    bench = Bench()
    good = bench.put()
    entry = bench.put(version=2, generation=2, spec={"suspend": True})
    assert bench.desk.take("u-1", entry, green(good)) is True
    assert bench.condition() == ("Unknown", "InternalError")
    assert bench.later == [("u-1", RETRY)]


def test_a_green_verdict_on_a_review_that_is_being_deleted_is_told_as_an_error() -> None:
    bench = Bench()
    good = bench.put()
    entry = bench.put(version=2, metadata={"deletionTimestamp": "2026-11-21T10:00:00Z"})
    bench.desk.take("u-1", entry, green(good))
    assert bench.condition() == ("Unknown", "InternalError")


def test_after_lost_contact_no_verdict_from_before_is_sent() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    bench.desk.void()
    assert bench.desk.draft("u-1") is None
    assert bench.again == ["u-1"]
    assert list(bench.desk.verdicts()) == []


def test_the_answer_becomes_the_stored_copy_and_nothing_is_left_to_write() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    draft = bench.desk.draft("u-1")
    assert draft is not None
    bench.desk.written(draft, raw(version=2, status=draft.status.dump()))
    assert bench.desk.draft("u-1") is None
    assert (bench.written, bench.again) == (["u-1"], [])
    [(before, after)] = bench.announcer.told
    assert before.condition("Ready") is None
    assert after == draft.status


def test_a_verdict_stands_while_the_review_tells_of_it_and_time_has_not_ended_it() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, replace(green(entry), judged=True))
    assert bench.desk.stands(entry)
    assert bench.desk.untold("u-1") is not None
    draft = bench.desk.draft("u-1")
    assert draft is not None
    bench.desk.written(draft, raw(version=2, status=draft.status.dump()))
    stored = bench.register.entry("u-1")
    assert stored is not None
    assert bench.desk.stands(stored)
    assert bench.desk.untold("u-1") is None
    assert not bench.desk.stands(bench.put(version=3, status={"observedGeneration": 1})), "somebody replaced it"
    bench.clock.instant = EPOCH + timedelta(hours=1)
    assert not bench.desk.stands(stored)


def test_our_own_write_is_known_before_its_answer_is_here_and_another_ones_is_not() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, replace(green(entry), judged=True))
    assert not bench.desk.is_ours(entry), "nothing was sent yet"
    draft = bench.desk.draft("u-1")
    assert draft is not None
    ours = draft.status.dump()
    assert not bench.desk.is_ours(bench.put(version=2, status={**ours, "specDigest": "another"}))
    assert not bench.desk.is_ours(bench.put(version=3, generation=2, status=ours)), "it was edited meanwhile"
    told = bench.put(version=4, status=ours)
    assert bench.desk.is_ours(told)
    bench.desk.written(draft, raw(version=4, status=ours))
    assert not bench.desk.is_ours(told), "the answer has dealt with it"


def test_what_is_not_the_outcome_of_a_judgement_never_stands() -> None:
    """An error that gave up is tried again though nothing moves."""
    bench = Bench()
    bench.put()
    draft = bench.desk.give_up("u-1", "a defect")
    assert draft is not None
    bench.desk.written(draft, raw(version=2, status=draft.status.dump()))
    stored = bench.register.entry("u-1")
    assert stored is not None
    assert not bench.desk.stands(stored)


def test_a_verdict_that_came_back_while_another_was_written_is_judged_upon_what_was_written() -> None:
    """It agrees with what was stored when it was judged, and not with what is stored now: nobody else would notice."""
    bench = Bench()
    blank = bench.put()
    bench.desk.take("u-1", blank, red := verdicts.suspended(read(blank), Status(), EPOCH))
    first = bench.desk.draft("u-1")
    assert first is not None
    bench.desk.written(first, raw(version=2, status=first.status.dump()))
    entry = bench.put(version=2, status=first.status.dump())
    bench.desk.take("u-1", entry, green(entry))
    flying = bench.desk.draft("u-1")
    assert flying is not None
    assert bench.desk.take("u-1", entry, red) is False, "nothing to write, as far as is known"
    assert bench.again == []
    bench.desk.written(flying, raw(version=3, status=flying.status.dump()))
    assert bench.again == ["u-1"]
    stored = bench.register.entry("u-1")
    assert stored is not None
    assert not bench.desk.stands(stored)


def test_a_status_that_somebody_wrote_upon_ours_before_its_answer_was_here_is_judged() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, verdicts.suspended(read(entry), Status(), EPOCH))
    draft = bench.desk.draft("u-1")
    assert draft is not None
    theirs = bench.put(version=3, status={"conditions": [{"type": "Ready", "status": "True"}]})
    bench.desk.written(draft, raw(version=2, status=draft.status.dump()))
    assert bench.register.entry("u-1") is theirs
    assert not bench.desk.stands(theirs)
    assert bench.again == ["u-1"]


def test_an_answer_that_a_newer_spec_has_overtaken_is_judged_again() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    draft = bench.desk.draft("u-1")
    assert draft is not None
    bench.put(version=3, generation=2, spec={"owner": "others"})
    bench.desk.written(draft, raw(version=2, status=draft.status.dump()))
    assert bench.again == ["u-1"]


def test_a_successor_found_after_a_conflict_is_judged_in_its_own_right() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    bench.desk.moved("u-1", raw(uid="u-2", version=9))
    assert bench.register.uids() == {"u-2"}
    assert "u-2" in bench.again
    assert bench.desk.draft("u-2") is None, "its predecessor's verdict is not its own"


def test_one_that_is_gone_is_forgotten() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    bench.desk.moved("u-1", None)
    assert len(bench.register) == 0
    assert bench.desk.draft("u-1") is None
    bench.desk.drop("u-1")
    assert list(bench.desk.verdicts()) == []
    assert bench.announcer.forgotten == ["u-1"]


def test_giving_up_takes_a_certificate_away_and_is_tried_again_later() -> None:
    bench = Bench()
    entry = bench.put()
    bench.desk.take("u-1", entry, green(entry))
    draft = bench.desk.give_up("u-1", "a defect")
    assert draft is not None
    assert bench.condition() == ("Unknown", "InternalError")
    assert draft.status.valid_until is None
    assert bench.later == [("u-1", RETRY)]
    assert bench.desk.give_up("unknown", "a defect") is None
