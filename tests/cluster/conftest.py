"""The operator on a real API server: everything that the scenarios share."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from hack.localcluster import Cluster
from readiness.api import crd
from tests.cluster import contract
from tests.cluster.history import History, condition
from tests.cluster.kube import Failed, Json, Kube, eventually
from tests.cluster.proxy import Proxy
from tests.cluster.running import Running

RBAC: Final = Path("deploy/rbac")
ACCOUNT: Final = ("readiness-operator", "readiness-system")
_NUMBERS: Final = itertools.count(1)


@dataclass
class Space:
    """A namespace of one test, and the reviews in it."""

    kube: Kube
    history: History
    name: str
    by_hand: set[str] = field(default_factory=set)
    newest: dict[str, int] = field(default_factory=dict)  # review -> the version that this test wrote last

    def apply(self, body: Json) -> Json:
        return self._wrote(self.kube.apply(self.own(body)))

    def create(self, body: Json) -> Json:
        return self._wrote(self.kube.create(self.own(body)))

    def delete(self, body: Json) -> bool:
        """Whether it was there."""
        return self.kube.delete(self.own(body))

    def merge(self, body: Json, patch: Json) -> Json:
        return self._wrote(self.kube.merge(self.own(body), patch))

    def write_status(self, body: Json, status: Json) -> Json:
        """As somebody who is not the operator."""
        written = self.kube.put_status({**self.get(body["metadata"]["name"]), "status": status})
        self.by_hand.add(written["metadata"]["resourceVersion"])
        return self._wrote(written)

    def own(self, body: Json) -> Json:
        return {**body, "metadata": {**body["metadata"], "namespace": self.name}}

    def get(self, name: str = "prod") -> Json:
        return self.kube.get("ReadinessReview", self.name, name)

    def ready_or_not(self, name: str = "prod") -> Json:
        """The first verdict on what this test wrote last."""
        return self.until(
            lambda one: one["status"]["observedGeneration"] == one["metadata"]["generation"], "a verdict", name
        )

    def versions(self, name: str | None = None) -> list[Json]:
        return self.history.versions(self.name, name)

    def ready(
        self, status: str, reason: str, name: str = "prod", *, of: Json | None = None, seconds: float = 25
    ) -> Json:
        """Wait until Ready says so, of the newest generation, in a version later than `of`."""
        least = version_of(of) if of else 0

        def wanted(review: Json) -> bool:
            found = condition(review)
            return (
                (found.get("status"), found.get("reason")) == (status, reason)
                and review["status"].get("observedGeneration") == review["metadata"]["generation"]
                and version_of(review) > least
            )

        return self.until(wanted, f"Ready={status} ({reason})", name, seconds)

    def until(self, wanted: Callable[[Json], bool], what: str, name: str = "prod", seconds: float = 25) -> Json:
        """Wait for such a version, not older than what this test wrote."""
        least = self.newest.get(name, 0)
        return self.history.wait(self.name, name, lambda one: version_of(one) >= least and wanted(one), what, seconds)

    def _wrote(self, written: Json) -> Json:
        if written["kind"] == "ReadinessReview":
            self.newest[written["metadata"]["name"]] = version_of(written)
        return written

    def violations(self) -> list[str]:
        names = {version["metadata"]["name"] for version in self.versions()}
        return [
            f"{name}: {said}"
            for name in sorted(names)
            for said in contract.violations(self.versions(name), self.by_hand)
        ]


def version_of(review: Json) -> int:
    return int(review["metadata"]["resourceVersion"])


def install(cluster: Cluster, kube: Kube) -> None:
    """Our definitions, and the operator's ServiceAccount with exactly what is shipped for it."""
    install_crds(kube)
    for file in sorted(RBAC.glob("*.yaml")):
        if file.name == "namespace.yaml":
            cluster.kubectl("apply", f"--filename={file}")
    for file in sorted(RBAC.glob("*.yaml")):
        if file.name not in {"kustomization.yaml", "namespace.yaml"}:
            cluster.kubectl("apply", f"--filename={file}")


def install_crds(kube: Kube) -> None:
    for document in crd.documents():
        kube.apply(json.loads(json.dumps(document)))
    eventually(lambda: served(kube), "reviews are served")


def served(kube: Kube) -> bool:
    try:
        kube.request("GET", "/apis/readiness.dev/v1alpha1/readinessreviews?limit=1")
    except Failed:
        return False
    return True


@pytest.fixture(scope="session")
def kube(cluster: Cluster) -> Kube:
    kube = Kube(cluster)
    install(cluster, kube)
    return kube


@pytest.fixture(scope="session")
def history(kube: Kube) -> Iterator[History]:
    followed = History(kube)
    yield followed
    followed.stop()


@pytest.fixture(scope="session")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    passing = Proxy(cluster.url)
    yield passing
    passing.stop()


@pytest.fixture(scope="session")
def kubeconfig(cluster: Cluster, kube: Kube, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's own access, through the proxy."""
    del kube  # it has installed the account
    return proxy.kubeconfig(cluster.kubeconfig_for(*ACCOUNT), tmp_path_factory.mktemp("operator"))


@pytest.fixture(scope="module")
def running(kubeconfig: Path) -> Iterator[Running]:
    """One operator for all tests of a module; a module that needs it otherwise starts its own."""
    with Running(kubeconfig, held_back=1.0) as operator:
        operator.await_ready()
        yield operator


@pytest.fixture
def spaces(kube: Kube, history: History, request: pytest.FixtureRequest) -> Iterator[Callable[[], Space]]:
    """Namespaces as needed. At the end every version of every status in them is held against the contract."""
    made: list[Space] = []

    def make() -> Space:
        word = re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:40].strip("-")
        space = Space(kube, history, f"{word}-{next(_NUMBERS)}")
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space.name}})
        made.append(space)
        return space

    yield make
    found = [said for space in made for said in space.violations()]
    for space in made:
        kube.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space.name}})
    assert not found, "\n".join(found)


@pytest.fixture
def space(spaces: Callable[[], Space]) -> Space:
    return spaces()
