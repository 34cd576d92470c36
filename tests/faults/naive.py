"""A reader of live objects who judges as a person would: one look, no memory, and none of the operator's code."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.cluster.kube import Json, Kube, tolerating


@dataclass(frozen=True)
class Objects:
    """All that there is in one namespace at one moment."""

    deployments: list[Json]
    replica_sets: list[Json]
    pods: list[Json]
    config_maps: list[Json]
    external_secrets: list[Json]

    @classmethod
    def read(cls, kube: Kube, namespace: str) -> "Objects":
        def all_of(root: str, plural: str) -> list[Json]:
            with tolerating(404):
                return kube.list(f"{root}/namespaces/{namespace}/{plural}")
            return []  # not installed

        return cls(
            all_of("/apis/apps/v1", "deployments"),
            all_of("/apis/apps/v1", "replicasets"),
            all_of("/api/v1", "pods"),
            all_of("/api/v1", "configmaps"),
            all_of("/apis/external-secrets.io/v1", "externalsecrets"),
        )

    def templates(self, deployment: Json) -> Iterator[Json]:
        """Its own, and those that its Pods were made from."""
        yield deployment["spec"]["template"]["spec"]
        sets = {
            one["metadata"]["uid"]: one for one in self.replica_sets if _maker(one) == deployment["metadata"]["uid"]
        }
        for pod in self.pods:
            if (maker := sets.get(_maker(pod))) is not None:
                yield maker["spec"]["template"]["spec"]

    def setting(self, name: str, key: str) -> str | None:
        found = [one.get("data", {}).get(key) for one in self.config_maps if one["metadata"]["name"] == name]
        return found[0] if found else None


def certain(spec: Json, objects: Objects) -> bool:
    """Whether everything that the review asks for is there."""
    if spec.get("suspend"):
        return False
    selector = spec.get("scope", {}).get("selector", {}).get("matchLabels", {})
    chosen = [one for one in objects.deployments if selector.items() <= one["metadata"].get("labels", {}).items()]
    checks = {name for area in spec["areas"] for one in area["expectations"] for name in one["check"]}
    if "externalSecrets" in checks and not _synced(objects.external_secrets):
        return False
    revision = spec.get("subject", {}).get("revision")
    if revision and any(one["spec"]["template"]["metadata"]["labels"]["version"] != revision for one in chosen):
        return False
    return bool(chosen) and all(
        _good(pod, checks, objects) for deployment in chosen for pod in objects.templates(deployment)
    )


def _good(pod: Json, checks: set[str], objects: Objects) -> bool:
    for container in pod["containers"]:
        if "probes" in checks and not {"livenessProbe", "readinessProbe"} <= container.keys():
            return False
        if "configuration" in checks:
            source = container["env"][0]["valueFrom"]["configMapKeyRef"]
            if objects.setting(source["name"], source["key"]) != "false":
                return False
    return "nonRoot" not in checks or pod.get("securityContext", {}).get("runAsNonRoot") is True


def _synced(external_secrets: list[Json]) -> bool:
    said = [one.get("status", {}).get("conditions", [{}])[0].get("status") for one in external_secrets]
    return bool(said) and set(said) == {"True"}


def _maker(one: Json) -> str:
    return next((owner["uid"] for owner in one["metadata"].get("ownerReferences", []) if owner.get("controller")), "")
