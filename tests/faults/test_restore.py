"""etcd is put back to an older state under the running operator: the newest verdict is about what is there now."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hack.localcluster import Cluster
from tests.cluster.conftest import Space
from tests.cluster.history import History, condition
from tests.cluster.kube import Json, Kube, eventually
from tests.cluster.objects import deployment, review
from tests.cluster.running import Running
from tests.faults.conftest import green
from tests.faults.gateway import Gateway

pytestmark = pytest.mark.cluster

CURRENT = 60.0


@pytest.mark.parametrize("restarted", [True, False], ids=["and-the-api-server", "alone"])
def test_a_fix_that_etcd_forgot_is_not_certified(
    space: Space,
    kube: Kube,
    cluster: Cluster,
    gateway: Gateway,
    start: Callable[..., Running],
    tmp_path: Path,
    restarted: bool,
) -> None:
    """Before: red. After the snapshot: repaired, certified, one review deleted, one new. Then the snapshot is back."""
    with start() as running:
        running.await_ready()
        space.apply(deployment("api", good=False))
        space.apply(review())
        deleted = space.apply(review("deleted-later"))
        space.ready("False", "BlockingFindings")
        space.ready("False", "BlockingFindings", "deleted-later")
        cluster.snapshot_etcd(tmp_path / "snapshot")
        space.apply(deployment("api"))
        certified = space.ready("True", "Certified")
        space.delete(review("deleted-later"))
        young = space.apply(review("younger"))
        space.ready("True", "Certified", "younger")
        if not restarted:
            gateway.refuse()  # what the API server's caches still tell is not what etcd holds
        cluster.restore_etcd(tmp_path / "snapshot", restart_apiserver=restarted)
        if not restarted:
            cluster.stop_apiserver()
            cluster.start_apiserver()
            gateway.accept()
        after = anew(space, kube)
        try:
            found = after.wait(space.name, "prod", red, "red again", CURRENT)
            assert found["metadata"]["uid"] == certified["metadata"]["uid"]
            again = after.wait(space.name, "deleted-later", red, "judged again", CURRENT)
            assert again["metadata"]["uid"] == deleted["metadata"]["uid"]
            assert not [one for one in after.versions(space.name) if green(one)]
            uid = young["metadata"]["uid"]
            eventually(
                lambda: running.ask(lambda: running.operator.engine.register.entry(uid)) is None, "forgotten", 30
            )
            kube.merge(space.own(deployment("api")), deployment("api"))
            after.wait(space.name, "prod", green, "certified by what is there now", CURRENT)
            after.wait(space.name, "deleted-later", green, "the same", CURRENT)
        finally:
            after.stop()


def test_a_history_that_outgrew_the_lost_one_is_noticed(
    space: Space,
    kube: Kube,
    cluster: Cluster,
    gateway: Gateway,
    start: Callable[..., Running],
    tmp_path: Path,
) -> None:
    """The new history is longer than the old one before the operator is back: no version looks older."""
    with start() as running:
        running.await_ready()
        space.apply(deployment("api", good=False))
        space.apply(review())
        space.ready("False", "BlockingFindings")
        cluster.snapshot_etcd(tmp_path / "snapshot")
        space.apply(deployment("api"))
        space.ready("True", "Certified")
        gateway.refuse()
        cluster.restore_etcd(tmp_path / "snapshot")
        for number in range(60):
            kube.apply(
                space.own({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "filler"}})
                | {"data": {"n": str(number)}}
            )
        gateway.accept()
        after = anew(space, kube)
        try:
            kube.merge(space.own(deployment("api")), {"metadata": {"labels": {"seen": "again"}}})
            kube.merge(space.own(review()), {"spec": {"description": "again"}})
            after.wait(space.name, "prod", lambda one: second(one) and red(one), "red of the new one", CURRENT)
            assert not [one for one in after.versions(space.name) if green(one)]
        finally:
            after.stop()


def anew(space: Space, kube: Kube) -> History:
    """What is seen from now on: no version of before is comparable with it."""
    assert not (found := space.violations()), found
    space.history.stop()
    space.history = History(kube)
    return space.history


def red(one: Json) -> bool:
    return condition(one).get("status") == "False"


def second(one: Json) -> bool:
    return bool(one["status"]["observedGeneration"] == 2)
