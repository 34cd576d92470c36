"""How statuses are written: by whom, when, upon what, and when not at all."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from readiness.collectors.connection import Answer
from tests.cluster.conftest import Space, version_of
from tests.cluster.contract import MANAGER, instant
from tests.cluster.history import condition
from tests.cluster.kube import Json, eventually
from tests.cluster.objects import deployment, review
from tests.cluster.running import Running

pytestmark = pytest.mark.cluster


def writes(running: Running) -> float:
    return sum(float(one.split()[-1]) for one in running.metric("readiness_status_writes_total"))


class Held:
    """The operator's next PUT waits until it is let go; others pass."""

    def __init__(self, running: Running, namespace: str) -> None:
        self._running = running
        self._part = f"/namespaces/{namespace}/"
        self._original = running.api.put
        self._gate: asyncio.Event | None = None
        self.bodies: list[bytes] = []
        running.ask(self._begin)

    def _begin(self) -> None:
        self._gate = asyncio.Event()
        self._running.api.put = self._put  # type: ignore[method-assign]

    async def _put(self, path: str, body: bytes, **more: object) -> Answer:
        assert self._gate is not None
        if self._part in path:
            self.bodies.append(body)
            await self._gate.wait()
        return await self._original(path, body, **more)  # type: ignore[arg-type]

    def let_go(self) -> None:
        def end() -> None:
            assert self._gate is not None
            self._running.api.put = self._original  # type: ignore[method-assign]
            self._gate.set()

        self._running.ask(end)


def test_managed_fields_show_the_user_and_the_operator_alone(space: Space, running: Running) -> None:
    space.apply(deployment("api"))
    space.apply(review())
    space.ready("True", "Certified")
    space.apply(deployment("api", good=False))
    space.ready("False", "BlockingFindings")
    found = space.get()
    by = {(one["manager"], one.get("subresource")) for one in found["metadata"]["managedFields"]}
    assert (MANAGER, "status") in by
    assert {subresource for manager, subresource in by if manager == MANAGER} == {"status"}
    assert len(by) == 2, by
    assert "annotations" not in found["metadata"], "kopf leaves no annotation"
    assert "finalizers" not in found["metadata"], "kopf leaves no finalizer"
    assert found["spec"] == review()["spec"], "a write of the status changes nothing else"
    assert running.http("/livez") == (200, "ok")


def test_a_write_upon_an_edited_review_is_thrown_away(space: Space, running: Running) -> None:
    """409: the body in flight was about another generation. It is judged anew, and never sent again."""
    space.apply(deployment("api"))
    held = Held(running, space.name)
    try:
        space.apply(review())
        eventually(lambda: held.bodies, "the first verdict is on its way")
        space.merge(review(), {"spec": {"suspend": True}})
    finally:
        held.let_go()
    space.ready("Unknown", "Suspended")
    assert not [one for one in space.versions() if condition(one)["status"] == "True"]
    assert running.metric('readiness_status_writes_total{outcome="conflict"}')


@pytest.mark.parametrize("repetition", range(2))
def test_a_recreated_review_is_never_turned_green_by_a_late_write(
    space: Space, running: Running, repetition: int
) -> None:
    """The verdict on the deleted one was green and in flight; its successor asks for what is not there."""
    del repetition
    space.apply(deployment("api"))
    held = Held(running, space.name)
    try:
        space.create(review())
        eventually(lambda: held.bodies, "the green verdict is on its way")
        assert b'"Certified"' in held.bodies[0]
        space.delete(review())
        label = "app.kubernetes.io/version"
        successor = space.create(review(subject={"revision": "v2", "versionLabel": label}))
    finally:
        held.let_go()
    found = space.ready("Unknown", "RevisionNotDeployed")
    assert found["metadata"]["uid"] == successor["metadata"]["uid"]
    of_successor = [one for one in space.versions() if one["metadata"]["uid"] == successor["metadata"]["uid"]]
    assert {condition(one)["status"] for one in of_successor} == {"Unknown"}


def test_nothing_is_written_while_nothing_changes(space: Space, running: Running) -> None:
    """More replicas, and a label that nothing selects by, are seen and change no verdict."""
    space.apply(deployment("api"))
    space.apply(review())
    green = space.ready("True", "Certified")
    space.apply(deployment("api", replicas=3))
    space.merge(deployment("api"), {"metadata": {"annotations": {"team": "orders"}}})
    pods = f"/api/v1/namespaces/{space.name}/pods"
    eventually(lambda: len(space.kube.list(pods)) == 3, "three replicas")
    # A second review is judged after all this was seen: by then the first would have been written.
    space.apply(review("second"))
    space.ready("True", "Certified", "second")
    assert version_of(space.get()) == version_of(green)
    assert running.metric("readiness_evaluations_total")


def test_a_status_that_somebody_else_writes_is_put_right(space: Space, running: Running) -> None:
    space.apply(deployment("api", good=False))
    space.apply(review())
    red = space.ready("False", "BlockingFindings")
    forged = {**red["status"], "conditions": [{**one} for one in red["status"]["conditions"]]}
    forged["conditions"][0] |= {"status": "True", "reason": "Certified"}
    forged["validUntil"] = "2999-01-01T00:00:00Z"
    forged["conditions"] = [one for one in forged["conditions"] if one["type"] not in {"Reconciling", "Stalled"}]
    written = space.write_status(review(), forged)
    again = space.ready("False", "BlockingFindings", of=written)
    assert "validUntil" not in again["status"]
    assert running.http("/livez") == (200, "ok")


def test_a_certificate_is_renewed_when_a_third_of_it_has_passed(space: Space, running: Running) -> None:
    """The operator's clock is moved on, not the test's patience: the second look falls due at once."""
    space.apply(deployment("api"))
    space.apply(review(validFor="1h"))
    green = space.ready("True", "Certified")
    uid = green["metadata"]["uid"]
    scheduler = running.operator.engine.scheduler
    due = running.ask(lambda: scheduler._deadline[uid])
    passed = due - instant(green["status"]["lastEvaluationTime"])
    assert timedelta(minutes=17) <= passed <= timedelta(minutes=23), "a third of an hour, a little spread"
    # As if it had been issued 25 minutes ago.
    earlier = shifted(green["status"], -timedelta(minutes=25))
    written = space.write_status(review(), earlier)
    renewed = space.until(lambda one: version_of(one) > version_of(written), "renewed")
    assert condition(renewed)["status"] == "True"
    assert instant(renewed["status"]["validUntil"]) >= instant(green["status"]["validUntil"])
    assert renewed["status"]["certifiedAt"] == earlier["certifiedAt"], "an unbroken run"
    assert condition(renewed)["lastTransitionTime"] == condition(green)["lastTransitionTime"]
    # One that was issued five minutes ago stands.
    younger = shifted(green["status"], -timedelta(minutes=5))
    written = space.write_status(review(), younger)
    space.apply(review("second"))
    space.ready("True", "Certified", "second")
    assert version_of(space.get()) == version_of(written)


def shifted(status: Json, by: timedelta) -> Json:
    moved = dict(status)
    for field in ("validUntil", "certifiedAt", "lastEvaluationTime"):
        moved[field] = (instant(status[field]) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moved


def test_a_deleted_review_leaves_memory_and_metrics(space: Space, running: Running) -> None:
    space.apply(deployment("api", good=False))
    created = space.create(review())
    space.ready("False", "BlockingFindings")
    uid, mine = created["metadata"]["uid"], f'namespace="{space.name}"'
    assert [one for one in running.metric("readiness_review_ready") if mine in one]
    assert [one for one in running.metric("readiness_expectation_unmet_subjects") if mine in one]
    space.delete(review())
    operator = running.operator

    def remembered() -> list[str]:
        places: dict[str, object] = {
            "register": operator.engine.register._entries,
            "cases": operator.engine._cases,
            "since": operator.engine._since,
            "desk": operator.desk._held,
            "announcer": operator.announcer._held,
            "watches": operator.watches._needs,
            "barrier": {**operator.barrier._waiting, **operator.barrier._done},
            "deadlines": operator.engine.scheduler._deadline,
            "writer": operator.writer._asked,
        }
        return [name for name, place in places.items() if uid in place]  # type: ignore[operator]

    eventually(lambda: not running.ask(remembered), "nothing is remembered of it")
    assert not [one for one in running.http("/metrics")[1].splitlines() if mine in one]


def test_watches_are_lazy(spaces: Callable[[], Space], running: Running) -> None:
    """What no review reads is not watched."""
    space = spaces()
    space.apply(deployment("api"))
    space.apply(review())
    space.ready("True", "Certified")
    watched = {one.split('"')[1] for one in running.metric("readiness_watch_objects")}
    assert {"deployments.apps", "pods", "replicasets.apps"} <= watched
    assert not {one for one in watched if "persistentvolumeclaims" in one or "snapshot" in one or "velero" in one}
    assert writes(running) > 0
