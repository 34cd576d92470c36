"""What a status write costs the API server: ours, and a bare write of the same status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from hack.bench import world
from hack.bench.client import in_flight
from hack.bench.figures import Row
from hack.bench.rows.cold import write
from hack.bench.server import Meter, counted, status_writes
from hack.bench.stage import CREATING, Stage
from hack.bench.world import Json

WRITES = "API server CPU per status write"
BAR = "<= 10 ms, or <= 1.2 x bare"
PROMISED = ((WRITES, BAR),)
RESTING = 4.0


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """One more workload outside every review's scope changes each status of its namespace by one number.

    Creating these workloads, and time that passes, cost the same with and without the operator and are taken off.
    """
    await stage.started()
    await stage.operator.stop()
    rest = await _rest(stage)
    creating = await _created(stage, "a")
    bodies = {key: _touched(msgspec.json.decode(stage.eyes.views[key].raw)) for key in stage.keys}
    stage.progress.say("server CPU of bare status writes")
    meter = Meter(stage.cluster.server_pid)
    took = await write(stage.bare, bodies)
    bare = (meter.seconds - rest * took) / len(bodies)
    await stage.started()
    stage.progress.say("server CPU of the operator's status writes")
    rest = await _rest(stage)  # its watches too
    before, meter = await counted(stage.client), Meter(stage.cluster.server_pid)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await _create(stage, "b")
    await stage.eyes.quiet(2.0)
    took = loop.time() - began
    used = meter.seconds - creating - rest * took
    count = status_writes(await counted(stage.client) - before)
    ours = used / max(1, count)
    figures = {"ours": round(1000 * ours, 2), "bare": round(1000 * bare, 2), "writes": count}
    said = f"{1000 * ours:.1f} ms (bare {1000 * bare:.1f} ms, {count:,} writes of {len(stage.keys):,} reviews)"
    held = count > 0 and (ours <= 0.010 or ours <= 1.2 * bare)
    yield Row(WRITES, BAR, said, held, {"server_cpu_ms_per_write": figures})


async def _rest(stage: Stage) -> float:
    """CPU seconds a second of the server that nobody asks."""
    meter = Meter(stage.cluster.server_pid)
    await asyncio.sleep(RESTING)
    return meter.seconds / RESTING


async def _created(stage: Stage, word: str) -> float:
    """CPU that creating one workload in each namespace takes while nobody judges."""
    meter = Meter(stage.cluster.server_pid)
    await _create(stage, word)
    return meter.seconds


async def _create(stage: Stage, word: str) -> None:
    objects = []
    for number in range(stage.scale.namespaces):
        body = world.deployment(world.namespace_name(number), 0, world.OUTSIDE)
        body["metadata"]["name"] = f"outside-{word}"
        objects.append((world.deployments(world.namespace_name(number)), body))
    jobs = [lambda path=path, body=body: stage.client.create(path, body) for path, body in objects]
    await in_flight(jobs, CREATING)


def _touched(review: Json) -> Json:
    """The same status with one number changed, as the operator's will be."""
    status = dict(review["status"])
    summary = dict(status["summary"])
    summary["outsideScope"] = summary.get("outsideScope", 0) + 100
    return {**review, "status": {**status, "summary": summary}}
