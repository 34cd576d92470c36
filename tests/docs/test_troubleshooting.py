"""Every reason that anybody can see has a place in the page, and the page tells of none that there is not."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from hack import gen_troubleshooting
from readiness.api.v1alpha1.reasons import Reason
from readiness.evidence.seen import Why
from readiness.expectations import table
from readiness.outputs import advice
from readiness.outputs.events import Announcement
from tests.expectations.example import all_examples, judge

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / gen_troubleshooting.PATH).read_text()
ADVICE: dict[str, Any] = yaml.safe_load(advice.PATH.read_text())


def test_the_page_is_current() -> None:
    assert dict(gen_troubleshooting.pages()) == {gen_troubleshooting.PATH: PAGE}, "run make generate"


def test_every_reason_has_a_heading_and_every_heading_a_reason() -> None:
    actions = get_args(get_type_hints(Announcement)["action"])
    in_code = {*map(str, Reason), *map(str, Why), *actions, *(one for kind in table.TABLE for one in kind.reasons)}
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert set(headings) == in_code
    assert len(headings) == len(set(headings)), "a word that stands for two things is found at the wrong one"


def test_every_entry_says_what_it_means_and_what_to_do_unless_all_is_well() -> None:
    entries = re.findall(r"^### (\w+)\n\n\*\*(.+?):\*\* (.+)\n(?:\n\*\*What to do:\*\* (.+)\n)?", PAGE, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^### ", PAGE, re.MULTILINE))
    well = {"Certified", "ExpectationsMet", "AllSourcesFresh", "AreaMet", "EvidenceRestored"}
    for reason, seen, means, do in entries:
        assert seen
        assert len(means) > len("somewhat")
        assert bool(do) == (seen != "Met" and reason not in well), reason


@pytest.mark.parametrize("kind", table.TABLE, ids=lambda kind: kind.name)
def test_outcomes_are_those_that_the_examples_reach(kind: table.Kind) -> None:
    reached: defaultdict[str, set[str]] = defaultdict(set)
    for example in all_examples():
        if example.kind == kind.name:
            for finding in judge(example).findings:
                reached[finding.reason].add(finding.outcome)
    for reason, one in ADVICE["kinds"][kind.name].items():
        assert {one["outcome"]} == reached[reason], reason


def test_a_reason_without_advice_ends_the_generation() -> None:
    for part in (ADVICE["common"], *ADVICE["kinds"].values()):
        reason, one = part.popitem()
        with pytest.raises(gen_troubleshooting.IncompleteError, match=reason):
            gen_troubleshooting.text(advice.book(ADVICE))
        part[reason] = one
    ADVICE["common"]["NoSuchReason"] = {"seen": "nowhere", "do": "nothing"}
    with pytest.raises(gen_troubleshooting.IncompleteError, match="NoSuchReason"):
        gen_troubleshooting.text(advice.book(ADVICE))
    del ADVICE["common"]["NoSuchReason"]
    assert gen_troubleshooting.text(advice.book(ADVICE)) == PAGE
