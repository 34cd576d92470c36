"""What the rows share: one control plane, its objects, two clients, the watching client, the operator's process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hack.localcluster import Cluster
from hack.localcluster.processes import Family
from readiness.api import crd

from . import world
from .client import Client, in_flight
from .eyes import Eyes
from .machine import ROOT
from .progress import Progress
from .scale import SLICES, Scale
from .subject import Subject
from .world import Key

CREATING = 32
WRITING = 8  # as many writes in flight as the operator has
ACCOUNT = ("readiness-operator", "readiness-system")


@dataclass(slots=True)
class Stage:
    """`client` is an administrator, `bare` has the operator's own ServiceAccount."""

    cluster: Cluster
    scale: Scale
    progress: Progress
    family: Family
    client: Client
    bare: Client
    eyes: Eyes
    operator: Subject
    keys: list[Key]
    tokens: int = 0

    def token(self) -> int:
        """A number that no change has carried yet."""
        self.tokens += 1
        return self.tokens

    async def change(self, key: Key, number: int) -> float:
        """Make a review's Deployment carry a token; when that was sent."""
        sent = time.monotonic()
        await self.client.patch(world.marker(key), world.carrying(world.token(number)))
        return sent

    async def heal(self, keys: Sequence[Key]) -> None:
        """Take the tokens away."""
        await in_flight([lambda key=key: self._heal(key) for key in keys], CREATING)  # type: ignore[misc]

    async def _heal(self, key: Key) -> None:
        await self.client.patch(world.marker(key), world.carrying("http"))

    async def started(self) -> None:
        """Have the operator running, every review current, and nothing left to write."""
        if not self.operator.runs:
            self.progress.say("starting the operator")
            self.operator.start()
        await self.operator.synced("deployments.apps", self.scale.deployments)
        await self.current(300.0)
        await self.heal([key for key in self.keys if self.eyes.views[key].token])  # a row that failed left them
        await self.eyes.quiet(2.0)

    async def current(self, seconds: float) -> float:
        """When the last review became current."""
        deadline = time.monotonic() + seconds
        while True:
            missing = sum(not self._is_current(key) for key in self.keys)
            if not missing:
                return max(self.eyes.views[key].at for key in self.keys)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{missing} of {len(self.keys)} reviews are not current after {seconds:.0f} s")
            assert self.operator.pid
            self.progress.count("reviews current", len(self.keys) - missing, len(self.keys))
            await asyncio.sleep(0.05)

    def _is_current(self, key: Key) -> bool:
        view = self.eyes.views.get(key)
        return view is not None and view.current

    async def create(self, what: str, objects: Sequence[tuple[str, Any]]) -> None:
        """Create all of (path, body), shown as it goes."""
        self.progress.say(f"creating {len(objects):,} {what}")
        told: Callable[[int], None] = lambda done: self.progress.count(what, done, len(objects))  # noqa: E731
        jobs = [lambda path=path, body=body: self.client.create(path, body) for path, body in objects]
        await in_flight(jobs, CREATING, told)

    async def furnish(self) -> None:
        """Namespaces, workloads, reviews; the operator is not running yet."""
        scale = self.scale
        names = [world.namespace_name(number) for number in range(scale.namespaces)]
        await self.namespaces(names)
        objects = list(world.workloads(scale.namespaces, scale.deployments, scale.stateful_sets))
        await self.create("workloads", objects)
        await self.create("reviews", [(_collection(key), _review(key)) for key in self.keys])
        await self.eyes.start()

    async def namespaces(self, names: list[str]) -> None:
        await self.create("namespaces", [("/api/v1/namespaces", body) for body in world.namespaces(names)])

    async def review(self, body: dict[str, Any]) -> Key:
        """Create one more review."""
        key = Key(body["metadata"]["namespace"], body["metadata"]["name"])
        await self.client.create(_collection(key), body)
        return key


def _collection(key: Key) -> str:
    return key.path.rpartition("/")[0]


def _review(key: Key) -> dict[str, Any]:
    return world.review(key, f"s{int(key.name.rpartition('-')[2]) % SLICES}")


def install(cluster: Cluster, folder: Path) -> Path:
    """Our definitions, those of others, and the operator's ServiceAccount; a kubeconfig of the latter."""
    ours = folder / "crds.yaml"
    documents = "\n---\n".join(json.dumps(document) for document in crd.documents())
    ours.write_text(documents)
    rbac = ROOT / "deploy" / "rbac"
    cluster.kubectl("apply", "--server-side", f"--filename={ours}")
    cluster.kubectl("apply", "--server-side", f"--filename={ROOT / 'hack' / 'crds'}")
    cluster.kubectl("apply", f"--filename={rbac / 'namespace.yaml'}")
    for file in sorted(rbac.glob("*.yaml")):
        if file.name not in {"kustomization.yaml", "namespace.yaml"}:
            cluster.kubectl("apply", f"--filename={file}")
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    return cluster.kubeconfig_for(*ACCOUNT)
