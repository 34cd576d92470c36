"""A hundred changes a second on the real API server, half of them without effect on what is judged."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator

from hack.bench import lag, world
from hack.bench.figures import Row, milliseconds
from hack.bench.stage import Stage
from hack.bench.world import Key

CHURN = "100 changes/s on the real server"
BAR = "<= 3 s behind, loop lag p99 <= 100 ms"
PROMISED = ((CHURN, BAR),)
RATE = 100
PATIENCE = 60.0


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """How long after each change a status told of it, or of a later one of the same review."""
    await stage.started()
    seconds = stage.scale.churn
    stage.progress.say(f"{RATE} changes a second for {seconds:.0f} s")
    lags = asyncio.create_task(lag.beside(stage.operator.port, seconds))
    cpu = stage.operator.cpu()
    behind, rate = await _storm(stage, seconds)
    used = (stage.operator.cpu() - cpu) / seconds
    waited = milliseconds(await lags)
    await stage.heal(stage.keys)
    await stage.eyes.quiet(3.0)
    told = milliseconds(behind)
    figures = {
        "rate": round(rate, 1),
        "seconds": seconds,
        "max_lag_s": round(max(behind), 2),
        "p50_lag_s": round(told["p50"] / 1000, 3),
        "p99_lag_s": round(told["p99"] / 1000, 3),
        "loop_lag_p99_ms": waited["p99"],
        "loop_lag_max_ms": waited["max"],
        "operator_cpu_share": round(used, 3),
    }
    said = f"{max(behind):.2f} s behind, lag p99 {waited['p99']:.0f} ms ({rate:.0f}/s, {100 * used:.0f} % of a core)"
    yield Row(CHURN, BAR, said, max(behind) <= 3 and waited["p99"] <= 100, {"churn": figures})


async def _storm(stage: Stage, seconds: float) -> tuple[list[float], float]:
    """Every other change carries a token for a random review; the rest changes nothing that is judged."""
    choose = random.Random(7)
    turns: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)
    behind: list[float] = []
    began = time.monotonic()
    made = 0

    async def effective(key: Key) -> None:
        async with turns[key]:  # a later token must not be overtaken by an earlier one
            number = stage.token()
            sent = await stage.change(key, number)
        behind.append(await stage.eyes.until_token(key, number, PATIENCE) - sent)

    async def idle(key: Key) -> None:
        await stage.client.patch(world.marker(key), world.without_effect(stage.token()))

    async with asyncio.TaskGroup() as group:
        while (passed := time.monotonic() - began) < seconds:
            while made < passed * RATE:
                key, change = choose.choice(stage.keys), effective if made % 2 else idle
                group.create_task(change(key))
                made += 1
            stage.progress.count("seconds of churn", passed, seconds)
            await asyncio.sleep(0.005)
    return behind, made / seconds
