"""The objects that the rows are measured on, as plain JSON values.

One Deployment of each review carries a token: the name of a port that its liveness probe uses and does not declare. It
stands in the message of the finding, so that a watching client sees from a status which change it tells of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .scale import SLICES

Json = dict[str, Any]
API = "readiness.dev/v1alpha1"
REVIEWS = f"/apis/{API}/readinessreviews"
PORT = "/spec/template/spec/containers/0/livenessProbe/httpGet/port"
OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A review by name."""

    namespace: str
    name: str

    @property
    def path(self) -> str:
        return f"/apis/{API}/namespaces/{self.namespace}/readinessreviews/{self.name}"


def namespace_name(number: int) -> str:
    return f"bench-{number:03d}"


def keys(namespaces: int) -> list[Key]:
    """Every review of the main world."""
    return [Key(namespace_name(n), f"review-{part}") for n in range(namespaces) for part in range(SLICES)]


def marker(key: Key) -> str:
    """The path of the Deployment that carries a review's token."""
    return deployment_path(key.namespace, f"app-{int(key.name.rpartition('-')[2]):04d}")


def deployments(namespace: str = "") -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments" if namespace else "/apis/apps/v1/deployments"


def deployment_path(namespace: str, name: str) -> str:
    return f"{deployments(namespace)}/{name}"


def token(number: int) -> str:
    """A port's name: at most 15 characters, with a letter."""
    return f"v{number:07d}"


def carrying(value: str) -> list[Json]:
    """The patch that makes a Deployment carry a token; `http` is the port that it declares."""
    return [{"op": "replace", "path": PORT, "value": value}]


def without_effect(number: int) -> list[Json]:
    """A patch that no projection shows."""
    return [{"op": "add", "path": "/metadata/annotations", "value": {"bench.example.com/seen": str(number)}}]


def namespaces(names: list[str]) -> list[Json]:
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]


def deployment(namespace: str, number: int, part: str, *, startup: bool = False) -> Json:
    """About 3 KB as stored: two containers, probes, variables, a projected volume."""
    labels = {"app": f"app-{number:04d}", "part": part}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": f"app-{number:04d}", "labels": labels},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": labels["app"]}},
            "template": _template(labels, startup=startup),
        },
    }


def stateful_set(namespace: str, number: int, part: str) -> Json:
    labels = {"app": f"data-{number:02d}", "part": part}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"namespace": namespace, "name": labels["app"], "labels": labels},
        "spec": {
            "replicas": 1,
            "serviceName": labels["app"],
            "selector": {"matchLabels": {"app": labels["app"]}},
            "template": _template(labels, startup=False),
            "volumeClaimTemplates": [claim],
        },
    }


def _template(labels: Json, *, startup: bool) -> Json:
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10}
    first = {
        "name": "app",
        "image": f"registry.example.com/{labels['app']}@sha256:{'0123456789abcdef' * 4}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "livenessProbe": probe,
        "readinessProbe": probe,
        **({"startupProbe": probe} if startup else {}),
        "env": [{"name": name, "value": value} for name, value in _ENV.items()]
        + [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
    }
    second = {**first, "name": "proxy", "ports": [{"name": "http", "containerPort": 15001}]}
    return {
        "metadata": {"labels": labels},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [first, second],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }


_ENV = {
    "SIMULATION_MODE": "false",
    "RATE_LIMIT_BACKEND": "redis",
    "LOG_LEVEL": "info",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel-collector.observability:4317",
    "SECRET_BACKEND": "vault",
    "RELEASE_CHANNEL": "stable",
}


def review(key: Key, part: str | None) -> Json:
    """Ten expectations of every kind; what is not met in this world (startup probes, backups) is advisory."""
    scope = {"scope": {"selector": {"matchLabels": {"part": part}}}} if part is not None else {}
    return {
        "apiVersion": API,
        "kind": "ReadinessReview",
        "metadata": {"namespace": key.namespace, "name": key.name},
        "spec": {"owner": "team-bench", **scope, "areas": _areas()},
    }


def _env(name: str, **demand: Any) -> Json:
    return {"configuration": {"rules": [{"env": name, **demand}]}}


def _areas() -> list[Json]:
    advisory = {"severity": "Advisory", "whenNothingSelected": "NotApplicable"}
    levels = {"env": "LOG_LEVEL", "notOneOf": ["debug", "trace"], "unsetMeans": "info"}
    traces = {"env": "OTEL_EXPORTER_OTLP_ENDPOINT", "mustBeSet": True}
    return [
        _area(
            "architecture",
            ("explicit-probes", {"probes": {"require": ["Liveness", "Readiness"]}}, {}),
            ("startup-probes", {"probes": {"require": ["Startup"]}}, advisory),
            ("simulation-off", _env("SIMULATION_MODE", oneOf=["false"]), {}),
            ("rate-limits", _env("RATE_LIMIT_BACKEND", oneOf=["redis"]), {}),
        ),
        _area(
            "reliability",
            ("volumes-backed-up", {"backups": {"maxAge": "26h", "provenBy": ["VolumeSnapshot"]}}, advisory),
            ("traces-and-log-level", {"configuration": {"rules": [traces, levels]}}, {}),
        ),
        _area(
            "security",
            ("non-root", {"nonRoot": {}}, {}),
            ("secrets-synced", {"externalSecrets": {}}, advisory),
            ("secrets-from-vault", _env("SECRET_BACKEND", oneOf=["vault"]), {}),
        ),
        _area("release", ("release-channel", _env("RELEASE_CHANNEL", oneOf=["stable"]), {})),
    ]


def _area(name: str, *expectations: tuple[str, Json, Json]) -> Json:
    return {"name": name, "expectations": [{"name": one, "check": check, **more} for one, check, more in expectations]}


def unmet_review(key: Key) -> Json:
    """Ten expectations that no workload meets."""
    expectations: tuple[tuple[str, Json, Json], ...] = tuple(
        (f"missing-{word}", _env(f"MISSING_{word.upper()}", mustBeSet=True), {}) for word in "abcdefghij"
    )
    body = review(key, None)
    return {**body, "spec": {**body["spec"], "areas": [_area("everything", *expectations)]}}


def workloads(count_namespaces: int, deployment_count: int, stateful_count: int) -> Iterator[tuple[str, Json]]:
    """(collection path, body) of everything that the reviews of the main world are about."""
    for number in range(deployment_count):
        namespace, index = namespace_name(number % count_namespaces), number // count_namespaces
        yield deployments(namespace), deployment(namespace, index, f"s{index % SLICES}")
    for number in range(stateful_count):
        namespace, index = namespace_name(number % count_namespaces), number // count_namespaces
        path = f"/apis/apps/v1/namespaces/{namespace}/statefulsets"
        yield path, stateful_set(namespace, index, f"s{index % SLICES}")
