"""How long a new review waits for the proof that its evidence is newer than itself, once it has settled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from hack.bench import world
from hack.bench.figures import Row, milliseconds
from hack.bench.stage import Stage
from hack.bench.world import Key

BARRIER = "barrier at 1,000 objects, once settled"
BAR = "<= 300 ms"
PROMISED = ((BARRIER, BAR),)
NAMESPACE = "bench-barrier"
SETTLES = 1.0  # seconds without an event, by design
QUIET = 0.1  # seconds that a mark waits, by design


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """From the outside: creation to first verdict, less the two waits that the design prescribes.

    Judging and the write itself are in it, so that it is an upper bound.
    """
    await stage.started()
    count = stage.scale.barrier_objects
    await stage.namespaces([NAMESPACE])
    bodies = [world.deployment(NAMESPACE, number, "s0", startup=True) for number in range(count)]
    await stage.create("workloads of one namespace", [(world.deployments(NAMESPACE), body) for body in bodies])
    await asyncio.sleep(3)
    taken: list[float] = []
    for number in range(stage.scale.barriers):
        key = Key(NAMESPACE, f"review-{number}")
        began = time.monotonic()
        await stage.review(world.review(key, None))
        seen = await stage.eyes.until(key, lambda view: view.current, 90.0)
        taken.append(seen - began - SETTLES - QUIET)
        await stage.client.request("DELETE", key.path)
        await asyncio.sleep(1)
    await stage.client.request("DELETE", world.deployments(NAMESPACE))
    found = milliseconds(taken)
    said = f"p50 {found['p50']:.0f} ms, max {found['max']:.0f} ms (n={found['n']}, judging and write included)"
    figures = {"barrier_ms_1000": found["max"], "barrier": {**found, "objects": count}}
    yield Row(BARRIER, BAR, said, found["max"] <= 300, figures)
