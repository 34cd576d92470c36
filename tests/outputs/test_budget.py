import json
from typing import Any

import pytest

from readiness.api.v1alpha1.status import Status
from readiness.evidence.objects import Ref
from readiness.evidence.seen import Unseen, Why
from readiness.expectations.finding import Finding, Outcome
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import Verdict, decide
from readiness.outputs.budget import BYTES, bounded, size
from readiness.outputs.conditions import render
from readiness.outputs.entries import share
from tests.judgement.facts import NEVER, NOW, area, bad, expectation, facts, judged, review

HOSTILE = ["x" * 600, "<&>" * 200, "\u65e5\u672c" * 300, "\U0001f525" * 600, '"\\' * 300, "\u202e\x1b[31m<" * 100]


def heavy(text: str) -> tuple[Verdict, Status]:
    """As much as an author and strangers together can make of one review."""
    runbook = "https://runbooks.example.com/" + "r" * 480
    areas = [
        area(f"a{index:02}" + "a" * 44, *(expectation(f"e{n}" + "e" * 60, runbook=runbook) for n in range(8)))
        for index in range(16)
    ]
    subject = Ref("K" * 63, text[:253], "c" * 63, text)
    found = tuple(Finding(subject.at(item=f"{n}{text}"), Outcome.UNMET, "R" * 64, text) for n in range(10))
    of = review(*areas)
    every = {
        one.name: Assessed(found) if index % 2 else Assessed(unseen=Unseen(Why.STALE, text, text))
        for where in of.spec.areas
        for index, one in enumerate(where.expectations)
    }
    verdict = decide(facts(of, every))
    return verdict, render(verdict, NEVER, NOW)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_status_fits_whatever_is_written_in_it(text: str) -> None:
    verdict, status = heavy(text)

    assert size(status) <= BYTES
    assert _as_go_writes(status) <= size(status)
    assert _totals(status) == [one.counts.unmet for area_ in verdict.areas for one in area_.expectations]
    assert status.summary is not None
    assert (status.summary.total, status.summary.unmet, status.summary.unknown) == (128, 64, 64)
    assert Status.read(status.dump()) == status
    assert bounded(status) == status


def test_ten_thousand_unmet_subjects_fit_and_are_counted_exactly() -> None:
    found = Assessed(tuple(bad(f"{n:05}" + "w" * 200, "<" * 256) for n in range(10_000)))
    of = review(area("a", expectation("one"), expectation("two")))

    status = judged(of, {"one": found, "two": found})[1]

    assert size(status) <= BYTES
    for one in status.areas[0].expectations:
        assert one.counts is not None
        assert one.findings_omitted is not None
        assert one.counts.unmet == len(one.findings) + one.findings_omitted == 10_000
    assert 20 <= sum(len(one.findings) for one in status.areas[0].expectations) <= 40


def test_what_fits_is_left_as_it_is() -> None:
    status = judged(review(), {"probes": Assessed((bad(),))})[1]

    assert bounded(status) is status


def test_details_go_first_and_findings_before_runbooks() -> None:
    status = heavy("x" * 600)[1]

    assert not any(one.findings for area_ in status.areas for one in area_.expectations)
    assert all(one.reason and one.outcome for area_ in status.areas for one in area_.expectations)
    assert len(status.conditions) == 19


@pytest.mark.parametrize(
    ("sizes", "limit", "order", "expected"),
    [
        ([], 40, None, []),
        ([0, 0], 40, None, [0, 0]),
        ([1, 2], 40, None, [1, 2]),
        ([9, 1, 9], 5, None, [2, 1, 2]),
        ([9, 9, 9], 4, None, [2, 1, 1]),
        ([9, 9, 9], 4, [2, 1, 0], [1, 1, 2]),
        ([9, 9, 9], 2, [2, 1, 0], [0, 1, 1]),
        ([9, 9], 0, None, [0, 0]),
    ],
)
def test_places_are_given_one_each_in_turn(
    sizes: list[int], limit: int, order: list[int] | None, expected: list[int]
) -> None:
    assert share(sizes, limit, order) == expected


def _totals(status: Status) -> list[int]:
    return [one.counts.unmet if one.counts else 0 for area_ in status.areas for one in area_.expectations]


def _as_go_writes(status: Status) -> int:
    """Go's encoder leaves UTF-8 as it is and escapes what could be HTML."""
    document: dict[str, Any] = status.dump()
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, "\\u0000")
    return len(text.encode())
