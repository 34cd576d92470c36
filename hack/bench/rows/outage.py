"""The API server is gone for a while, and comes back to other facts."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator

from hack.bench.client import FailedError
from hack.bench.eyes import View
from hack.bench.figures import Row
from hack.bench.stage import Stage
from hack.bench.world import Key

OUTAGE = "API server gone"
BAR = "no exit, no false green, <= 1 write a review, current in 30 s"
PROMISED = ((OUTAGE, BAR),)
CHANGED = 20


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """The moment it is back, some certificates become false; each must be gone within 30 s, the others untouched."""
    await stage.started()
    pid = stage.operator.pid
    stage.progress.say(f"API server down for {stage.scale.outage:.0f} s")
    await asyncio.to_thread(stage.cluster.stop_apiserver)
    began = time.monotonic()
    while (passed := time.monotonic() - began) < stage.scale.outage:
        stage.progress.count("seconds of outage", passed, stage.scale.outage)
        await asyncio.sleep(0.5)
    writes: Counter[Key] = Counter()

    def hear(key: Key, _before: View, _after: View) -> None:
        writes[key] += 1

    stage.eyes.heard.append(hear)
    await asyncio.to_thread(stage.cluster.start_apiserver)
    back = time.monotonic()
    stage.progress.say(f"API server back after {back - began:.0f} s")
    chosen = random.Random(13).sample(stage.keys, min(CHANGED, len(stage.keys)))
    try:
        seen = await asyncio.gather(*(_change(stage, key) for key in chosen))
        await asyncio.sleep(max(0.0, back + stage.scale.watched_after - time.monotonic()))
    finally:
        stage.eyes.heard.remove(hear)
    exited = not stage.operator.runs or stage.operator.pid != pid
    false_green = sum(stage.eyes.views[key].ready == "True" for key in chosen)
    recovered = max((at - back for at in seen if at is not None), default=float("inf"))
    missed = sum(at is None for at in seen)
    most = max(writes.values(), default=0)
    untouched = max((count for key, count in writes.items() if key not in chosen), default=0)
    await stage.heal(chosen)
    await stage.eyes.quiet(2.0)
    figures = {
        "seconds": round(back - began, 1),
        "exited": exited,
        "false_green": false_green,
        "recovered_s": None if missed else round(recovered, 2),
        "writes_per_review": most,
        "writes_per_untouched_review": untouched,
        "writes": sum(writes.values()),
        "changed": len(chosen),
    }
    said = f"{'exited' if exited else 'no exit'}, {false_green} false green, {most} writes a review at most, "
    said += f"{missed} never told" if missed else f"current in {recovered:.1f} s"
    held = not (exited or false_green or missed) and most <= 1 and recovered <= 30
    yield Row(OUTAGE, BAR, said, held, {"outage": figures})


async def _change(stage: Stage, key: Key) -> float | None:
    """When the change was seen in a status; None where it is not within 60 s."""
    number = stage.token()
    while True:
        try:
            await stage.change(key, number)
        except FailedError:
            await asyncio.sleep(0.1)
        else:
            break
    try:
        return await stage.eyes.until_token(key, number, 60.0)
    except TimeoutError:
        return None
