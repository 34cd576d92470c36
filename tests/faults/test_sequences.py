"""
Random sequences of changes and faults: Ready=True only where a naive reader of the live objects says the same.

Each test is a batch of sequences that its seed determines: `pytest tests/faults/test_sequences.py -k seed-7`. One
sequence is replayed by its plan: `READINESS_TEST_PLAN="[('deploy', 'api', 'good'), ...]" pytest ... -k one_plan`.
"""

import ast
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.cluster.conftest import Space
from tests.cluster.kube import Kube
from tests.cluster.running import Running
from tests.faults.conftest import empty, external_secrets
from tests.faults.gateway import Gateway
from tests.faults.hours import Hours
from tests.faults.world import DISASTROUS, HOLD, PLANS, STARTS, Step, World

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]

BATCH = 10
QUICK_SEEDS = range(1)
LONG_SEEDS = range(1, 20)
TRIED = [
    [*STARTS[0], ("pod", "api", "root"), ("remove-pods", "", ""), ("settings", "true", ""), ("sync", "False", "")],
    [
        *STARTS[0],
        ("forbid", "configmaps", ""),
        ("settings", "true", ""),
        ("crash", "", ""),
        ("permit", "configmaps", ""),
    ],
    [("deploy", "api", "good"), ("review", "both", ""), ("forbid", "deployments", ""), ("deploy", "api", "root")],
    [
        ("deploy", "api", "root"),
        ("review", "both", ""),
        ("outage", "", ""),
        ("deploy", "api", "good"),
        ("crash", "", ""),
    ],
]


@pytest.fixture(autouse=True)
def _definitions(kube: Kube) -> Iterator[None]:
    """Of External Secrets."""
    with external_secrets(kube.cluster):
        yield


class Sequences:
    """One operator after the other, for all sequences of a test."""

    def __init__(
        self,
        spaces: Callable[[], Space],
        kube: Kube,
        gateway: Gateway,
        start: Callable[..., Running],
    ) -> None:
        self._spaces, self._kube, self._gateway = spaces, kube, gateway
        self._hours = Hours(gateway)
        self._begin = lambda: start(prepare=self._hours.prepare, clock=self._hours.wall, hold_for=HOLD)
        self.running: Running | None = None

    def run(self, plan: list[Step]) -> None:
        world = World(self._spaces(), self._kube, self._gateway, self._hours, self._begin, self.running)
        if self.running is None:
            world.start()
        try:
            for step in plan:
                world.do(step)
            world.heal()
            world.agree(exactly=True)
            world.hold()
        finally:
            world.heal()
            world.close()
            self.running = world.running
            empty(self._kube, world.space.name)

    def stop(self) -> None:
        if self.running is not None:
            self.running.__exit__()


def drawn(number: int, count: int, plans: SearchStrategy[list[Step]] = PLANS) -> list[list[Step]]:
    """Drawn before anything runs: hypothesis allows nobody else the use of `random` meanwhile."""
    found: list[list[Step]] = []

    @seed(number)
    @settings(max_examples=count, deadline=None, database=None, phases=(Phase.generate,))
    @given(plans)
    def draw(plan: list[Step]) -> None:
        found.append(plan)

    draw()
    return found


def batch(plans: list[list[Step]], sequences: Sequences) -> None:
    try:
        for plan in plans:
            try:
                sequences.run(plan)
            except AssertionError as error:
                raise AssertionError(f"READINESS_TEST_PLAN={str(plan)!r}\n{error}") from error
    finally:
        sequences.stop()


@pytest.mark.parametrize("number", QUICK_SEEDS, ids=lambda number: f"seed-{number}")
def test_green_only_where_a_naive_reader_agrees(
    number: int, spaces: Callable[[], Space], kube: Kube, gateway: Gateway, start: Callable[..., Running]
) -> None:
    batch(TRIED + drawn(number, BATCH), Sequences(spaces, kube, gateway, start))


@pytest.mark.long
@pytest.mark.parametrize("number", LONG_SEEDS, ids=lambda number: f"seed-{number}")
def test_green_only_where_a_naive_reader_agrees_for_long(
    number: int, spaces: Callable[[], Space], kube: Kube, gateway: Gateway, start: Callable[..., Running]
) -> None:
    batch(drawn(number, BATCH - 1) + drawn(number, 1, DISASTROUS), Sequences(spaces, kube, gateway, start))


@pytest.mark.skipif("READINESS_TEST_PLAN" not in os.environ, reason="replays READINESS_TEST_PLAN, where it is set")
def test_one_plan(spaces: Callable[[], Space], kube: Kube, gateway: Gateway, start: Callable[..., Running]) -> None:
    batch([ast.literal_eval(os.environ["READINESS_TEST_PLAN"])], Sequences(spaces, kube, gateway, start))
