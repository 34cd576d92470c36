"""What ships is what a real API server takes: every rendering, whole, and its Pod under the strictest profile."""

import json

import pytest

from hack.localcluster import Cluster
from tests.deploy.rendering import CI, NAMESPACE, Object, kustomized, objects, of_kind, template

pytestmark = pytest.mark.cluster

SERVICE_MONITORS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "scope": "Namespaced",
        "names": {"plural": "servicemonitors", "singular": "servicemonitor", "kind": "ServiceMonitor"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
"""A stand-in: only that it is served matters here."""


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


@pytest.fixture(scope="module")
def prepared(cluster: Cluster) -> Cluster:
    """Namespaces and accounts that a rendering refers to; the operator's own is as strict as it ships."""
    strict = {"pod-security.kubernetes.io/enforce": "restricted"}
    needed = [namespace(NAMESPACE, **strict), *map(namespace, ("orders", "payments", "velero")), SERVICE_MONITORS]
    needed += [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}}
        for name in ("readiness-operator", "certifier")
    ]
    for one in needed:
        cluster.kubectl("apply", "--filename=-", input=json.dumps(one))
    cluster.kubectl("wait", "--for=condition=Established", "crd/servicemonitors.monitoring.coreos.com", "--timeout=30s")
    return cluster


def dry_run(cluster: Cluster, text: str) -> None:
    done = cluster.kubectl("apply", "--dry-run=server", "--filename=-", input=text)
    said = done.stdout.splitlines()
    assert len(said) == len(objects(text))
    assert all("(server dry run)" in line for line in said)
    # What another test has made on this control plane without kubectl is no matter of the manifest's.
    warnings = [line for line in done.stderr.splitlines() if "last-applied-configuration" not in line]
    assert warnings == [], "a warning is a failure"


def test_deploy_is_taken(prepared: Cluster) -> None:
    dry_run(prepared, kustomized())


@pytest.mark.parametrize("values", CI)
def test_the_chart_is_taken(prepared: Cluster, values: str) -> None:
    dry_run(prepared, template(values))


@pytest.mark.parametrize("values", ["deploy", *CI])
def test_its_pod_is_allowed_where_pod_security_is_restricted(prepared: Cluster, values: str) -> None:
    found = objects(kustomized() if values == "deploy" else template(values))
    (deployment,) = of_kind(found, "Deployment").values()
    metadata = {"name": "dry-run", "namespace": NAMESPACE}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": deployment["spec"]["template"]["spec"]}
    prepared.kubectl("create", "--dry-run=server", "--filename=-", input=json.dumps(pod))


def test_a_pod_that_may_be_root_is_refused_there(prepared: Cluster) -> None:
    """So that the test above proves something."""
    weaker = kustomized().replace("runAsNonRoot: true", "runAsNonRoot: false")
    (deployment,) = of_kind(objects(weaker), "Deployment").values()
    metadata = {"name": "dry-run", "namespace": NAMESPACE}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": deployment["spec"]["template"]["spec"]}
    done = prepared.kubectl("create", "--dry-run=server", "--filename=-", input=json.dumps(pod), check=False)
    assert 'violates PodSecurity "restricted' in done.stderr
