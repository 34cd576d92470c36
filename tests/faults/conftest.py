"""A control plane that may be stopped, robbed of its history and lied about: nothing else runs on it."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from hack.localcluster import Cluster
from readiness.collectors.clock import Timing
from tests.cluster.conftest import ACCOUNT, Space, install
from tests.cluster.history import History, condition, line
from tests.cluster.kube import Json, Kube, tolerating
from tests.cluster.running import Running
from tests.conftest import control_plane
from tests.faults.gateway import Gateway

QUICK: Final = Timing(refused_first=0.5, refused_cap=1.0, backoff_first=0.1, backoff_cap=0.5)
_NUMBERS: Final = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """No controllers: what these tests do not change does not change."""
    with control_plane(controllers=False) as running:
        yield running


@pytest.fixture(scope="session")
def kube(cluster: Cluster) -> Kube:
    kube = Kube(cluster)
    install(cluster, kube)
    return kube


@pytest.fixture
def history(kube: Kube) -> Iterator[History]:
    """One for each test: it cannot follow a history that went back."""
    followed = History(kube)
    yield followed
    followed.stop()


@pytest.fixture(scope="session")
def _gateway(cluster: Cluster) -> Iterator[Gateway]:
    passing = Gateway(cluster)
    yield passing
    passing.stop()


@pytest.fixture
def gateway(_gateway: Gateway) -> Iterator[Gateway]:
    """As at the beginning, before and after each test."""
    _gateway.reset()
    yield _gateway
    _gateway.reset()


@pytest.fixture(scope="session")
def direct(cluster: Cluster, kube: Kube) -> Path:
    """The operator's own access, over TLS."""
    del kube  # it has installed the account
    return cluster.kubeconfig_for(*ACCOUNT)


@pytest.fixture(scope="session")
def kubeconfig(direct: Path, _gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's own access, through the gateway."""
    return _gateway.kubeconfig(direct, tmp_path_factory.mktemp("operator"))


@pytest.fixture
def start(kubeconfig: Path) -> Callable[..., Running]:
    """An operator with short pauses after errors."""

    def started(**more: Any) -> Running:
        return Running(kubeconfig, **{"timing": QUICK, "held_back": 0.5, **more})

    return started


@pytest.fixture
def spaces(kube: Kube, history: History, request: pytest.FixtureRequest) -> Iterator[Callable[[], Space]]:
    """Namespaces as needed. At the end every version of every status in them is held against the contract."""
    made: list[Space] = []

    def make() -> Space:
        space = Space(kube, history, f"{_word(request.node.name)}-{next(_NUMBERS)}")
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space.name}})
        made.append(space)
        return space

    yield make
    found = [said for space in made for said in space.violations()]
    for space in made:
        empty(kube, space.name)
    assert not found, "\n".join(found)


@pytest.fixture
def space(spaces: Callable[[], Space]) -> Space:
    return spaces()


def _word(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", name.lower().removeprefix("test_"))[:40].strip("-")


def empty(kube: Kube, namespace: str) -> None:
    """Nobody deletes what is in a namespace here; a deleted one stays Terminating."""
    for path in (
        f"/apis/readiness.dev/v1alpha1/namespaces/{namespace}/readinessreviews",
        f"/apis/external-secrets.io/v1/namespaces/{namespace}/externalsecrets",
        f"/apis/external-secrets.io/v1/namespaces/{namespace}/secretstores",
        f"/api/v1/namespaces/{namespace}/pods",
        f"/apis/apps/v1/namespaces/{namespace}/replicasets",
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        f"/api/v1/namespaces/{namespace}/configmaps",
    ):
        with tolerating(404):  # not installed
            kube.request("DELETE", path)
    kube.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})


@contextmanager
def external_secrets(cluster: Cluster) -> Iterator[list[str]]:
    """Its definitions are installed inside; kubectl's arguments that name them."""
    plurals = ("externalsecrets", "secretstores", "clustersecretstores")
    files = [f"--filename=hack/crds/external-secrets.io_{plural}.yaml" for plural in plurals]
    cluster.kubectl("apply", *files)
    try:
        cluster.kubectl("wait", "--for=condition=Established", *files)
        yield files
    finally:
        cluster.kubectl("delete", "--ignore-not-found", *files, "--wait=true")


@dataclass(frozen=True)
class Told:
    """Events that the operator posted, oldest first."""

    events: list[Json]

    @classmethod
    def of(cls, space: Space) -> "Told":
        found = space.kube.list(f"/apis/events.k8s.io/v1/namespaces/{space.name}/events")
        ours = [one for one in found if one.get("reportingController", "").startswith("readiness.dev/")]
        return cls(sorted(ours, key=lambda one: str(one["eventTime"])))

    @property
    def actions(self) -> list[str]:
        return [one["action"] for one in self.events]


def green(review: Json) -> bool:
    return condition(review).get("status") == "True"


def held(review: Json) -> bool:
    """Certified by rule Hold: the evidence is lost, and the status says so."""
    return green(review) and condition(review, "EvidenceFresh").get("status") == "False"


def never_green(versions: list[Json]) -> None:
    """No version of these said Ready."""
    assert not (found := [line(one) for one in versions if green(one)]), "\n".join(found)
