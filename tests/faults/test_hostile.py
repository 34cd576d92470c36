"""Objects that nobody writes by accident, and a review that will not hold still: the verdict is right, or says why there is none."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cluster.conftest import Space, version_of
from tests.cluster.history import condition
from tests.cluster.kube import Json, Kube, eventually
from tests.cluster.objects import DELIVERY, SECURITY, area, deployment, expectation, review
from tests.cluster.running import Running
from tests.faults.conftest import Told, green, never_green
from tests.faults.gateway import Gateway

pytestmark = pytest.mark.cluster

STATUS_LIMIT = 64 * 1024


@pytest.fixture
def running(start: Callable[..., Running], gateway: Gateway) -> Running:
    del gateway
    return start()


def outcomes(found: Json) -> dict[str, Json]:
    return {one["name"]: one for place in found["status"]["areas"] for one in place["expectations"]}


def test_an_object_of_1_4_mib(space: Space, running: Running) -> None:
    """It is read as what it is; next to it a small bad one is found all the same."""
    with running:
        running.await_ready()
        large = deployment("api")
        large["spec"]["template"]["metadata"]["annotations"] = {"filler": "x" * 200_000}
        large["spec"]["template"]["spec"]["containers"][0]["env"] = [
            {"name": f"V{number}", "value": "x" * 10_000} for number in range(115)
        ]
        assert 1_350_000 < len(json.dumps(large)) < 1_480_000
        space.apply(large)
        space.apply(review())
        certified = space.ready("True", "Certified")
        space.apply(deployment("web", good=False))
        red = space.ready("False", "BlockingFindings", of=certified)
        assert "Deployment/web" in json.dumps(red["status"])
        assert len(json.dumps(red["status"])) < STATUS_LIMIT


HOSTILE = {
    "deep": "[" * 60_000 + "]" * 60_000,
    "braces": "{a: " * 5_000 + "1" + "}" * 5_000,
    "laughs": "a: &a [1, 1]\n"
    + "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(20)),
    "large": "simulation: false\n" + "x: y\n" * 200_000,
    "two": "simulation: false\n---\nsimulation: true\n",
    "twice": "simulation: true\nsimulation: false\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_config_map_with_hostile_yaml(space: Space, running: Running, name: str) -> None:
    """What cannot be read is Unknown for the review that asks for it, and nothing at all for its neighbour."""
    with running:
        running.await_ready()
        space.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"}, "data": {"app.yaml": HOSTILE[name]}}
        )
        body = deployment("api")
        pod = body["spec"]["template"]["spec"]
        pod["volumes"] = [{"name": "config", "configMap": {"name": "app"}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "config", "mountPath": "/etc/app"}]
        space.apply(body)
        rule = {"file": {"mountPath": "/etc/app/app.yaml", "key": "simulation"}, "oneOf": ["false"]}
        check = expectation("simulation-off", "configuration", {"rules": [rule]})
        space.apply(review("prod", area("config", check)))
        space.apply(review("neighbour", DELIVERY))
        space.ready("True", "Certified", "neighbour")
        found = space.until(
            lambda one: one["status"]["observedGeneration"] == 1 and condition(one)["reason"] != "Evaluating",
            "a verdict",
        )
        assert condition(found)["status"] == "Unknown", "what cannot be read is never Met"
        assert outcomes(found)["simulation-off"]["outcome"] == "Unknown"
        assert "FileUnreadable" in json.dumps(found["status"])
        never_green(space.versions("prod"))
        assert running.http("/livez") == (200, "ok")


def test_a_review_edited_50_times_in_5_seconds(space: Space, running: Running) -> None:
    """Each edit flips between what holds and what does not: nothing green was ever about a generation that asks for more."""
    with running:
        running.await_ready()
        body = deployment("api")
        body["spec"]["template"]["spec"]["securityContext"] = {}  # probes, and no more
        space.apply(body)
        asked: dict[int, bool] = {}
        for number in range(50):
            holds = number % 2 == 0
            written = space.apply(review("prod", DELIVERY) if holds else review("prod", DELIVERY, SECURITY))
            asked[written["metadata"]["generation"]] = holds
        red = space.ready("False", "BlockingFindings")
        assert red["status"]["observedGeneration"] == 50
        for one in space.versions():
            if green(one):
                assert asked[one["status"]["observedGeneration"]], "certified what does not hold"
        space.apply(review("prod", DELIVERY))
        space.ready("True", "Certified")


def test_a_namespace_that_is_being_deleted(space: Space, kube: Kube, running: Running) -> None:
    """Its objects are still there and still judged; an Event that may not be created any more is no lost permission."""
    with running:
        running.await_ready()
        kube.apply(space.own(deployment("api")))
        space.apply(review())
        certified = space.ready("True", "Certified")
        eventually(lambda: "Certified" in Told.of(space).actions, "told")
        kube.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space.name}})
        kube.merge(space.own(deployment("api")), deployment("api", good=False))
        red = space.ready("False", "BlockingFindings", of=certified)
        assert running.http("/readyz") == (200, "ok")
        assert not running.metric('readiness_status_writes_total{outcome="forbidden"}')
        space.delete(deployment("api"))
        empty = space.ready("Unknown", "EvidenceUnavailable", of=red)
        space.delete(review())
        uid = empty["metadata"]["uid"]
        eventually(lambda: running.ask(lambda: running.operator.engine.register.entry(uid)) is None, "forgotten")


def test_10000_unmet_subjects(space: Space, kube: Kube, running: Running) -> None:
    """The totals are exact, the status stays small, and the last repair of all is still seen."""
    containers = 50

    def crowd(number: int) -> Json:
        body = deployment(f"crowd-{number:03}", good=False)
        body["spec"]["template"]["spec"]["containers"] = [
            {"name": f"c{index}", "image": "registry.example.com/app:1"} for index in range(containers)
        ]
        return space.own(body)

    with running:
        running.await_ready()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(kube.apply, (crowd(number) for number in range(200))))
        space.apply(review("prod", DELIVERY))
        red = space.ready("False", "BlockingFindings", seconds=120)
        one = outcomes(red)["probes"]
        assert {number for number in one["counts"].values() if number} == {10_000}, one["counts"]
        assert one["counts"]["unmet"] == 10_000
        assert len(json.dumps(red["status"], separators=(",", ":"))) <= STATUS_LIMIT
        kube.merge(crowd(0), {"spec": deployment("crowd-000", good=False)["spec"]})  # one container instead of 50
        fewer = space.until(lambda now: outcomes(now)["probes"]["counts"]["unmet"] == 9_951, "49 fewer", seconds=120)
        assert version_of(fewer) > version_of(red)
