"""A restart that must change nothing, and the idle time after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hack.bench import server
from hack.bench.eyes import View
from hack.bench.figures import Row
from hack.bench.stage import Stage

RESTART = "restart: status writes, Events"
IDLE = "idle: evidence lists, no-op writes"
PROMISED = ((RESTART, "0, 0"), (IDLE, "0, 0"))
EVENTS = "/apis/events.k8s.io/v1/events"


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Events are held back for 30 s, so the restart is watched for longer than that."""
    await stage.started()
    await stage.operator.stop()
    stage.progress.say("restart")
    events, before = await _events(stage), await server.counted(stage.client)
    stage.operator.start()
    synced = await stage.operator.synced("deployments.apps", stage.scale.deployments) - stage.operator.began
    await _pass(stage, "seconds after the restart", stage.scale.events)
    writes = server.status_writes(await server.counted(stage.client) - before)
    told = await _events(stage) - events
    restart = {"writes": writes, "events": told, "synced_s": round(synced, 2)}
    stage.progress.say(f"restart: {writes} writes, {told} Events; idle for {stage.scale.idle:.0f} s")
    said = f"{writes}, {told} (synced in {synced:.1f} s)"
    yield Row(RESTART, "0, 0", said, not (writes or told), {"restart": restart})
    yield await _idle(stage)


async def _idle(stage: Stage) -> Row:
    idle_writes: list[bool] = []
    hear = lambda _key, before, after: idle_writes.append(changes_nothing(before, after))  # noqa: E731
    before, cpu = await server.counted(stage.client), stage.operator.cpu()
    stage.eyes.heard.append(hear)
    try:
        await _pass(stage, "seconds idle", stage.scale.idle)
    finally:
        stage.eyes.heard.remove(hear)
    between = await server.counted(stage.client) - before
    used = (stage.operator.cpu() - cpu) / stage.scale.idle
    unseen = server.status_writes(between) - len(idle_writes)  # a write that the API server took for no change
    noop, listed = sum(idle_writes) + max(0, unseen), server.lists(between)
    figures = {
        "lists": listed,
        "noop_writes": noop,
        "seconds": stage.scale.idle,
        "renewals": len(idle_writes) - sum(idle_writes),
        "operator_cpu_share": round(used, 4),
        "rss_mib": stage.operator.memory()["rss"],
    }
    said = f"{listed}, {noop} in {stage.scale.idle:.0f} s ({100 * used:.1f} % of a core)"
    return Row(IDLE, "0, 0", said, not (listed or noop), {"idle": figures})


def changes_nothing(before: View, after: View) -> bool:
    """Whether a reader could do without this write: only instants that move at every look differ."""
    return bool(_settled(before.raw) == _settled(after.raw))


def _settled(raw: bytes) -> Any:
    body = msgspec.json.decode(raw)
    status = dict(body.get("status") or {})
    status.pop("lastEvaluationTime", None)
    status["areas"] = [
        [{name: value for name, value in one.items() if name != "evidenceTime"} for one in area.get("expectations", [])]
        for area in status.get("areas", [])
    ]
    return body.get("spec"), status


async def _events(stage: Stage) -> int:
    items, _ = await stage.client.items(EVENTS)
    return len(items)


async def _pass(stage: Stage, what: str, seconds: float) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        stage.progress.count(what, passed, seconds)
        await asyncio.sleep(min(0.5, seconds - passed))
    assert stage.operator.pid
