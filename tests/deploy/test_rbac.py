"""The rights that ship: those that were reviewed, those that the code needs, the same in deploy/ and in the chart."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.collectors.projections import BODIES, BY_RESOURCE
from readiness.evidence.resources import CRDS, ELSEWHERE, Resource
from readiness.runtime.register import REVIEWS
from tests.deploy.rendering import CI, Object, Rights, kustomized, objects, of_kind, rights, template

GOLDEN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "rbac.golden.yaml").read_text())
EVERYWHERE: Rights = GOLDEN["namespaced"] | GOLDEN["elsewhere"] | GOLDEN["cluster"]
OWN: Rights = {
    REVIEWS.name: ["get", "list", "watch"],
    f"{REVIEWS.plural}/status.{REVIEWS.group}": ["update"],
    "events.events.k8s.io": ["create"],
}
"""What the code does beside reading evidence: kopf, the roll call and the writer; the writer; the announcer."""
ROLES = {"Role", "ClusterRole"}


def needed(resource: Resource) -> list[str]:
    """`get` only for what is fetched by name."""
    return ["get", "list", "watch"] if resource in BODIES else ["list", "watch"]


def test_the_reviewed_rights_are_what_the_code_needs() -> None:
    read = {resource: needed(resource) for resource in (*BY_RESOURCE, CRDS)}
    assert BODIES.keys() <= read.keys()

    def names(chosen: set[Resource]) -> Rights:
        return {resource.name: read[resource] for resource in chosen}

    elsewhere = {one for one in read if one in ELSEWHERE}
    cluster = {one for one in read if not one.namespaced}
    assert GOLDEN["namespaced"] == OWN | names(read.keys() - elsewhere - cluster)
    assert GOLDEN["elsewhere"] == names(elsewhere)
    assert GOLDEN["cluster"] == names(cluster)


def test_the_reviewed_rights_are_the_least() -> None:
    allowed = {"get", "list", "watch"}
    for name, verbs in EVERYWHERE.items():
        assert name.partition(".")[0] != "secrets"
        assert "*" not in name
        assert set(verbs) <= (allowed if name not in OWN else set(OWN[name]))
    for granted in GOLDEN["people"].values():
        assert granted.keys() == {REVIEWS.name}


def test_deploy_grants_the_reviewed_rights() -> None:
    shipped = objects(kustomized())
    roles = of_kind(shipped, "ClusterRole")
    assert rights(roles.pop("readiness-operator")) == EVERYWHERE
    assert {name.removeprefix("readiness-operator-"): rights(role) for name, role in roles.items()} == GOLDEN["people"]
    assert not of_kind(shipped, "Role")


def test_the_chart_grants_what_deploy_grants() -> None:
    ours, theirs = objects(template("default")), objects(kustomized())
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        assert [_bare(one) for one in _sorted(ours, kind)] == [_bare(one) for one in _sorted(theirs, kind)]
    assert not of_kind(ours, "Role")


def _sorted(found: list[Object], kind: str) -> list[Object]:
    return [one for _, one in sorted(of_kind(found, kind).items())]


def _bare(one: Object) -> Object:
    """What decides: the name, the rights, who is bound, and into which roles it is aggregated."""
    labels = one["metadata"]["labels"]
    return {
        "name": one["metadata"]["name"],
        "rights": rights(one) if "rules" in one else None,
        "bound": (one.get("roleRef"), one.get("subjects")),
        "labels": {key: value for key, value in labels.items() if key.startswith("rbac.")},
    }


def test_roles_only_grants_nothing_without_a_namespace() -> None:
    found = objects(template("namespaced"))
    assert not of_kind(found, "ClusterRole")
    assert not of_kind(found, "ClusterRoleBinding")
    roles = of_kind(found, "Role")
    assert {name: rights(role) for name, role in roles.items()} == {
        "orders/readiness-operator": GOLDEN["namespaced"],
        "payments/readiness-operator": GOLDEN["namespaced"],
        "velero/readiness-operator-evidence": {
            name: GOLDEN["elsewhere"][name] for name in ("backups.velero.io", "backupstoragelocations.velero.io")
        },
    }
    _every_role_is_bound(found, "Role")


def test_one_cluster_role_adds_the_evidence_without_a_namespace_and_nothing_else() -> None:
    found = objects(template("namespaced-cluster-evidence"))
    assert rights(of_kind(found, "ClusterRole")["readiness-operator"]) == GOLDEN["cluster"]
    assert rights(of_kind(found, "Role")["orders/readiness-operator"]) == GOLDEN["namespaced"]
    _every_role_is_bound(found, "Role")


def _every_role_is_bound(found: list[Object], kind: str) -> None:
    bindings = of_kind(found, f"{kind}Binding")
    assert bindings.keys() == of_kind(found, kind).keys()
    for name, binding in bindings.items():
        assert binding["roleRef"]["kind"] == kind
        assert binding["roleRef"]["name"] == name.rpartition("/")[2]
        assert [one["namespace"] for one in binding["subjects"]] == ["readiness-system"]


def test_nothing_is_granted_where_somebody_else_grants() -> None:
    assert not [one for one in objects(template("bare")) if one["kind"] in ROLES]


@pytest.mark.parametrize("values", CI)
def test_the_operators_account_is_the_one_that_is_bound(values: str) -> None:
    found = objects(template(values))
    (deployment,) = of_kind(found, "Deployment").values()
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    bound = {subject["name"] for one in found if one["kind"].endswith("Binding") for subject in one["subjects"]}
    assert bound <= {account}
    assert of_kind(found, "ServiceAccount").keys() <= {account}
