"""SIGKILL at any moment: what was not written yet is written by the next one, and nothing is told twice."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster.conftest import Space, version_of
from tests.cluster.history import line
from tests.cluster.kube import Json
from tests.cluster.objects import DELIVERY, deployment, review
from tests.faults.conftest import Told, green
from tests.faults.process import Process

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1500)]

CURRENT = 60.0


def killed(space: Space, kubeconfig: Path, log: Path, times: int, seed: int) -> None:
    """Each life sees one change of the world, and ends somewhere between its start and well after its verdict."""
    chance = random.Random(seed)
    space.apply(deployment("api"))
    space.apply(review("prod", DELIVERY))
    changes: list[tuple[int, bool]] = []  # (version of the Deployment, good)
    good = True
    for _ in range(times):
        with Process(kubeconfig, log) as operator:
            moment = time.monotonic() + chance.uniform(0.3, 7.0)
            change = time.monotonic() + chance.uniform(0.0, 5.0)
            good = not good
            while (now := time.monotonic()) < moment:  # the moment is random: nothing is waited for
                if change <= now:
                    changes.append((version_of(space.apply(deployment("api", good=good))), good))
                    change = moment + 1
                time.sleep(0.01)
            operator.kill()
        if not changes or changes[-1][1] is not good:
            changes.append((version_of(space.apply(deployment("api", good=good))), good))
    with Process(kubeconfig, log) as operator:
        operator.await_ready()
        for wanted in (good, not good):  # no transition is lost: the last one, and one more
            if wanted is not good:
                space.apply(deployment("api", good=wanted))
            status, reason = ("True", "Certified") if wanted else ("False", "BlockingFindings")
            space.ready(status, reason, seconds=CURRENT)
    assert not (found := list(premature(space, changes))), f"seed {seed}\n" + "\n".join(found)
    told = Counter((one["action"], one["regarding"]["uid"], one["eventTime"]) for one in Told.of(space).events)
    assert not [one for one, count in told.items() if count > 1]
    flips = sum(green(one) for one, before in _pairs(space) if not green(before))
    assert Told.of(space).actions.count("Certified") <= flips + 1, "an Event for each transition at most"
    assert Told.of(space).actions.count("CertificateLost") <= flips + 1


def _pairs(space: Space) -> list[tuple[Json, Json]]:
    versions = space.versions("prod")
    return list(zip(versions[1:], versions, strict=False))


def premature(space: Space, changes: list[tuple[int, bool]]) -> list[str]:
    """Versions that turned green though the workload was broken since before the version that they replace."""
    found = []
    for version, before in _pairs(space):
        if not green(version) or green(before):
            continue
        since, until = version_of(before), version_of(version)
        at_first = [good for number, good in changes if number <= since][-1:] or [True]
        if not any([*at_first, *(good for number, good in changes if since < number <= until)]):
            found.append(line(version))
    return found


def test_killed_a_few_times(space: Space, direct: Path, tmp_path: Path) -> None:
    killed(space, direct, tmp_path / "operator.log", 4, seed=1)


@pytest.mark.long
def test_killed_fifty_times(space: Space, direct: Path, tmp_path: Path) -> None:
    killed(space, direct, tmp_path / "operator.log", 50, seed=random.randrange(10**6))
