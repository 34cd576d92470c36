"""Two writers of one status, in virtual time: who yields, for how long, and what goes out all the same."""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from readiness.api.v1alpha1.status import Condition, Status
from readiness.runtime.register import Entry, Register
from readiness.runtime.rivals import ALONE, ENDINGS, Rivals
from readiness.runtime.writer import Draft
from tests.runtime.virtual import EPOCH, passed, raw, virtual


@dataclass
class Told:
    """A review with two writers, and everything that became known of their dispute."""

    conflicts: int = 0
    yielded: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    version: int = 1

    def __post_init__(self) -> None:
        self.rivals = Rivals(self._conflict, lambda _: self.yielded.append(passed()), self._again)

    def ours(self) -> None:
        """Our status is taken."""
        self.rivals.wrote("u-1", self._stored("ours"))

    def theirs(self) -> Entry:
        """The review after somebody else's write."""
        found = Register().put(self._stored(f"theirs {self.version}"))
        assert found is not None
        return found

    def replaced(self, times: int) -> Entry:
        for _ in range(times):
            self.ours()
            entry = self.theirs()
            if not self.yields(entry):
                self.ours()
        return entry

    def yields(self, entry: Entry, *, ending: bool = False) -> bool:
        return self.rivals.yields(entry, ending=ending)

    def _stored(self, said: str) -> dict[str, Any]:
        self.version += 1
        return raw(version=self.version, status={"said": said})

    def _conflict(self) -> None:
        self.conflicts += 1

    def _again(self, uid: str) -> None:
        assert uid == "u-1"
        self.again.append(passed())


@virtual
async def test_the_third_replacement_within_a_minute_is_left_alone_for_a_while() -> None:
    told = Told()
    entry = told.replaced(2)
    assert told.yielded == []
    entry = told.replaced(1)
    assert (told.conflicts, told.yielded) == (3, [0.0])
    assert told.yields(entry)
    await asyncio.sleep(ALONE - 1)
    assert told.yields(told.theirs())
    assert told.again == []
    await asyncio.sleep(2)
    assert told.again == [ALONE]
    assert not told.yields(told.theirs())


@virtual
async def test_replacements_further_apart_are_put_right_each_time() -> None:
    told = Told()
    for _ in range(6):
        told.replaced(1)
        await asyncio.sleep(31)
    assert (told.conflicts, told.yielded) == (6, [])


@virtual
async def test_a_certificate_is_ended_again_and_again_though_left_alone_and_no_more_often_than_agreed() -> None:
    told = Told()
    told.replaced(3)
    ended: list[float] = []
    for _ in range(1000):
        entry = told.theirs()
        if not told.yields(entry, ending=True):
            ended.append(passed())
            told.ours()
        assert told.yields(entry), "nothing else goes out"
        await asyncio.sleep(0.2)
    pauses = [later - sooner for sooner, later in itertools.pairwise(ended)]
    assert ended[0] == 0.0, "the first one at once"
    assert all(ENDINGS <= pause < ENDINGS + 0.3 for pause in pauses)
    assert len(ended) == pytest.approx(200 / ENDINGS, abs=1)


@virtual
async def test_an_end_that_came_too_soon_is_asked_for_when_its_time_has_come() -> None:
    told = Told()
    entry = told.replaced(3)
    assert not told.yields(entry, ending=True)
    await asyncio.sleep(1)
    for _ in range(5):
        assert told.yields(entry, ending=True)
    await asyncio.sleep(20)
    assert told.again == [ENDINGS], "once, however often it was in vain"
    assert not told.yields(entry, ending=True)


@virtual
async def test_a_review_that_is_gone_is_never_asked_for() -> None:
    told = Told()
    entry = told.replaced(3)
    assert not told.yields(entry, ending=True)
    assert told.yields(entry, ending=True)
    told.rivals.forget("u-1")
    await asyncio.sleep(2 * ALONE)
    assert told.again == []


def status(ready: str) -> dict[str, Any]:
    return {"conditions": [{"type": "EvidenceFresh", "status": "True"}, {"type": "Ready", "status": ready}]}


@pytest.mark.parametrize(
    ("stored", "ready", "ends"),
    [
        (status("True"), "False", True),
        (status("True"), "Unknown", True),
        (status("True"), "True", False),
        (status("Unknown"), "False", False),
        (status("False"), "True", False),
        ({}, "Unknown", False),
        (status("True") | {"ours": False, "validUntil": "for ever"}, "False", True),
        ({"conditions": ["Ready"]}, "False", True),
    ],
)
def test_what_ends_a_certificate(
    stored: dict[str, Any], ready: Literal["True", "False", "Unknown"], ends: bool
) -> None:
    """Also of a status that we would never write."""
    entry = Register().put(raw(status=stored))
    assert entry is not None
    said = Condition(
        type="Ready", status=ready, reason="Any", message="", last_transition_time=EPOCH, observed_generation=1
    )
    assert Draft(entry, entry.stored(), Status(conditions=(said,))).ends is ends
