"""No false green: losing sight of something never makes Met what was not."""

import random
from itertools import chain

import pytest

from readiness.evidence.resources import LIVE_TEMPLATES
from readiness.evidence.seen import Why
from readiness.expectations.finding import Outcome
from tests.expectations.example import Example
from tests.security.worlds import EXAMPLES, judged, seen_by, unseen

EACH = pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
GREEN = {Outcome.MET, Outcome.NOT_APPLICABLE}


@EACH
def test_a_lost_source_never_makes_it_met(example: Example) -> None:
    before = judged(example)
    met = {finding.subject for finding in before.findings if finding.outcome is Outcome.MET}
    for resource in seen_by(example):
        for why in (Why.FAILED, Why.NOT_INSTALLED, Why.NOT_ALLOWED):  # an accident, an absence, a refusal
            after = judged(example, unseen={**unseen(example), resource.name: why})
            assert after.outcome not in GREEN or before.outcome == after.outcome, (resource.name, why)
            newly = {one.subject for one in after.findings if one.outcome is Outcome.MET} - met
            assert not newly, (resource.name, why)
            if resource in LIVE_TEMPLATES:
                break  # whatever the reason, workloads are lost as a whole


@EACH
def test_lost_sources_together_never_make_it_met(example: Example) -> None:
    before = judged(example)
    names = [resource.name for resource in seen_by(example)]
    choice = random.Random(example.name)
    for _ in range(5):
        lost = choice.sample(names, choice.randint(0, len(names)))
        after = judged(example, unseen={**unseen(example), **{name: choice.choice(list(Why)) for name in lost}})
        assert after.outcome not in GREEN or before.outcome == after.outcome, lost


@EACH
def test_nothing_seen_is_never_met(example: Example) -> None:
    lost = dict.fromkeys((resource.name for resource in seen_by(example)), Why.FORBIDDEN)
    assert judged(example, unseen={**unseen(example), **lost}).outcome not in GREEN


@EACH
def test_the_order_of_objects_does_not_matter(example: Example) -> None:
    before = judged(example)
    choice = random.Random(example.name)
    shuffled = (choice.sample(example.objects, len(example.objects)) for _ in range(3))
    for objects in chain([example.objects[::-1]], shuffled):
        after = judged(example, objects)
        assert (after.outcome, after.findings) == (before.outcome, before.findings)
