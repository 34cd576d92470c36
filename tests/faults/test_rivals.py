"""Somebody else writes the same statuses: whoever notices yields, says so, and tries again later."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import pytest

from readiness.runtime.rivals import ALONE, ENDINGS
from tests.cluster.conftest import Space, version_of
from tests.cluster.history import condition
from tests.cluster.kube import Failed, Json, eventually
from tests.cluster.objects import deployment, review
from tests.cluster.running import Running
from tests.faults.conftest import Told, green
from tests.faults.gateway import Gateway
from tests.faults.hours import Hours

pytestmark = pytest.mark.cluster

CONFLICTS = "readiness_status_conflicts_total"
EVERY = 0.2  # seconds


@dataclass
class Dispute:
    """A red review, an operator that says so, and somebody who says otherwise."""

    space: Space
    hours: Hours
    running: Running
    red: Json

    def forge(self, note: str) -> Json:
        """What an operator with other settings might say; it is written."""
        changed: Json = {**self.red["status"], "conditions": [{**one} for one in self.red["status"]["conditions"]]}
        changed["conditions"][0] |= {"message": note}
        return self.space.write_status(review(), changed)

    def forge_green(self, note: str) -> Json:
        """The same, certified for a day; it is written."""
        now = self.hours.wall().replace(microsecond=0)
        said = {**condition(self.red), "status": "True", "reason": "Certified", "message": note}
        said["lastTransitionTime"] = (now - timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
        others = [one for one in self.red["status"]["conditions"] if one["type"].endswith(("Ready", "Fresh"))]
        status = {key: value for key, value in self.red["status"].items() if key != "notReadySince"}
        until = (now + timedelta(days=1)).isoformat().replace("+00:00", "Z")
        return self.space.write_status(review(), {**status, "validUntil": until, "conditions": [said, *others[1:]]})

    def put_right(self, written: Json) -> None:
        self.red = self.space.ready("False", "BlockingFindings", of=written)
        assert "forged" not in condition(self.red)["message"]

    def told(self) -> int:
        return Told.of(self.space).actions.count("AnotherWriter")


@pytest.fixture
def dispute(space: Space, gateway: Gateway, start: Callable[..., Running]) -> Iterator[Dispute]:
    hours = Hours(gateway)
    with start(prepare=hours.prepare, clock=hours.wall) as running:
        running.await_ready()
        space.apply(deployment("api", good=False))
        space.apply(review())
        yield Dispute(space, hours, running, space.ready("False", "BlockingFindings"))


def test_after_three_replacements_the_review_is_left_alone(dispute: Dispute) -> None:
    space, hours, running = dispute.space, dispute.hours, dispute.running
    for number in range(2):
        dispute.put_right(dispute.forge(f"forged {number}"))
    assert running.metric(CONFLICTS) == [f"{CONFLICTS} 2.0"]
    assert dispute.told() == 0
    last = dispute.forge("forged 2")
    eventually(dispute.told, "the rival is told")
    assert running.metric(CONFLICTS) == [f"{CONFLICTS} 3.0"]
    # Others are served meanwhile; this one is not touched, whatever becomes of the world.
    space.apply(deployment("api"))
    space.apply(review("other"))
    space.ready("True", "Certified", "other")
    assert version_of(space.get()) == version_of(last)
    hours.pass_(running, ALONE / 2)
    assert version_of(space.get()) == version_of(last)
    hours.pass_(running, ALONE / 2 + 10)
    space.ready("True", "Certified", of=last)
    assert dispute.told() == 1


def test_what_is_replaced_now_and_then_is_put_right_each_time(dispute: Dispute) -> None:
    for number in range(4):
        dispute.put_right(dispute.forge(f"forged {number}"))
        dispute.hours.pass_(dispute.running, 40)
    assert dispute.told() == 0


class Rival:
    """Certifies every fifth of a second, whatever it finds."""

    def __init__(self, dispute: Dispute) -> None:
        self._dispute = dispute
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, name="rival")
        self.last: Json = {}
        self.written = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(20)

    def _write(self) -> None:
        while not self._ended.wait(EVERY):
            with suppress(Failed):  # the operator was faster
                self.last = self._dispute.forge_green(f"forged {self.written}")
                self.written += 1


def test_what_is_certified_falsely_again_and_again_is_ended_again_and_again(dispute: Dispute) -> None:
    """Also while it is left alone; but the two do not race, and once the rival is gone the truth stands in seconds."""
    space, hours, running = dispute.space, dispute.hours, dispute.running

    def ended() -> list[Json]:
        return [one for one in space.versions("prod") if not green(one) and version_of(one) > known]

    with Rival(dispute) as rival:
        eventually(dispute.told, "the rival is told")
        known, began = version_of(space.get()), hours.monotonic()
        for rounds in range(1, 5):
            hours.pass_(running, ENDINGS)
            eventually(lambda least=rounds: len(ended()) >= least, f"ended {rounds} times")  # type: ignore[misc]
            enough = rival.written + 6
            eventually(lambda least=enough: rival.written >= least, "the rival goes on")  # type: ignore[misc]
        assert len(ended()) <= (hours.monotonic() - began) / ENDINGS + 1
        assert all(condition(one)["reason"] == "BlockingFindings" for one in ended())
    hours.pass_(running, ENDINGS + 1)
    space.ready("False", "BlockingFindings", of=rival.last)
    # What ends nothing waits as before.
    space.apply(deployment("api"))
    hours.pass_(running, 4 * ENDINGS)
    space.apply(review("other"))
    space.ready("True", "Certified", "other")
    assert condition(space.get())["reason"] == "BlockingFindings"
    assert dispute.told() == 1
    hours.pass_(running, ALONE)
    space.ready("True", "Certified", of=rival.last)
