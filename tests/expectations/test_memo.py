"""What is remembered of subjects never shows: after any sequence of changes the findings are those of a fresh look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.api.v1alpha1.expectations.probes import ProbesExpectation
from readiness.evidence.objects import Meta, Ref, Unreadable
from readiness.evidence.resources import Resource
from readiness.expectations.finding import Finding, Outcome
from readiness.expectations.table import Kind, Memo, each

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
WANT = ProbesExpectation()


@dataclass(frozen=True, eq=False)
class Thing:
    """A subject's evidence: what its findings are, at which time."""

    names: tuple[str, ...]
    outcome: Outcome
    turns: int | None  # minutes from the start at which it becomes Unmet


@dataclass(frozen=True)
class Things:
    items: tuple[tuple[str, Thing], ...]
    unreadable: tuple[Unreadable, ...] = ()

    def __iter__(self) -> Iterator[tuple[str, Thing]]:
        return iter(self.items)

    @staticmethod
    def reads(_want: object) -> frozenset[Resource]:
        return frozenset()


class Module:
    REASONS = ("Turned", "Plain")

    def __init__(self) -> None:
        self.looked = 0

    def evaluate(self, _want: ProbesExpectation, thing: Thing, now: datetime, /) -> Iterator[Finding]:
        self.looked += 1
        until = None if thing.turns is None else NOW + timedelta(minutes=thing.turns)
        for name in thing.names:
            if until is not None and until <= now:
                yield Finding(Ref("Deployment", name), Outcome.UNMET, "Turned")
            else:
                yield Finding(Ref("Deployment", name), thing.outcome, "Plain", holds_until=until)


def kind(module: Module) -> Kind:
    return each("things", ProbesExpectation, Things, Things.reads, module)


THINGS = st.builds(
    Thing,
    st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple),
    st.sampled_from([Outcome.MET, Outcome.UNMET, Outcome.UNKNOWN]),
    st.none() | st.integers(1, 10),
)
BROKEN = st.lists(st.sampled_from("xy").map(lambda name: Unreadable(Meta(name, name), "Deployment", "no")), max_size=1)
STEPS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("1234"), st.none() | THINGS, max_size=3), BROKEN, st.integers(0, 3)),
    max_size=8,
)


@given(STEPS)
def test_findings_are_those_of_a_fresh_look(steps: list[tuple[dict[str, Thing | None], list[Unreadable], int]]) -> None:
    row, memo, now = kind(Module()), Memo(), NOW
    world: dict[str, Thing] = {}
    for changes, broken, minutes in steps:
        now += timedelta(minutes=minutes)
        for uid, thing in changes.items():
            if thing is None:
                world.pop(uid, None)
            else:
                world[uid] = thing
        seen = Things(tuple(world.items()), tuple(broken))
        assert row.judge(WANT, seen, now, memo) == row.judge(WANT, seen, now, None)


def test_one_change_is_one_look_and_equal_findings_change_nothing() -> None:
    module, memo = Module(), Memo()
    row = kind(module)
    things = {str(number): Thing((f"w{number}",), Outcome.MET, None) for number in range(100)}
    before = row.judge(WANT, Things(tuple(things.items())), NOW, memo)
    things["5"] = Thing(("w5",), Outcome.MET, None)
    after = row.judge(WANT, Things(tuple(things.items())), NOW, memo)
    assert module.looked == 101
    assert after is before


def test_a_subject_never_hides_another_of_its_uid() -> None:
    twice = Things((("1", Thing(("a",), Outcome.UNMET, None)), ("1", Thing(("b",), Outcome.MET, None))))
    with pytest.raises(AssertionError, match="two subjects"):
        kind(Module()).judge(WANT, twice, NOW, None)
