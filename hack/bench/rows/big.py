"""One namespace with ten thousand workloads: the time of one change, and the size of the worst status."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hack.bench import world
from hack.bench.figures import Row, milliseconds
from hack.bench.stage import Stage
from hack.bench.world import Key

CHANGE = "one change in a namespace of 10,000 workloads"
CHANGE_BAR = "p99 <= 500 ms"
SIZE = "status with 10,000 unmet subjects"
SIZE_BAR = "<= 64 KiB, totals exact"
PROMISED = ((CHANGE, CHANGE_BAR), (SIZE, SIZE_BAR))
NAMESPACE = "bench-big"
APART = 1.5
CONTAINERS = 2


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """The same Deployment changes back and forth; the review selects every workload of the namespace."""
    await stage.started()
    count = stage.scale.big
    await stage.namespaces([NAMESPACE])
    bodies = [world.deployment(NAMESPACE, number, "s0", startup=True) for number in range(count)]
    await stage.create("workloads of one namespace", [(world.deployments(NAMESPACE), body) for body in bodies])
    await stage.eyes.quiet(2.0)
    yield await _change(stage)
    yield await _size(stage, count)


async def _change(stage: Stage) -> Row:
    key = await stage.review(world.review(Key(NAMESPACE, "review-0"), None))
    first = await stage.eyes.until(key, lambda view: view.current, 120.0)
    del first
    await stage.eyes.quiet(2.0)
    taken: list[float] = []
    cpu = stage.operator.cpu()
    for _ in range(stage.scale.big_changes):
        number = stage.token()
        sent = await stage.change(key, number)
        taken.append(await stage.eyes.until_token(key, number, 60.0) - sent)
        stage.progress.count("changes", len(taken), stage.scale.big_changes)
        await asyncio.sleep(max(0.0, sent + APART - time.monotonic()))
    used = (stage.operator.cpu() - cpu) / len(taken)
    found = milliseconds(taken)
    memory = stage.operator.memory()
    await stage.client.request("DELETE", key.path)
    figures = {
        "big_namespace_change_to_status_ms": {
            **found,
            "workloads": stage.scale.big,
            "operator_cpu_ms": round(1000 * used, 1),
        },
        "rss_mib_20k": memory["rss"],
    }
    said = f"p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms (n={found['n']}, {1000 * used:.0f} ms of CPU each)"
    return Row(CHANGE, CHANGE_BAR, said, found["p99"] <= 500, figures)


async def _size(stage: Stage, count: int) -> Row:
    key = await stage.review(world.unmet_review(Key(NAMESPACE, "review-unmet")))
    await stage.eyes.until(key, lambda view: view.current and view.ready == "False", 300.0)
    status = msgspec.json.decode(stage.eyes.views[key].raw)["status"]
    size = len(msgspec.json.encode(status))
    wrong = inexact(status, count * CONTAINERS)
    await stage.client.request("DELETE", key.path)
    said = f"{size / 1024:.1f} KiB, totals {'exact' if not wrong else 'wrong: ' + wrong[0]}"
    held = size <= 64 * 1024 and not wrong
    return Row(SIZE, SIZE_BAR, said, held, {"status_bytes_10k_unmet": size, "status_totals_exact": not wrong})


def inexact(status: dict[str, Any], subjects: int) -> list[str]:
    """Expectations whose counts, or listed and omitted findings, do not add up to all subjects."""
    wrong = []
    for area in status["areas"]:
        for one in area["expectations"]:
            unmet = one.get("counts", {}).get("unmet", 0)
            shown = len(one.get("findings", [])) + one.get("findingsOmitted", 0)
            if (unmet, shown) != (subjects, subjects):
                wrong.append(f"{one['name']}: {unmet} unmet, {shown} listed or omitted, of {subjects}")
    return wrong
