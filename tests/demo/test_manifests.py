"""What ships and what the demo installs agree with what the operator reads: no right too many, none missing."""

from pathlib import Path
from typing import Any

import yaml

from readiness.api.v1alpha1 import review as reviews
from readiness.collectors.projections import BODIES, BY_RESOURCE
from readiness.evidence.resources import CRDS, ELSEWHERE, Resource
from readiness.runtime import settings

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = {
    "readinessreviews.readiness.dev": {"get", "list", "watch"},
    "readinessreviews/status.readiness.dev": {"update"},
    "events.events.k8s.io": {"create"},
}
"""What it may do beside reading evidence, reviewed by hand."""


def documents(folder: str) -> list[dict[str, Any]]:
    files = sorted((ROOT / folder).rglob("*.yaml"))
    found = [one for file in files for one in yaml.safe_load_all(file.read_text())]
    return [one for one in found if one.get("kind", "Kustomization") != "Kustomization"]  # settings have no kind


def of_kind(folder: str, kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in documents(folder) if one["kind"] == kind}


def rights(role: dict[str, Any]) -> dict[str, set[str]]:
    granted: dict[str, set[str]] = {}
    for rule in role["rules"]:
        assert rule.keys() == {"apiGroups", "resources", "verbs"}
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                granted.setdefault(f"{resource}.{group}" if group else resource, set()).update(rule["verbs"])
    return granted


def needed(resource: Resource) -> set[str]:
    return {"list", "watch"} | ({"get"} if resource in BODIES else set())


def test_the_operator_may_do_exactly_what_it_does() -> None:
    evidence = {resource.name: needed(resource) for resource in (*BY_RESOURCE, CRDS)}

    assert rights(of_kind("deploy/rbac", "ClusterRole")["readiness-operator"]) == evidence | OPERATOR


def test_no_role_that_ships_reads_secrets_or_grants_everything() -> None:
    for role in of_kind("deploy/rbac", "ClusterRole").values():
        granted = rights(role)
        assert "secrets" not in granted
        assert not [name for name, verbs in granted.items() if "*" in name or "*" in verbs]


def test_the_operators_role_is_bound_to_its_account_alone() -> None:
    (binding,) = of_kind("deploy/rbac", "ClusterRoleBinding").values()
    (account,) = of_kind("deploy/rbac", "ServiceAccount").values()
    (namespace,) = of_kind("deploy/rbac", "Namespace")

    assert binding["roleRef"]["name"] == "readiness-operator"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["metadata"]["name"], "namespace": namespace}
    ]
    assert account["metadata"]["namespace"] == namespace


def test_people_may_not_write_statuses() -> None:
    roles = of_kind("deploy/rbac", "ClusterRole")
    for name in ("readiness-operator-view", "readiness-operator-edit"):
        assert rights(roles[name]).keys() == {"readinessreviews.readiness.dev"}


def test_the_sample_review_is_valid() -> None:
    (sample,) = of_kind("deploy/samples", "ReadinessReview").values()

    assert isinstance(reviews.read(sample), reviews.Review)


def test_the_sample_settings_are_valid_and_list_every_proof_from_elsewhere() -> None:
    loaded = settings.load(ROOT / "deploy/samples/settings.yaml", {}, {})

    assert set(loaded.evidence_namespaces["velero"]) == {one.name for one in ELSEWHERE if one in BY_RESOURCE}


def test_the_small_schemas_are_what_the_operator_looks_for() -> None:
    """Group, plural, kind and scope; of Velero's kinds none has a status subresource, of the others each has one."""
    read = {resource.name: resource for resource in BY_RESOURCE}
    for name, definition in of_kind("hack/crds", "CustomResourceDefinition").items():
        spec = definition["spec"]
        assert name == f"{spec['names']['plural']}.{spec['group']}"
        assert all(
            ("status" in version.get("subresources", {})) != (spec["group"] == "velero.io")
            for version in spec["versions"]
        )
        if name in read:
            assert spec["names"]["kind"] == read[name].kind
            assert (spec["scope"] == "Namespaced") == read[name].namespaced
