"""Our own definitions absent, deleted and brought back: on a control plane of its own, since it disturbs everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.localcluster import Cluster
from readiness.api import crd
from readiness.collectors.clock import Timing
from tests.cluster.conftest import Space, install_crds
from tests.cluster.history import History, condition
from tests.cluster.kube import Json, Kube, eventually
from tests.cluster.objects import deployment, review
from tests.cluster.running import Running
from tests.conftest import control_plane

pytestmark = pytest.mark.cluster

QUICK = Timing(refused_first=0.5, refused_cap=1.0, backoff_first=0.1, backoff_cap=0.5)
DEFINITION: Json = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "readinessreviews.readiness.dev"},
}


@pytest.fixture(scope="module")
def bare() -> Iterator[Cluster]:
    """No controllers: Deployments are judged by their templates, and nothing of ours is installed."""
    with control_plane(controllers=False) as running:
        yield running


def space_on(kube: Kube, history: History, name: str) -> Space:
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return Space(kube, history, name)


def test_definitions_may_come_late_and_go_and_come_back(bare: Cluster) -> None:
    kube = Kube(bare)
    history = History(kube)
    try:
        with Running(Path(bare.kubeconfig), timing=QUICK) as running:
            status, said = running.http("/readyz")
            assert status == 503
            assert "apply the CRDs" in said
            assert running.http("/livez") == (200, "ok")

            install_crds(kube)
            space = space_on(kube, history, "late")
            space.apply(deployment("api"))
            space.apply(review())
            first = space.ready("True", "Certified")
            running.await_ready()

            kube.delete(DEFINITION)
            eventually(lambda: running.http("/readyz")[0] == 503, "not ready without our definitions")
            eventually(lambda: running.ask(lambda: len(running.operator.engine.register)) == 0, "its reviews are gone")
            assert not running.metric("readiness_review_ready")

            install_crds(kube)
            space.apply(deployment("api", good=False))
            space.apply(review())
            red = space.ready("False", "BlockingFindings", of=first)
            assert red["metadata"]["uid"] != first["metadata"]["uid"]
            # Evidence is followed as before: the end of one watch ends no other.
            space.apply(deployment("api"))
            space.ready("True", "Certified", of=red)
            running.await_ready()
            assert not space.violations()
    finally:
        history.stop()


def test_a_watch_of_reviews_that_ends_takes_nothing_with_it(bare: Cluster) -> None:
    """kopf is ended again and again; evidence that was followed since is followed still."""
    kube = Kube(bare)
    install_crds(kube)
    history = History(kube)
    try:
        with Running(Path(bare.kubeconfig), timing=QUICK) as running:
            running.await_ready()
            space = space_on(kube, history, "again")
            space.apply(deployment("api"))
            space.apply(review())
            green = space.ready("True", "Certified")
            for good in (False, True, False):
                ended = running.operator._kopf
                running.ask(running.operator._restart_kopf)
                eventually(lambda ended=ended: running.operator._kopf is not ended, "kopf is started anew")  # type: ignore[misc]
                running.await_ready()
                space.apply(deployment("api", good=good))
                wanted = ("True", "Certified") if good else ("False", "BlockingFindings")
                green = space.ready(*wanted, of=green)
            space.apply(review("another"))
            space.ready("False", "BlockingFindings", "another")
            space.delete(review("another"))
            eventually(
                lambda: not [one for one in running.metric("readiness_review_ready") if "another" in one], "it is gone"
            )
            assert not space.violations()
    finally:
        history.stop()


def test_a_field_of_a_newer_version_is_an_invalid_spec(bare: Cluster) -> None:
    """The definitions were upgraded before the operator: what it does not know it must not pass over."""
    kube = Kube(bare)
    install_crds(kube)
    history = History(kube)
    definition = kube.get("CustomResourceDefinition", "", DEFINITION["metadata"]["name"])
    [version] = definition["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    area = spec["properties"]["areas"]["items"]["properties"]
    area["expectations"]["items"]["properties"]["muchNewer"] = {"type": "boolean"}
    try:
        kube.put(definition)
        with Running(Path(bare.kubeconfig), timing=QUICK) as running:
            running.await_ready()
            space = space_on(kube, history, "newer")
            space.apply(deployment("api"))
            body = review()
            body["spec"]["areas"] = [
                {"name": "delivery", "expectations": [{"name": "probes", "check": {"probes": {}}, "muchNewer": True}]}
            ]
            eventually(lambda: keeps(kube, space.own(body)), "the field is known to the API server")
            space.apply(body)
            found = space.ready("False", "InvalidSpec")
            assert condition(found, "Stalled")["status"] == "True"
            assert "areas" not in found["status"]
            assert "muchNewer" in condition(found)["message"]
            assert "spec.areas" in condition(found)["message"]
            space.apply(review())
            space.ready("True", "Certified", of=found)
            assert not space.violations()
    finally:
        history.stop()
        kube.put({**kube.get("CustomResourceDefinition", "", DEFINITION["metadata"]["name"]), "spec": original()})


def keeps(kube: Kube, body: Json) -> bool:
    """A definition takes a moment until it is served; a dry run shows what would be stored."""
    path = f"/apis/readiness.dev/v1alpha1/namespaces/{body['metadata']['namespace']}/readinessreviews?dryRun=All"
    stored = kube.request("POST", path, body)
    return "muchNewer" in stored["spec"]["areas"][0]["expectations"][0]


def original() -> Json:
    [document] = [one for one in crd.documents() if one["metadata"]["name"] == DEFINITION["metadata"]["name"]]
    return dict(document["spec"])
