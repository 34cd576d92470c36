"""One Deployment changes, its review's status changes: against a bare client that answers a watch event with a write."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec

from hack.bench import world
from hack.bench.figures import Row, milliseconds
from hack.bench.stage import Stage
from hack.bench.world import Key

CHANGE = "one change -> status, as a client sees it"
PROMISED = ((CHANGE, "p50 <= 100 ms + 3 x floor, p99 <= 400 ms"),)
APART = 0.3  # seconds, on different reviews
PATIENCE = 20.0


class _Meta(msgspec.Struct):
    namespace: str
    name: str
    annotations: dict[str, str] = {}


class _Object(msgspec.Struct):
    metadata: _Meta


class _Frame(msgspec.Struct):
    type: str
    object: msgspec.Raw


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Every time from the sending of the change until the watching client has the status."""
    await stage.started()
    await stage.operator.stop()
    floor = milliseconds(await _floor(stage, _chosen(stage, stage.scale.floor)))
    stage.progress.say(f"floor: p50 {floor['p50']} ms")
    await stage.started()
    taken: list[float] = []
    chosen = _chosen(stage, stage.scale.changes)
    stage.progress.say(f"{len(chosen)} changes on different reviews")
    for key in chosen:
        number = stage.token()
        sent = await stage.change(key, number)
        taken.append(await stage.eyes.until_token(key, number, PATIENCE) - sent)
        stage.progress.count("changes", len(taken), len(chosen))
        await asyncio.sleep(max(0.0, APART - taken[-1]))
    await stage.heal(chosen)
    await stage.eyes.quiet(2.0)
    found = milliseconds(taken)
    bar = 100 + 3 * floor["p50"]
    figures = {"change_to_status_ms": {**found, "floor_p50": floor["p50"], "floor_p99": floor["p99"]}}
    said = f"p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms (floor {floor['p50']:.0f} ms, n={found['n']})"
    held = found["p50"] <= bar and found["p99"] <= 400
    yield Row(CHANGE, f"p50 <= {bar:.0f} ms, p99 <= 400 ms", said, held, figures)


def _chosen(stage: Stage, count: int) -> list[Key]:
    """Different reviews, in as many namespaces as there are, in an order that is the same in each run."""
    shuffled = random.Random(4).sample(stage.keys, len(stage.keys))
    return sorted(shuffled, key=lambda key: key.name)[:count]


async def _floor(stage: Stage, keys: list[Key]) -> list[float]:
    """The same path without an operator: watch event in, status write out, seen by the watching client."""
    stage.progress.say("floor: a bare client answers")
    answering = asyncio.create_task(_answer(stage))
    taken: list[float] = []
    try:
        await asyncio.sleep(0.5)
        for key in keys:
            number = stage.token()
            sent = time.monotonic()
            note = {"bench.example.com/token": str(number), "bench.example.com/review": key.name}
            await stage.client.patch(world.marker(key), [{"op": "add", "path": "/metadata/annotations", "value": note}])
            taken.append(await stage.eyes.until_token(key, number, PATIENCE) - sent)
            assert not answering.done()
            await asyncio.sleep(0.05)
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    return taken


async def _answer(stage: Stage) -> None:
    _, version = await stage.bare.items(world.deployments(), limit=500)
    async with aclosing(stage.bare.lines(world.deployments(), version)) as lines:  # type: ignore[type-var]
        async for line in lines:
            frame = msgspec.json.decode(line, type=_Frame)
            if frame.type != "MODIFIED":
                continue
            meta = msgspec.json.decode(frame.object, type=_Object).metadata
            number = meta.annotations.get("bench.example.com/token")
            if number is None:
                continue
            key = Key(meta.namespace, meta.annotations["bench.example.com/review"])
            body = msgspec.json.decode(stage.eyes.views[key].raw)
            body["status"]["summary"]["message"] = f"port '{world.token(int(number))}'"
            await stage.bare.put(f"{key.path}/status", body)
