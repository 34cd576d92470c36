"""The world moves while a write is on its way: what was sent is about a world that is no more."""

import threading
from collections.abc import Callable

import pytest

from tests.cluster.conftest import Space
from tests.cluster.kube import eventually
from tests.cluster.objects import DELIVERY, deployment, review
from tests.cluster.running import Running
from tests.faults.gateway import Asked, Gateway, Later

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("good", [True, False], ids=["a-certificate", "the-end-of-one"])
def test_a_verdict_that_comes_back_while_another_is_on_its_way(
    space: Space, gateway: Gateway, start: Callable[..., Running], good: bool
) -> None:
    """The review itself never moves, so the API server takes the write; nobody else would put it right."""
    ready = {True: ("True", "Certified"), False: ("False", "BlockingFindings")}
    with start() as running:
        running.await_ready()
        space.apply(deployment("api", good=not good))
        space.apply(review("prod", DELIVERY))
        before = space.ready(*ready[not good])
        uid = before["metadata"]["uid"]

        def in_force() -> str:
            found = [one for one in running.ask(running.operator.desk.verdicts) if one.uid == uid]
            return str(found[0].ready.status) if found else ""

        for _ in range(3):  # the answer to the write and the event of it arrive in any order
            released = threading.Event()
            gateway.asked.clear()

            def rule(asked: Asked, released: threading.Event = released) -> Later | None:
                return Later(released) if asked.method == "PUT" else None

            gateway.rule = rule
            space.apply(deployment("api", good=good))
            eventually(lambda: [one for one in gateway.asked if one.method == "PUT"], "on its way")
            space.apply(deployment("api", good=not good))
            eventually(lambda: in_force() == ready[not good][0], "judged as before")
            released.set()
            landed = space.ready(*ready[good], of=before)
            before = space.ready(*ready[not good], of=landed)
