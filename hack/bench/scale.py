"""How much of everything: the counts of the budget, and smaller ones for a first look."""

from __future__ import annotations

from dataclasses import dataclass

SLICES = 5
"""Reviews in a namespace; each selects its own part of the workloads."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts and durations (seconds) of one run."""

    quick: bool
    namespaces: int
    deployments: int
    stateful_sets: int
    idle: float
    events: float  # how long Events are waited for after a restart: they are held back for 30 s
    changes: int
    floor: int
    churn: float
    endings: int
    outage: float
    watched_after: float  # how long writes are counted after it
    barrier_objects: int
    barriers: int
    big: int
    big_changes: int
    fake_namespaces: int
    fake_deployments: int  # in each namespace, with five Pods each
    fake_churn: float

    @property
    def reviews(self) -> int:
        """All reviews of the main world."""
        return self.namespaces * SLICES


FULL = Scale(
    quick=False,
    namespaces=200,
    deployments=10_000,
    stateful_sets=500,
    idle=300.0,
    events=40.0,
    changes=200,
    floor=100,
    churn=60.0,
    endings=50,
    outage=60.0,
    watched_after=30.0,
    barrier_objects=1_000,
    barriers=10,
    big=10_000,
    big_changes=60,
    fake_namespaces=100,
    fake_deployments=200,
    fake_churn=30.0,
)
QUICK = Scale(
    quick=True,
    namespaces=10,
    deployments=500,
    stateful_sets=25,
    idle=5.0,
    events=31.0,
    changes=20,
    floor=10,
    churn=5.0,
    endings=5,
    outage=5.0,
    watched_after=10.0,
    barrier_objects=200,
    barriers=2,
    big=500,
    big_changes=4,
    fake_namespaces=20,
    fake_deployments=50,
    fake_churn=5.0,
)
