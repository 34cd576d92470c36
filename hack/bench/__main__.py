"""`python -m hack.bench [FAMILY ...]`: all rows of the budget, or some; QUICK=1 cuts the counts. Always exits 0."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import yaml

from hack.localcluster import start
from hack.localcluster.processes import Family

from . import figures, machine, world
from .client import Client
from .eyes import Eyes
from .figures import Row
from .machine import ROOT
from .progress import Progress
from .rows import barrier, big, changes, churn, cold, outage, pods, renewals, rest, writes
from .scale import FULL, QUICK, Scale
from .stage import Stage, install
from .subject import Subject, keep_source

FAMILIES: dict[str, ModuleType] = {
    "cold": cold,
    "rest": rest,
    "changes": changes,
    "churn": churn,
    "renewals": renewals,
    "writes": writes,
    "outage": outage,
    "barrier": barrier,
    "big": big,
    "pods": pods,
}
ALONE = frozenset({"pods"})
"""Families that bring their own server."""
OUTPUT = ROOT / "build" / "bench.json"


async def run(wanted: list[str], scale: Scale, progress: Progress, family: Family) -> tuple[list[Row], str]:
    """Every family in turn; one that fails takes no other along."""
    rows: list[Row] = []
    server = ""
    shared = [name for name in wanted if name not in ALONE]
    if shared:
        try:
            server = await _on_cluster(shared, scale, progress, family, rows)
        except Exception as error:  # noqa: BLE001  # told in the table, and the rest is measured
            progress.say(traceback.format_exc())
            told = {row.what for row in rows}
            for name in shared:
                rows += figures.failed([one for one in FAMILIES[name].PROMISED if one[0] not in told], _said(error))
    for name in wanted:
        if name in ALONE:
            rows += await _guarded(name, progress, pods.measure(scale, progress, family))
    return rows, server


async def _on_cluster(wanted: list[str], scale: Scale, progress: Progress, family: Family, rows: list[Row]) -> str:
    progress.say("starting etcd and kube-apiserver")
    with await asyncio.to_thread(lambda: start(controllers=False, progress=progress.say)) as cluster:
        version = cluster.kubectl("version", "--output=json").stdout
        kubeconfig = await asyncio.to_thread(install, cluster, cluster.folder)
        token = _token(kubeconfig)
        async with (
            Client(cluster.url, cluster.ca_file, cluster.admin_token) as client,
            Client(cluster.url, cluster.ca_file, token) as bare,
        ):
            log = OUTPUT.parent / "bench-operator.log"
            log.unlink(missing_ok=True)
            operator = Subject(family, kubeconfig, log)
            keys = world.keys(scale.namespaces)
            stage = Stage(cluster, scale, progress, family, client, bare, Eyes(client), operator, keys)
            try:
                await stage.furnish()
                for name in wanted:
                    rows += await _guarded(name, progress, FAMILIES[name].measure(stage))
            finally:
                await stage.eyes.stop()
                await operator.stop()
    return str(json.loads(version)["serverVersion"]["gitVersion"])


async def _guarded(name: str, progress: Progress, measured: AsyncIterator[Row]) -> list[Row]:
    rows: list[Row] = []
    try:
        async for row in measured:
            rows.append(row)
            progress.say(f"=> {row.what}: {row.measured}")
    except Exception as error:  # noqa: BLE001  # a row that failed stands in the table
        progress.say(traceback.format_exc())
        told = {row.what for row in rows}
        rows += figures.failed([one for one in FAMILIES[name].PROMISED if one[0] not in told], _said(error))
    return rows


def _said(error: Exception) -> str:
    inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    return f"{type(inner).__name__}: {inner}".splitlines()[0][:90]


def _token(kubeconfig: Path) -> str:

    return str(yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"])


def main(arguments: list[str]) -> int:
    """Measure, show, save."""
    unknown = [name for name in arguments if name not in FAMILIES]
    if unknown:
        print(f"no such rows: {', '.join(unknown)}; there are {', '.join(FAMILIES)}", file=sys.stderr)
        return 2
    scale = QUICK if os.environ.get("QUICK", "") not in {"", "0"} else FULL
    OUTPUT.parent.mkdir(exist_ok=True)
    began, progress, family = datetime.now(UTC), Progress(), Family()
    about = machine.description()
    keep_source()
    try:
        rows, server = asyncio.run(run(arguments or list(FAMILIES), scale, progress, family))
    finally:
        family.close()
    content = {
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(progress.seconds, 1),
        "quick": scale.quick,
        "counts": asdict(scale),
        "machine": {**about, "kube_apiserver": server, "load_average_at_end": [round(x, 2) for x in os.getloadavg()]},
        "rows": [row.dump() for row in rows],
        **figures.collected(rows),
    }
    OUTPUT.write_text(json.dumps(content, indent=2) + "\n")
    print(
        f"\n{figures.table(rows)}\n\n{'QUICK: smaller counts than the budget names. ' if scale.quick else ''}{OUTPUT}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
