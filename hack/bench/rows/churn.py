"""A hundred changes a second on the real API server, half of them without effect on what is judged."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from hack.bench import lag, world
from hack.bench.figures import Row, milliseconds
from hack.bench.stage import CREATING, Stage
from hack.bench.world import Key

CHURN = "100 changes/s on the real server"
BAR = "<= 3 s behind, loop lag p99 <= 100 ms"
PROMISED = ((CHURN, BAR),)
RATE = 100
PATIENCE = 60.0
TICK = 0.005


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """How long after the API server had taken each change a status told of it, or of a later one of the same review.

    How long taking it took is told beside: a server that is busy is late by itself.
    """
    await stage.started()
    seconds = stage.scale.churn
    stage.progress.say(f"{RATE} changes a second for {seconds:.0f} s")
    lags = asyncio.create_task(lag.beside(stage.operator.port, seconds))
    began, cpu = time.monotonic(), stage.operator.cpu()
    storm = await _storm(stage, seconds)
    behind, rate = storm.behind, storm.rate
    used = (stage.operator.cpu() - cpu) / (time.monotonic() - began)
    waited = milliseconds(await lags)
    await stage.heal(stage.keys)
    await stage.eyes.quiet(3.0)
    told = milliseconds(behind)
    figures = {
        "rate": round(rate, 1),
        "seconds": seconds,
        "max_lag_s": round(max(behind), 2),
        "change_request_p99_ms": milliseconds(storm.patching)["p99"],
        "harness_lag_p99_ms": milliseconds(storm.waking)["p99"],
        "p50_lag_s": round(told["p50"] / 1000, 3),
        "p99_lag_s": round(told["p99"] / 1000, 3),
        "loop_lag_p99_ms": waited["p99"],
        "loop_lag_max_ms": waited["max"],
        "operator_cpu_share": round(used, 3),
    }
    said = f"{max(behind):.2f} s behind, lag p99 {waited['p99']:.0f} ms ({rate:.0f}/s, {100 * used:.0f} % of a core)"
    yield Row(CHURN, BAR, said, max(behind) <= 3 and waited["p99"] <= 100, {"churn": figures})


@dataclass(slots=True)
class _Storm:
    """What came of it, in seconds. `waking` is how late this very program was: where it is, so is every figure."""

    rate: float = 0.0
    behind: list[float] = field(default_factory=list)
    patching: list[float] = field(default_factory=list)
    waking: list[float] = field(default_factory=list)


async def _storm(stage: Stage, seconds: float) -> _Storm:
    """Every other change carries a token for a random review; the rest changes nothing that is judged."""
    storm, choose = _Storm(), random.Random(7)
    turns: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)
    room = asyncio.Semaphore(CREATING)
    began = time.monotonic()
    made = 0

    async def effective(key: Key) -> None:
        async with turns[key], room:  # a later token must not be overtaken by an earlier one
            number = stage.token()
            sent = await stage.change(key, number)
            taken = time.monotonic()
        storm.patching.append(taken - sent)
        storm.behind.append(max(0.0, await stage.eyes.until_token(key, number, PATIENCE) - taken))

    async def idle(key: Key) -> None:
        async with turns[key], room:
            await stage.client.patch(world.marker(key), world.without_effect(stage.token()))

    async with asyncio.TaskGroup() as group:
        while (passed := time.monotonic() - began) < seconds:
            while made < passed * RATE:
                key, change = choose.choice(stage.keys), effective if made % 2 else idle
                group.create_task(change(key))
                made += 1
            stage.progress.count("seconds of churn", passed, seconds)
            slept = time.monotonic()
            await asyncio.sleep(TICK)
            storm.waking.append(time.monotonic() - slept - TICK)
    storm.rate = made / seconds
    return storm
