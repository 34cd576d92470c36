"""Somebody else writes the same statuses: whoever notices yields, says so, and tries again later."""

from collections.abc import Callable

import pytest

from tests.cluster.conftest import Space, version_of
from tests.cluster.history import condition
from tests.cluster.kube import Json, eventually
from tests.cluster.objects import deployment, review
from tests.cluster.running import Running
from tests.faults.conftest import Told
from tests.faults.gateway import Gateway
from tests.faults.hours import Hours

pytestmark = pytest.mark.cluster

CONFLICTS = "readiness_status_conflicts_total"


def forged(red: Json, note: str) -> Json:
    """What an operator with other settings might say."""
    changed: Json = {**red["status"], "conditions": [{**one} for one in red["status"]["conditions"]]}
    changed["conditions"][0] |= {"message": note}
    return changed


def test_after_three_replacements_the_review_is_left_alone(
    space: Space, gateway: Gateway, start: Callable[..., Running]
) -> None:
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api", good=False))
        space.apply(review())
        red = space.ready("False", "BlockingFindings")
        for number in range(2):
            written = space.write_status(review(), forged(red, f"forged {number}"))
            red = space.ready("False", "BlockingFindings", of=written)
        assert running.metric(CONFLICTS) == [f"{CONFLICTS} 2.0"]
        assert Told.of(space).actions.count("AnotherWriter") == 0
        last = space.write_status(review(), forged(red, "forged 2"))
        eventually(lambda: "AnotherWriter" in Told.of(space).actions, "the rival is told")
        assert running.metric(CONFLICTS) == [f"{CONFLICTS} 3.0"]
        # Others are served meanwhile; this one is not touched, whatever becomes of the world.
        space.apply(deployment("api"))
        space.apply(review("other"))
        space.ready("True", "Certified", "other")
        assert version_of(space.get()) == version_of(last)
        hours.pass_(running, 300)
        assert version_of(space.get()) == version_of(last)
        hours.pass_(running, 310)
        space.ready("True", "Certified", of=last)
        assert Told.of(space).actions.count("AnotherWriter") == 1


def test_what_is_replaced_now_and_then_is_put_right_each_time(
    space: Space, gateway: Gateway, start: Callable[..., Running]
) -> None:
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api", good=False))
        space.apply(review())
        red = space.ready("False", "BlockingFindings")
        for number in range(4):
            written = space.write_status(review(), forged(red, f"forged {number}"))
            red = space.ready("False", "BlockingFindings", of=written)
            assert "forged" not in condition(red)["message"]
            hours.pass_(running, 40)
        assert "AnotherWriter" not in Told.of(space).actions
