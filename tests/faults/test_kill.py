"""SIGKILL at any moment: what was not written yet is written by the next one, and nothing is told twice."""

import logging
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cluster.conftest import Space, version_of
from tests.cluster.contract import instant
from tests.cluster.history import condition, line
from tests.cluster.kube import Json, eventually
from tests.cluster.objects import DELIVERY, deployment, review
from tests.faults.conftest import Told, green
from tests.faults.process import Process

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1500)]

CURRENT = 60.0
SOON = timedelta(seconds=5)  # from a transition to its Event
ACTIONS = {"Certified", "CertificateLost"}


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
    space.history.caught_up(space.get())
    known = len(flips(space))
    with Process(kubeconfig, log) as operator:
        operator.await_ready()
        for wanted in (good, not good):  # no transition is lost: the last one, and one more
            if wanted is not good:
                space.apply(deployment("api", good=wanted))
            status, reason = ("True", "Certified") if wanted else ("False", "BlockingFindings")
            space.ready(status, reason, seconds=CURRENT)
            if made := flips(space)[known:]:  # of this life, which lasts long enough to tell it
                eventually(lambda last=made[-1]: tells(space, last), f"{made[-1]} is told")  # type: ignore[misc]
    assert len(flips(space)) > known
    assert not (found := premature(space, changes)), "\n".join(found)
    assert not (twice := untold_of(flips(space), told(space))), f"Events without a transition of their own: {twice}"


Moment = tuple[str, datetime]
"""What happened to the certificate, and when."""


def flips(space: Space) -> list[Moment]:
    """Every transition that a watching client saw."""
    return [
        ("Certified" if green(version) else "CertificateLost", instant(condition(version)["lastTransitionTime"]))
        for version, before in _pairs(space)
        if green(version) is not green(before)
    ]


def told(space: Space) -> list[Moment]:
    """Every transition that an Event tells of."""
    events = Told.of(space).events
    return [(one["action"], instant(one["eventTime"])) for one in events if one["action"] in ACTIONS]


def tells(space: Space, last: Moment) -> bool:
    newest = told(space)[-1:]
    return bool(newest) and newest[0][0] == last[0] and newest[0][1] >= last[1]


def untold_of(happened: list[Moment], told: list[Moment]) -> list[Moment]:
    """Events that no transition shortly before them accounts for; each accounts for one."""
    left, found = list(happened), []
    for action, at in told:
        causes = [one for one in left if one[0] == action and at - SOON <= one[1] <= at + timedelta(seconds=1)]
        if causes:
            left.remove(causes[-1])
        else:
            found.append((action, at))
    return found


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
@pytest.mark.parametrize("part", range(5))
def test_killed_fifty_times(space: Space, direct: Path, tmp_path: Path, part: int) -> None:
    """Ten times five, so that workers can share them."""
    seed = random.randrange(10**6)
    logging.getLogger(__name__).warning("part %s: seed %s", part, seed)
    killed(space, direct, tmp_path / "operator.log", 10, seed)


def test_an_event_that_is_told_twice_would_be_noticed() -> None:
    began = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)

    def at(seconds: float) -> datetime:
        return began + timedelta(seconds=seconds)

    happened = [("Certified", at(0)), ("CertificateLost", at(3)), ("Certified", at(60))]
    assert untold_of(happened, [("Certified", at(1)), ("Certified", at(61))]) == [], "one may be lost"
    assert untold_of(happened, [("Certified", at(1)), ("Certified", at(4))]) == [("Certified", at(4))]
    assert untold_of(happened, [("CertificateLost", at(60))]) == [("CertificateLost", at(60))]
