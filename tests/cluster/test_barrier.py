"""
A review and what it is about, applied in one go: a gate that watches must never see it certified first.

Several namespaces are served at once, so that lists and watches overtake each other in more than one way.
"""

import json
from collections.abc import Callable

import pytest

from tests.cluster.conftest import Space
from tests.cluster.history import condition
from tests.cluster.kube import Json
from tests.cluster.objects import config_map, deployment, review
from tests.cluster.running import Running

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("running")]

REPETITIONS = 4


def ever_certified(space: Space) -> list[Json]:
    return [one for one in space.versions() if condition(one).get("status") == "True"]


def in_one_go(space: Space, bodies: list[Json]) -> None:
    """As a release does it: one `kubectl apply` of all."""
    document = {"apiVersion": "v1", "kind": "List", "items": [space.own(body) for body in bodies]}
    space.kube.cluster.kubectl("apply", "--filename=-", input=json.dumps(document))


@pytest.mark.parametrize("review_first", [True, False], ids=["review-first", "review-last"])
@pytest.mark.parametrize("between", [0, 20])
def test_a_bad_deployment_applied_beside_its_review_is_never_certified(
    spaces: Callable[[], Space], between: int, review_first: bool
) -> None:
    made = [spaces() for _ in range(REPETITIONS)]
    for space in made:
        space.apply(deployment("web"))  # without it, nothing would be there to certify by mistake
    for space in made:
        first, last = (review(), deployment("api", good=False))[:: 1 if review_first else -1]
        in_one_go(space, [first, *(config_map(f"c{number}") for number in range(between)), last])
    for space in made:
        space.ready("False", "BlockingFindings")
        assert not ever_certified(space)


@pytest.mark.parametrize("review_first", [True, False], ids=["review-first", "review-last"])
def test_a_new_generation_is_not_judged_by_the_old_deployment(spaces: Callable[[], Space], review_first: bool) -> None:
    """A promotion changes the revision in the review and brings a bad Deployment: the old one was good."""
    made = [spaces() for _ in range(REPETITIONS)]
    for space in made:
        in_one_go(space, [deployment("api"), review(subject={"revision": "v1"})])
    for space in made:
        space.ready("True", "Certified")
    for space in made:
        promotion = [review(subject={"revision": "v2"}), deployment("api", good=False)]
        fillers = [config_map(f"c{number}") for number in range(10)]
        first, last = promotion[:: 1 if review_first else -1]
        in_one_go(space, [first, *fillers, last])
    for space in made:
        space.until(
            lambda one: one["status"]["observedGeneration"] == 2 and condition(one)["status"] == "False",
            "v2 is refused",
        )
        wrong = [one for one in ever_certified(space) if one["status"]["subject"]["revision"] == "v2"]
        assert not wrong


def test_a_first_verdict_comes_soon_after_a_good_release(space: Space) -> None:
    """The other half: what waits for ever would pass the tests above."""
    in_one_go(space, [review(), deployment("api")])
    space.ready("True", "Certified", seconds=10)


def test_a_paused_deployment_with_a_corrected_template_stays_unmet(space: Space) -> None:
    """The template is good, the Pods are not: what runs is what counts."""
    space.apply(deployment("api", good=False))
    space.apply(review())
    red = space.ready("False", "BlockingFindings")
    space.merge(deployment("api"), {"spec": {"paused": True}})
    space.apply(deployment("api", paused=True))
    space.merge(review(), {"spec": {"description": "look again"}})
    again = space.ready("False", "BlockingFindings", of=red)
    assert again["metadata"]["generation"] == 2
    space.merge(deployment("api"), {"spec": {"paused": False}})
    space.ready("True", "Certified", of=again)
    certified = ever_certified(space)[0]
    assert certified["metadata"]["generation"] == 2


def test_evaluating_is_written_where_no_verdict_comes_for_three_seconds(space: Space, running: Running) -> None:
    """A list that is not answered keeps the generation waiting, and the review says so."""
    space.apply(deployment("api"))
    lists = running.operator.barrier._lists
    original = lists._list

    async def no_answer(_key: object) -> None:
        return None

    def answer_again() -> None:
        lists._list = original  # type: ignore[method-assign]
        lists._running.clear()

    running.ask(lambda: setattr(lists, "_list", no_answer))
    try:
        space.apply(review())
        evaluating = space.ready("Unknown", "Evaluating")
    finally:
        running.ask(answer_again)
    assert condition(evaluating, "Reconciling")["status"] == "True"
    assert "evidence newer than this generation" in condition(evaluating)["message"]
    assert {condition(evaluating, one)["reason"] for one in ("DeliveryReady", "SecurityReady")} == {"Evaluating"}
    space.ready("True", "Certified", of=evaluating)
    assert len([one for one in space.versions() if condition(one)["reason"] == "Evaluating"]) == 1
