"""The API server is gone, for a while or for long, and comes back: nothing turns green by it, and nothing is told twice."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from hack.localcluster import Cluster
from tests.cluster.conftest import Space, version_of
from tests.cluster.contract import instant
from tests.cluster.history import condition
from tests.cluster.kube import Json, Kube
from tests.cluster.objects import DELIVERY, SECURITY, deployment, review
from tests.cluster.running import Running
from tests.faults.conftest import green, never_green
from tests.faults.gateway import Gateway
from tests.faults.hours import Hours

pytestmark = pytest.mark.cluster

REVIEWS = 6
CURRENT = 30.0  # seconds after the return of the API server


def apply_all(space: Space) -> None:
    for number in range(REVIEWS):
        space.apply(review(f"review-{number}", DELIVERY, SECURITY) | {})
    for number in range(REVIEWS):
        space.ready("True", "Certified", f"review-{number}")


def newest(space: Space) -> dict[str, int]:
    return {f"review-{number}": version_of(space.get(f"review-{number}")) for number in range(REVIEWS)}


def written_since(space: Space, before: dict[str, int]) -> dict[str, list[Json]]:
    return {
        name: [one for one in space.versions(name) if version_of(one) > version] for name, version in before.items()
    }


def outage_of(space: Space, cluster: Cluster, running: Running, seconds: float) -> None:
    """The workload is broken while the operator cannot see it: another server process tells it so afterwards."""
    apply_all(space)
    before = newest(space)
    cluster.stop_apiserver()
    until = time.monotonic() + seconds
    while time.monotonic() < until:  # the outage itself: it lasts as long as it lasts
        assert running.http("/livez")[0] == 200, "an outage is no reason to be killed"
        time.sleep(0.5)
    with ThreadPoolExecutor(1) as pool:
        returned = pool.submit(cluster.start_apiserver)
        returned.result(90)
    back = time.monotonic()
    space.apply(deployment("api", good=False))
    for name in before:
        space.ready("False", "BlockingFindings", name, seconds=CURRENT)
    assert time.monotonic() - back < CURRENT
    for name, versions in written_since(space, before).items():
        never_green(versions)
        assert len(versions) == 1, f"{name} was written {len(versions)} times"


def test_a_short_absence_of_the_api_server(
    space: Space, cluster: Cluster, gateway: Gateway, start: Callable[..., Running]
) -> None:
    del gateway
    with start() as running:
        running.await_ready()
        space.apply(deployment("api"))
        outage_of(space, cluster, running, 5)


@pytest.mark.long
def test_a_minute_without_the_api_server(
    space: Space, cluster: Cluster, gateway: Gateway, start: Callable[..., Running]
) -> None:
    del gateway
    with start() as running:
        running.await_ready()
        space.apply(deployment("api"))
        outage_of(space, cluster, running, 60)


def test_an_absence_that_nothing_came_of_is_not_told(
    space: Space, gateway: Gateway, start: Callable[..., Running]
) -> None:
    """The world is the same afterwards: not one write. What is judged after the return shows that it is over."""
    with start() as running:
        running.await_ready()
        space.apply(deployment("api"))
        apply_all(space)
        before = newest(space)
        gateway.refuse()
        space.apply(review("later", DELIVERY))
        gateway.accept()
        space.ready("True", "Certified", "later", seconds=CURRENT)
        assert newest(space) == before


@pytest.mark.parametrize("broken", [True, False])
def test_ten_minutes_without_the_api_server(
    space: Space, gateway: Gateway, start: Callable[..., Running], broken: bool
) -> None:
    """In virtual time. Afterwards each review is written once at most, and only where there is something to tell."""
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api"))
        apply_all(space)
        before = newest(space)
        gateway.refuse()
        hours.pass_(running, 600)
        assert not [source for source in running.ask(running.operator.watches.sources) if source.state is None]
        assert running.http("/readyz")[0] == 503, "not ready while it sees nothing"
        if broken:
            space.apply(deployment("api", good=False))
        gateway.accept()
        if broken:
            for name in before:
                space.ready("False", "BlockingFindings", name, seconds=CURRENT)
        else:
            space.apply(review("later", DELIVERY))
            space.ready("True", "Certified", "later", seconds=CURRENT)
        for versions in written_since(space, before).values():
            assert len(versions) == (1 if broken else 0)
            assert all(green(one) is not broken for one in versions)


def test_a_certificate_that_ran_out_during_an_outage_is_never_shown_as_valid_again(
    space: Space, gateway: Gateway, start: Callable[..., Running], kube: Kube
) -> None:
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review(validFor="5m"))
        first = space.ready("True", "Certified")
        gateway.refuse()
        hours.pass_(running, 600)
        gateway.accept()
        after = space.ready("True", "Certified", of=first, seconds=CURRENT)
        assert instant(after["status"]["validUntil"]) > hours.wall()
        assert after["status"]["certifiedAt"] > first["status"]["certifiedAt"], "the run was broken"
        for one in space.versions():
            if version_of(one) > version_of(first):
                assert not green(one) or instant(one["status"]["validUntil"]) > hours.wall() - timedelta(minutes=1)
        assert kube.get("Deployment", space.name, "api")
        assert condition(after, "EvidenceFresh")["status"] == "True"
        assert datetime.now(UTC) < hours.wall()
