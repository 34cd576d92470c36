"""A hundred thousand Pods, and two thousand events a second: from a fake server, the operator on one core of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import yaml

from hack.bench import lag
from hack.bench.fake.objects import PODS_EACH
from hack.bench.figures import Row, milliseconds
from hack.bench.machine import ROOT
from hack.bench.progress import Progress
from hack.bench.scale import Scale
from hack.bench.subject import Subject
from hack.localcluster.processes import Family

PODS = "100,000 Pods, 20,000 workloads (fake server)"
PODS_BAR = "<= 300 MiB, lists <= 20 s on one core"
STORM = "2,000 events/s (fake server)"
STORM_BAR = "<= 3 s behind, loop lag p99 <= 100 ms"
PROMISED = ((PODS, PODS_BAR), (STORM, STORM_BAR))
RATE = 2000
HOT = 10
"""Namespaces that the events of the storm fall into."""


async def measure(scale: Scale, progress: Progress, family: Family) -> AsyncIterator[Row]:
    """The lists: from the first request for evidence until /readyz says that every watch is synced."""
    count = scale.fake_namespaces * scale.fake_deployments
    progress.say(f"fake server: {count * PODS_EACH:,} Pods, {count:,} Deployments, {scale.fake_namespaces} reviews")
    command = [sys.executable, "-m", "hack.bench.fake.server", str(scale.fake_namespaces), str(scale.fake_deployments)]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(server.pid, {cores[-1]})
    assert server.stdout is not None
    assert server.stdin is not None
    url = f"http://127.0.0.1:{int(await server.stdout.readline())}"
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as folder:
        log = ROOT / "build" / "bench-operator-fake.log"
        log.unlink(missing_ok=True)
        operator = Subject(family, _kubeconfig(Path(folder), url), log)
        try:
            operator.start({cores[0]})
            yield await _listed(operator, url, progress, count)
            yield await _stormed(operator, url, progress, scale)
        finally:
            await operator.stop()
            server.stdin.close()
            await server.wait()


async def _listed(operator: Subject, url: str, progress: Progress, count: int) -> Row:
    ready = await operator.synced("pods", count * PODS_EACH)
    told = await _ask(url)
    listed = ready - told["times"]["first_list"]
    progress.say(f"synced {listed:.1f} s after the first request")
    told = await _until(url, lambda told: told["current"] == told["reviews"], 300.0, progress)
    current = told["times"]["last_status"] - operator.began
    await asyncio.sleep(5)
    memory, cpu = operator.memory(), operator.cpu()
    held = await operator.metric('readiness_watch_objects{resource="pods"}')
    figures = {
        "rss_mib_100k": memory["rss"],
        "peak_mib_100k": memory["peak"],
        "list_100k_s": round(listed, 2),
        "pods_100k": {
            "pods_held": held,
            "workloads": count,
            "all_current_s": round(current, 2),
            "cpu_s": round(cpu, 2),
        },
    }
    said = f"{memory['rss']:.0f} MiB (peak {memory['peak']:.0f}), lists {listed:.1f} s, all current {current:.1f} s"
    return Row(PODS, PODS_BAR, said, memory["rss"] <= 300 and listed <= 20 and held == count * PODS_EACH, figures)


async def _stormed(operator: Subject, url: str, progress: Progress, scale: Scale) -> Row:
    namespaces = min(HOT, scale.fake_namespaces)
    progress.say(f"{RATE:,} events a second for {scale.fake_churn:.0f} s in {namespaces} namespaces")
    cpu = operator.cpu()
    await _ask(url, {"rate": RATE, "seconds": scale.fake_churn, "namespaces": namespaces})
    waited = milliseconds(await lag.beside(operator.port, scale.fake_churn))
    used = (operator.cpu() - cpu) / scale.fake_churn
    told = await _until(url, lambda told: not told["storm"]["running"] and not told["storm"]["waiting"], 60.0, progress)
    storm = told["storm"]
    behind = [*storm["behind"], *storm["waiting"]]
    rate = storm["events"] / max(storm["seconds"], 0.001)
    figures = {
        "rate": round(rate),
        "max_lag_s": round(max(behind), 2),
        "p50_lag_s": round(milliseconds(behind)["p50"] / 1000, 3),
        "loop_lag_p99_ms": waited["p99"],
        "loop_lag_max_ms": waited["max"],
        "operator_cpu_share": round(used, 3),
        "never_told": len(storm["waiting"]),
    }
    said = f"{max(behind):.2f} s behind, lag p99 {waited['p99']:.0f} ms ({rate:,.0f}/s, {100 * used:.0f} % of a core)"
    return Row(STORM, STORM_BAR, said, max(behind) <= 3 and waited["p99"] <= 100, {"storm": figures})


async def _until(url: str, holds: Callable[[Any], bool], seconds: float, progress: Progress) -> Any:
    """What the server tells once it holds, or when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        told = await _ask(url)
        if holds(told) or time.monotonic() > deadline:
            return told
        progress.count("reviews current", told["current"], told["reviews"])
        await asyncio.sleep(0.2)


async def _ask(url: str, storm: dict[str, Any] | None = None) -> Any:
    body = None if storm is None else json.dumps(storm).encode()
    request = urllib.request.Request(f"{url}/bench{'' if storm is None else '/storm'}", data=body)

    def asked() -> Any:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    return await asyncio.to_thread(asked)


def _kubeconfig(folder: Path, url: str) -> Path:
    name = "bench"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {"token": "bench"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path
