"""A write that ends a certificate must not wait behind a thousand that merely renew one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec

from hack.bench.figures import Row, milliseconds
from hack.bench.rows.cold import write
from hack.bench.stage import Stage
from hack.bench.world import Json, Key

ENDING = "certificate-ending write behind queued renewals"
BAR = "p99 <= 2 s"
PROMISED = ((ENDING, BAR),)
HALF = timedelta(minutes=30)
APART = 0.02


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """All certificates are set back by half their length, so that a start finds every renewal due at once."""
    await stage.started()
    await stage.operator.stop()
    bodies = {key: backdated(msgspec.json.decode(stage.eyes.views[key].raw)) for key in stage.keys}
    certified = {key: body for key, body in bodies.items() if "validUntil" in body["status"]}
    stage.progress.say(f"{len(certified):,} renewals made due")
    await write(stage.bare, certified)
    await stage.eyes.quiet(1.0)
    written = {key: stage.eyes.views[key].version for key in stage.keys}
    stage.operator.start()
    await _first_renewal(stage, written)
    waiting = [key for key in certified if stage.eyes.views[key].version == written[key]]
    chosen = random.Random(11).sample(waiting, min(stage.scale.endings, len(waiting)))
    endings = []
    for key in chosen:
        endings.append(asyncio.create_task(_end(stage, key)))
        await asyncio.sleep(APART)
    taken = await asyncio.gather(*endings)
    overtaken = sum(stage.eyes.views[key].version == written[key] for key in certified)
    await stage.eyes.quiet(3.0)
    await stage.heal(chosen)
    await stage.eyes.quiet(2.0)
    found = milliseconds(taken)
    p99 = found["p99"] / 1000
    figures = {
        "p50": round(found["p50"] / 1000, 3),
        "p99": round(p99, 3),
        "n": found["n"],
        "renewals_due": len(certified),
        "renewals_left_when_the_last_ending_was_seen": overtaken,
    }
    said = (
        f"p99 {p99:.2f} s (n={found['n']}, {len(waiting):,} of {len(certified):,} renewals ahead, {overtaken:,} after)"
    )
    yield Row(ENDING, BAR, said, p99 <= 2, {"ending_write_behind_renewals_s": figures})


def backdated(review: Json) -> Json:
    """As if it had been certified half a certificate's length ago."""
    status = dict(review["status"])
    if "validUntil" in status:
        now = datetime.now(UTC).replace(microsecond=0)
        status["validUntil"] = _text(now + HALF)
        status["certifiedAt"] = status["lastEvaluationTime"] = _text(now - HALF)
    return {**review, "status": status}


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _first_renewal(stage: Stage, written: dict[Key, int]) -> None:
    async with asyncio.timeout(120):
        while all(stage.eyes.views[key].version == version for key, version in written.items()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _end(stage: Stage, key: Key) -> float:
    number = stage.token()
    sent = await stage.change(key, number)
    return await stage.eyes.until_token(key, number, 60.0) - sent
