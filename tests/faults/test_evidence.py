"""Evidence that can be seen no more: held for a while, then Unknown, and certified again when it is back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hack.localcluster import Cluster
from readiness.collectors.credentials import Credentials
from tests.cluster.conftest import ACCOUNT, Space, version_of
from tests.cluster.contract import instant
from tests.cluster.history import condition
from tests.cluster.kube import Kube, eventually, without
from tests.cluster.objects import DELIVERY, area, deployment, expectation, review
from tests.cluster.running import Running
from tests.faults.conftest import QUICK, external_secrets, held, never_green
from tests.faults.gateway import Asked, Gateway, Says, Silence
from tests.faults.hours import Hours

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("resource", ["deployments", "pods", "replicasets"])
def test_a_permission_withdrawn_and_given_back(
    space: Space, kube: Kube, gateway: Gateway, start: Callable[..., Running], resource: str
) -> None:
    """Open watches go on after a withdrawal: it is met when the watch is asked for again."""
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review(validFor="4h"))
        green = space.ready("True", "Certified")
        with without(kube, resource):
            gateway.cut()
            cut = space.until(held, "held")
            assert condition(cut, "EvidenceFresh")["reason"] == "Forbidden"
            assert resource in condition(cut, "EvidenceFresh")["message"]
            assert instant(cut["status"]["validUntil"]) < instant(green["status"]["validUntil"])
            hours.pass_(running, 14 * 60)
            assert held(space.get()), "held for a quarter of an hour"
            hours.pass_(running, 2 * 60)
            lost = space.ready("Unknown", "EvidenceUnavailable")
            assert instant(lost["status"]["lastEvaluationTime"]) >= instant(cut["status"]["validUntil"])
            if resource == "deployments":  # broken while nobody saw it
                space.apply(deployment("api", good=False))
            known = version_of(space.get())
        hours.pass_(running, 10)
        if resource == "deployments":
            space.ready("False", "BlockingFindings", of=lost)
            never_green([one for one in space.versions() if version_of(one) > known])
            space.apply(deployment("api"))
        back = space.ready("True", "Certified", of=lost)
        assert condition(back, "EvidenceFresh")["status"] == "True"


def test_watches_that_fall_silent(space: Space, gateway: Gateway, start: Callable[..., Running]) -> None:
    """No byte on any open connection, and no error. What changed meanwhile is found when the watch is begun anew."""
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
        gateway.mute()
        space.apply(deployment("api", good=False))
        hours.pass_(running, 320)
        space.ready("False", "BlockingFindings", of=green)


def test_watches_that_are_accepted_and_say_nothing(
    space: Space, gateway: Gateway, start: Callable[..., Running]
) -> None:
    """As after a restore of etcd: each new watch is answered with 200, and silent. Lists are not."""
    hours = Hours(gateway)
    timing = replace(QUICK, stale_after=90.0)
    with start(prepare=hours.prepare, clock=hours.wall, timing=timing) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")

        def silent(asked: Asked) -> Silence | None:
            return Silence() if asked.watch and "readiness.dev" not in asked.path else None

        gateway.rule = silent
        gateway.asked.clear()
        gateway.cut()
        watched = len(running.ask(running.operator.watches.sources))
        eventually(lambda: len({one.path for one in gateway.asked if silent(one)}) >= watched, "all are silent")
        hours.pass_(running, 100)
        stale = space.until(held, "held, as the watches prove nothing", seconds=40)
        assert condition(stale, "EvidenceFresh")["reason"] in {"Stale", "Failed"}
        space.apply(deployment("api", good=False))
        # Past the watches' inactivity, and not so far that what was listed then is stale again.
        hours.pass_(running, 45)
        space.ready("False", "BlockingFindings", of=green)


def test_a_storm_of_429(space: Space, gateway: Gateway, start: Callable[..., Running]) -> None:
    """Nothing gets through for a while: no request before its time, and the right verdict after it."""
    with start() as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
        gateway.rule = lambda _: Says(429, {"Retry-After": "3"})
        gateway.cut()
        space.apply(deployment("api", good=False))
        gateway.asked.clear()
        eventually(lambda: len({one.path for one in gateway.asked if one.watch or one.method == "GET"}) >= 8, "it asks")
        began = datetime.now(UTC)
        eventually(lambda: datetime.now(UTC) - began > timedelta(seconds=6), "two rounds of patience")
        asked = Counter(one.path for one in gateway.asked)
        assert max(asked.values()) <= 12, f"although asked to wait: {asked.most_common(3)}"
        assert version_of(space.get()) == version_of(green)
        gateway.rule = lambda _: None
        space.ready("False", "BlockingFindings", of=green, seconds=40)


def test_a_definition_of_evidence_uninstalled(
    space: Space, gateway: Gateway, start: Callable[..., Running], kube: Kube
) -> None:
    """NotInstalled is never held: the certificate ends at once, and is earned again once it is back."""
    del gateway
    check = expectation("synced", "externalSecrets", {"references": "Ignore"}, whenNothingSelected="NotApplicable")
    with external_secrets(kube.cluster) as files, start() as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review("prod", DELIVERY, area("secrets", check)))
        green = space.ready("True", "Certified", seconds=40)
        kube.cluster.kubectl("delete", *files, "--wait=true")
        gone = space.ready("Unknown", "EvidenceUnavailable", of=green, seconds=40)
        assert "NotInstalled" in str(gone["status"]["areas"])
        never_green([one for one in space.versions() if version_of(one) >= version_of(gone)])
        kube.cluster.kubectl("apply", *files)
        space.ready("True", "Certified", of=gone, seconds=40)


def test_a_token_that_is_rotated(
    space: Space, cluster: Cluster, gateway: Gateway, start: Callable[..., Running], tmp_path: Path
) -> None:
    """As in a Pod: from one moment to the next the old one is refused and the file holds another."""
    file = tmp_path / "token"

    def rotate() -> None:
        token = cluster.kubectl("create", "token", ACCOUNT[0], f"--namespace={ACCOUNT[1]}").stdout.strip()
        gateway.refused_token = f"Bearer {file.read_text()}" if file.exists() else ""
        file.write_text(token)

    def prepare(running: Running) -> None:
        running.api._credentials = Credentials(running.api._credentials.host, token_file=str(file))

    rotate()
    with start(prepare=prepare) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
        rotate()
        gateway.cut()
        space.apply(deployment("api", good=False))
        red = space.ready("False", "BlockingFindings", of=green)
        space.merge(review(), {"spec": {"validFor": "2h"}})
        space.ready("False", "BlockingFindings", of=red)
        assert not running.metric('readiness_status_writes_total{outcome="forbidden"}')


@pytest.mark.parametrize(
    "ahead", [timedelta(seconds=40), timedelta(seconds=-40), timedelta(hours=2), timedelta(hours=-2)]
)
def test_a_clock_that_jumps(space: Space, gateway: Gateway, start: Callable[..., Running], ahead: timedelta) -> None:
    """This machine's clock, not the server's: nothing is issued by it, nothing ends by it, and all instants are the server's."""
    del gateway
    jump = [timedelta(0)]
    with start(clock=lambda: datetime.now(UTC) + jump[0]) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
        jump[0] = ahead
        space.apply(deployment("web"))
        space.apply(review("later"))
        later = space.ready("Unknown", "EvidenceUnavailable", "later")
        assert condition(later, "EvidenceFresh")["reason"] == "ClockSkew"
        assert abs(instant(later["status"]["lastEvaluationTime"]) - datetime.now(UTC)) < timedelta(seconds=35)
        space.apply(deployment("web", good=False))
        red = space.ready("False", "BlockingFindings", of=green)
        assert abs(instant(red["status"]["lastEvaluationTime"]) - datetime.now(UTC)) < timedelta(seconds=35)
        jump[0] = timedelta(0)
        space.apply(deployment("web"))
        space.ready("True", "Certified", of=red)


def test_a_new_operator_that_is_late_by_a_second(space: Space, gateway: Gateway, start: Callable[..., Running]) -> None:
    """A Date is cut to the second. No transition is dated before the last one (`Space` holds every version against that)."""
    with start() as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
    last = instant(condition(green)["lastTransitionTime"])
    space.merge(review(), {"spec": {"suspend": True}})
    gateway.shift = last - timedelta(seconds=1) - datetime.now(UTC)
    with start():
        suspended = space.ready("Unknown", "Suspended", of=green)
    assert instant(condition(suspended)["lastTransitionTime"]) >= last
