"""Objects as a team would write them, good ones and bad ones."""

from typing import Final

from tests.cluster.kube import Json

PROBES: Final[Json] = {
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
}
NON_ROOT: Final[Json] = {"runAsNonRoot": True, "runAsUser": 10001}


def deployment(name: str, *, good: bool = True, labels: Json | None = None, **spec: object) -> Json:
    """A good one has both probes and cannot run as root."""
    pod_labels = {"app": name, **(labels or {})}
    container = {"name": "app", "image": "registry.example.com/app:1", **(PROBES if good else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": pod_labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": pod_labels},
                "spec": {
                    "securityContext": NON_ROOT if good else {"runAsNonRoot": False},
                    "containers": [container],
                    "terminationGracePeriodSeconds": 0,
                },
            },
            **spec,
        },
    }


def expectation(name: str, kind: str = "probes", parameters: Json | None = None, **rest: object) -> Json:
    return {"name": name, "check": {kind: parameters or {}}, **rest}


def area(name: str, *expectations: Json) -> Json:
    return {"name": name, "expectations": list(expectations)}


DELIVERY: Final = area("delivery", expectation("probes"))
SECURITY: Final = area("security", expectation("non-root", "nonRoot"))


def review(name: str = "prod", *areas: Json, **spec: object) -> Json:
    return {
        "apiVersion": "readiness.dev/v1alpha1",
        "kind": "ReadinessReview",
        "metadata": {"name": name},
        "spec": {"areas": list(areas) or [DELIVERY, SECURITY], **spec},
    }


def config_map(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": "value"}}
