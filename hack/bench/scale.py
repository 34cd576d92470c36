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
    namespaces=20,
    deployments=1_000,
    stateful_sets=50,
    idle=10.0,
    events=33.0,
    changes=40,
    floor=20,
    churn=10.0,
    endings=10,
    outage=10.0,
    barrier_objects=1_000,
    barriers=2,
    big=1_000,
    big_changes=6,
    fake_namespaces=20,
    fake_deployments=100,
    fake_churn=8.0,
)
