"""Objects made when they are asked for: a hundred thousand of them need no memory here.

Sizes follow what was seen in clusters: a Pod's metadata 3.5 KB with its managedFields, a Deployment 5 KB.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from hack.bench import world

PODS_EACH = 5
HASH = "5c6f7d8b9c"
_MANAGED = [
    {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
     "fieldsV1": {f"f:{word}": {f"f:{inner}": {} for inner in ("a", "b", "c", "d", "e", "f")}
                  for word in ("metadata", "labels", "ownerReferences", "spec", "containers", "env", "ports",
                               "resources", "securityContext", "volumeMounts", "tolerations", "status", "conditions",
                               "containerStatuses", "hostIP", "podIP", "podIPs", "startTime", "affinity", "volumes")}},
]  # fmt: skip
CREATED = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of what."""

    namespaces: int
    deployments: int  # in each namespace

    @property
    def all_deployments(self) -> int:
        return self.namespaces * self.deployments


def _cut(body: object) -> Callable[[dict[str, str]], bytes]:
    """An object's text with `@name@` places to fill in."""
    parts = re.split("@([a-z_]+)@", msgspec.json.encode(body).decode())

    def filled(values: dict[str, str]) -> bytes:
        return "".join(part if index % 2 == 0 else values[part] for index, part in enumerate(parts)).encode()

    return filled


def _meta(**more: object) -> dict[str, object]:
    common = {"namespace": "@ns@", "name": "@name@", "uid": "@uid@", "resourceVersion": "@rv@"}
    return {**common, "creationTimestamp": CREATED, "managedFields": _MANAGED, **more}


def _owner(kind: str) -> list[dict[str, object]]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": "@owner@", "uid": "@owner_uid@", "controller": True}]


def _deployment() -> dict[str, object]:
    body = world.deployment("@ns@", 0, "s0", startup=True)
    labels = {**body["metadata"]["labels"], "app": "@name@", "turn": "@turn@"}
    body["spec"]["template"]["spec"]["containers"][0]["livenessProbe"] = {
        "httpGet": {"path": "/healthz", "port": "@port@"}
    }
    annotations = {"deployment.kubernetes.io/revision": "1", "seen": "@rv@"}
    return {
        **body,
        "metadata": _meta(labels=labels, annotations=annotations, generation=1),
        "status": {"observedGeneration": 1, "replicas": 3},
    }


_TEXTS = {
    "deployments": _cut(_deployment()),
    "replicasets": _cut(
        {
            "apiVersion": "meta.k8s.io/v1",
            "kind": "PartialObjectMetadata",
            "metadata": _meta(
                labels={"app": "@owner@", "part": "s0", "pod-template-hash": HASH},
                annotations={"deployment.kubernetes.io/revision": "1"},
                ownerReferences=_owner("Deployment"),
            ),
        }
    ),
    "pods": _cut(
        {
            "apiVersion": "meta.k8s.io/v1",
            "kind": "PartialObjectMetadata",
            "metadata": _meta(
                labels={"app": "@app@", "part": "s0", "pod-template-hash": HASH},
                annotations={"seen": "@rv@"},
                ownerReferences=_owner("ReplicaSet"),
            ),
        }
    ),
}


def namespace(index: int, counts: Counts) -> str:
    return world.namespace_name(index % counts.namespaces)


def deployment(index: int, version: int, counts: Counts, *, port: str = "http", turn: int = 0) -> bytes:
    """One Deployment; `port` is its token, `turn` a label that a projection shows."""
    name = f"app-{index // counts.namespaces:04d}"
    values = {"ns": namespace(index, counts), "name": name, "uid": f"d-{index:08d}", "rv": str(version)}
    return _TEXTS["deployments"]({**values, "port": port, "turn": str(turn)})


def replica_set(index: int, version: int, counts: Counts) -> bytes:
    owner = f"app-{index // counts.namespaces:04d}"
    values = {"ns": namespace(index, counts), "name": f"{owner}-{HASH}", "uid": f"r-{index:08d}", "rv": str(version)}
    return _TEXTS["replicasets"]({**values, "owner": owner, "owner_uid": f"d-{index:08d}"})


def pod(index: int, version: int, counts: Counts) -> bytes:
    above = index // PODS_EACH
    app = f"app-{above // counts.namespaces:04d}"
    name = f"{app}-{HASH}-{index % PODS_EACH:05d}"
    values = {"ns": namespace(above, counts), "name": name, "uid": f"p-{index:08d}", "rv": str(version), "app": app}
    return _TEXTS["pods"]({**values, "owner": f"{app}-{HASH}", "owner_uid": f"r-{above:08d}"})
