"""The operator under the chart's Roles only: it judges where it may, and says what it may not see."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from hack.localcluster import Cluster
from readiness.api import crd
from tests.cluster import objects as world
from tests.cluster.history import condition
from tests.cluster.kube import Json, Kube, eventually
from tests.cluster.running import Running
from tests.conftest import control_plane
from tests.deploy.rendering import NAMESPACE, RELEASE, ROOT, objects, template

pytestmark = pytest.mark.cluster

RBAC: Final = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount"}
WATCHED: Final = ("orders", "payments")
PROOFS: Final = {"velero": ("backups.velero.io", "backupstoragelocations.velero.io")}
EXTERNAL: Final = "external-secrets.io/v1"
NOW: Final = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def plane() -> Iterator[Cluster]:
    """One of its own: definitions of others are installed, which other tests count on being absent."""
    with control_plane(controllers=False) as running:
        for name in (NAMESPACE, *WATCHED, *PROOFS, "elsewhere"):
            running.kubectl("create", "namespace", name)
        definitions = "\n---\n".join(json.dumps(document) for document in crd.documents())
        running.kubectl("apply", "--server-side", "--filename=-", input=definitions)
        running.kubectl("apply", "--server-side", f"--filename={ROOT / 'hack' / 'crds'}")
        running.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        yield running


@pytest.fixture(scope="module")
def kube(plane: Cluster) -> Kube:
    return Kube(plane)


def account(plane: Cluster, values: str) -> Path:
    """The operator's access with the rights of a set of values, and no other; the namespaces are those of ci/."""
    for kind in ("clusterrolebinding", "clusterrole"):
        plane.kubectl("delete", kind, RELEASE, "--ignore-not-found")
    for one in objects(template(values)):
        if one["kind"] in RBAC:
            plane.kubectl("apply", "--filename=-", input=json.dumps(one))
    return plane.kubeconfig_for(RELEASE, NAMESPACE)


def judged(kube: Kube, namespace: str, status: str, name: str = "prod") -> Json:
    """Wait for the answer to be current, and of this status."""
    found: Json = {}

    def answered() -> bool:
        found.update(kube.get("ReadinessReview", namespace, name))
        current = found["status"].get("observedGeneration") == found["metadata"]["generation"]
        return current and condition(found).get("status") == status

    eventually(answered, f"Ready={status}: {json.dumps(found.get('status'))}", 30)
    return found


def own(namespace: str, body: Json) -> Json:
    return {**body, "metadata": {**body["metadata"], "namespace": namespace}}


def reasons(review: Json) -> set[str]:
    return {
        finding["reason"]
        for area in review["status"]["areas"]
        for one in area["expectations"]
        for finding in one.get("findings", [])
    }


def configured(value: str) -> tuple[Json, Json, Json]:
    """A Deployment that takes a switch from a ConfigMap, and a review that says what it must be."""
    deployment = world.deployment("api")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    container["envFrom"] = [{"configMapRef": {"name": "switches"}}]
    switches = {**world.config_map("switches"), "data": {"SIMULATION": value}}
    rule = {"env": "SIMULATION", "oneOf": ["off"]}
    review = world.review(
        "prod",
        world.area("delivery", world.expectation("probes"), world.expectation("non-root", "nonRoot")),
        world.area("switches", world.expectation("simulation", "configuration", {"rules": [rule]})),
    )
    return switches, deployment, review


def secrets(name: str) -> Json:
    return world.review(name, world.area("secrets", world.expectation("synced", "externalSecrets")))


def create_synced(kube: Kube, namespace: str) -> None:
    """An ExternalSecret of a store that has no namespace, both as External Secrets leaves them."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": NOW}
    secret = {
        "apiVersion": EXTERNAL,
        "kind": "ExternalSecret",
        "metadata": {"name": "db", "namespace": namespace},
        "spec": {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"},
            "target": {"creationPolicy": "Owner"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "shop/db"}}],
        },
    }
    status = {
        "binding": {"name": "db"},
        "conditions": [{**ready, "reason": "SecretSynced"}],
        "refreshTime": NOW,
        "syncedResourceVersion": "1-8b1c2f5e",
    }
    kube.put_status({**kube.create(secret), "status": status})
    store = {
        "apiVersion": EXTERNAL,
        "kind": "ClusterSecretStore",
        "metadata": {"name": "vault"},
        "spec": {"provider": {"vault": {"server": "https://vault.example.com"}}},
    }
    path = f"/apis/{EXTERNAL}/clustersecretstores"
    created = kube.request("POST", path, store)
    status = {"conditions": [{**ready, "reason": "Valid"}]}
    kube.request("PUT", f"{path}/vault/status", {**created, "status": status})


def test_it_judges_where_it_has_roles_and_nowhere_else(plane: Cluster, kube: Kube) -> None:
    kubeconfig = account(plane, "namespaced")
    for namespace, value in (("orders", "off"), ("payments", "on"), ("elsewhere", "off")):
        for body in configured(value):
            kube.create(own(namespace, body))
    with Running(kubeconfig, held_back=0.2, watch_namespaces=WATCHED, evidence_namespaces=PROOFS) as operator:
        operator.await_ready()
        judged(kube, "orders", "True")
        assert reasons(judged(kube, "payments", "False")) == {"SettingNotAllowed"}
        path = "/apis/events.k8s.io/v1/namespaces/payments/events"
        eventually(lambda: kube.list(path), "Events are told in the namespace")
    assert condition(kube.get("ReadinessReview", "elsewhere", "prod"))["reason"] == "Pending"


def test_evidence_without_a_namespace_is_unknown_until_one_cluster_role_allows_it(plane: Cluster, kube: Kube) -> None:
    kubeconfig = account(plane, "namespaced")
    create_synced(kube, "orders")
    kube.create(own("orders", secrets("secrets")))
    with Running(kubeconfig, watch_namespaces=WATCHED) as operator:
        operator.await_ready()
        assert reasons(judged(kube, "orders", "Unknown", "secrets")) == {"Forbidden"}
    kubeconfig = account(plane, "namespaced-cluster-evidence")
    with Running(kubeconfig, watch_namespaces=("orders",)) as operator:
        operator.await_ready()
        judged(kube, "orders", "True", "secrets")


def test_proofs_of_another_namespace_are_read_by_its_role(plane: Cluster, kube: Kube) -> None:
    """Of what the settings list the Role allows exactly that, and the rest is Forbidden."""
    kubeconfig = account(plane, "namespaced")
    every = {"velero": (*PROOFS["velero"], "podvolumebackups.velero.io")}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "payments"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    kube.create(claim)
    backups = world.expectation("backed-up", "backups", {"maxAge": "26h", "provenBy": ["Velero"]})
    kube.create(own("payments", world.review("proofs", world.area("backups", backups))))
    with Running(kubeconfig, watch_namespaces=WATCHED, evidence_namespaces=every) as operator:
        operator.await_ready()
        eventually(lambda: _states(operator).get("podvolumebackups.velero.io") == "Forbidden", str(_states(operator)))
        states = _states(operator)
        assert {states[name] for name in PROOFS["velero"]} == {"Seen"}


def test_one_tenant_who_refuses_the_watch_of_reviews_does_not_hold_the_others(plane: Cluster, kube: Kube) -> None:
    """What is made there is found by roll calls; only where every namespace refuses it nobody is heard any more."""
    kubeconfig = account(plane, "namespaced")
    refuse_to_watch_reviews(plane, "payments")
    for namespace in WATCHED:
        kube.create(own(namespace, world.deployment("tenant")))
        kube.create(own(namespace, world.review("tenant")))
    with Running(kubeconfig, watch_namespaces=WATCHED) as operator:
        refused = {"/apis/readiness.dev/v1alpha1/namespaces/payments/readinessreviews"}
        eventually(lambda: operator.ask(lambda: operator.operator._unwatched == refused), "the refusal is noticed", 30)
        operator.await_ready()
        for namespace in WATCHED:
            judged(kube, namespace, "True", "tenant")
        assert operator.http("/readyz") == (200, "ok")
    refuse_to_watch_reviews(plane, "orders")
    with Running(kubeconfig, watch_namespaces=WATCHED) as operator:
        said = "not permitted to watch reviews: grant get, list and watch on them"
        eventually(lambda: said in operator.http("/readyz")[1], "no namespace permits it", 30)


def refuse_to_watch_reviews(plane: Cluster, namespace: str) -> None:
    """The chart's Role there, less this; until it is in force."""
    rendered = objects(template("namespaced"))
    (role,) = (one for one in rendered if one["kind"] == "Role" and one["metadata"]["namespace"] == namespace)
    (rule,) = (one for one in role["rules"] if one["resources"] == ["readinessreviews"])
    rule["verbs"].remove("watch")
    plane.kubectl("apply", "--filename=-", input=json.dumps(role))
    asked = ("auth", "can-i", "watch", "readinessreviews", f"--namespace={namespace}")
    who = f"--as=system:serviceaccount:{NAMESPACE}:{RELEASE}"
    eventually(lambda: plane.kubectl(*asked, who, check=False).stdout.strip() == "no", "it is in force")


def _states(operator: Running) -> dict[str, str]:
    def found() -> dict[str, str]:
        return {
            source.resource: "Seen" if source.state is None else str(source.state)
            for source in operator.operator.watches.sources()
        }

    return operator.ask(found)
