"""A start over everything, against the same lists and writes by a bare client; and what it takes of memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec

from hack.bench import world
from hack.bench.client import PARTIAL_LIST, Client, in_flight
from hack.bench.figures import Row
from hack.bench.stage import WRITING, Stage
from hack.bench.world import Json, Key

COLD = "cold start: every status current"
MEMORY = "memory at the main world"
MEMORY_BAR = "<= 140 MiB"
TIMES = 3.0
MEBIBYTES = 140.0
PROMISED = ((MEMORY, MEMORY_BAR), (COLD, "<= 3 x (bare list + bare writes)"))
FULL = (
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/apis/batch/v1/cronjobs",
    "/apis/batch/v1/jobs",
    "/api/v1/persistentvolumeclaims",
)
METADATA = (
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/controllerrevisions",
    "/api/v1/pods",
    "/api/v1/configmaps",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
)


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """From the start of the process, imports included, until a watching client has seen the last status."""
    stage.progress.say("cold start")
    stage.operator.start()
    began = stage.operator.began
    ready = await stage.operator.synced("deployments.apps", stage.scale.deployments)
    current = await stage.current(600.0) - began
    cpu = stage.operator.cpu()
    stage.progress.say(f"all {len(stage.keys):,} reviews current after {current:.1f} s")
    await stage.eyes.quiet(3.0)
    await asyncio.sleep(5)
    memory = stage.operator.memory()
    kept = {"rss_mib_10k": memory["rss"], "peak_mib_10k": memory["peak"]}
    said = f"{memory['rss']:.0f} MiB (peak {memory['peak']:.0f})"
    yield Row(MEMORY, MEMORY_BAR, said, memory["rss"] <= MEBIBYTES, kept)
    outcomes = _outcomes(stage)
    await stage.operator.stop()
    listed = await _bare_list(stage)
    written = await _bare_writes(stage)
    bar = TIMES * (listed + written)
    figures = {
        "cold_start_s": round(current, 2),
        "bare_list_s": round(listed, 2),
        "bare_writes_s": round(written, 2),
        "cold_start": {"synced_s": round(ready - began, 2), "operator_cpu_s": round(cpu, 2), "outcomes": outcomes},
    }
    said = f"{current:.1f} s ({current / (listed + written):.1f} x: list {listed:.1f} s + writes {written:.1f} s)"
    yield Row(COLD, f"<= {TIMES:.0f} x = {bar:.1f} s", said, current <= bar, figures)


def _outcomes(stage: Stage) -> dict[str, int]:
    found = [f"{stage.eyes.views[key].ready}/{stage.eyes.views[key].reason}" for key in stage.keys]
    return {outcome: found.count(outcome) for outcome in sorted(set(found))}


async def _bare_list(stage: Stage) -> float:
    """What the operator lists, side by side as it does."""
    stage.progress.say("bare lists")
    began = time.monotonic()
    await asyncio.gather(
        *(stage.bare.items(path) for path in (*FULL, world.REVIEWS)),
        *(stage.bare.items(path, accept=PARTIAL_LIST) for path in METADATA),
    )
    return time.monotonic() - began


async def _bare_writes(stage: Stage) -> float:
    """The operator's own statuses, written upon twins of the reviews that nobody has judged yet."""
    twins = [(_twin(key), msgspec.json.decode(stage.eyes.views[key].raw)) for key in stage.keys]
    await stage.create(
        "twins",
        [
            (twin.path.rpartition("/")[0], {**body, "metadata": {"namespace": twin.namespace, "name": twin.name}})
            for twin, body in twins
        ],
    )
    bodies = {}
    for twin, body in twins:
        fresh = await stage.client.get(twin.path)
        bodies[twin] = {**fresh, "status": body["status"]}
    stage.progress.say(f"bare status writes, {WRITING} in flight")
    took = await write(stage.bare, bodies)
    jobs = [lambda twin=twin: stage.client.request("DELETE", twin.path) for twin in bodies]
    await in_flight(jobs, WRITING)
    return took


async def write(client: Client, bodies: dict[Key, Json]) -> float:
    """Seconds to PUT all statuses, as many in flight as the operator has."""
    jobs = [lambda key=key, body=body: client.put(f"{key.path}/status", body) for key, body in bodies.items()]
    began = time.monotonic()
    await in_flight(jobs, WRITING)
    return time.monotonic() - began


def _twin(key: Key) -> Key:
    return Key(key.namespace, f"bare-{key.name}")
