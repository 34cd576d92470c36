"""An operator that is started again finds its own answers, and adds nothing to them while they are right."""

from datetime import timedelta
from pathlib import Path

import pytest

from readiness.collectors.clock import Timing
from tests.cluster.conftest import Space, version_of
from tests.cluster.contract import instant
from tests.cluster.history import condition, types
from tests.cluster.kube import Json, eventually
from tests.cluster.objects import DELIVERY, deployment, review
from tests.cluster.running import Running

pytestmark = pytest.mark.cluster

QUICK = Timing(refused_first=0.5, refused_cap=1.0, backoff_first=0.1, backoff_cap=0.5)


def events(space: Space) -> list[Json]:
    return space.kube.list(f"/apis/events.k8s.io/v1/namespaces/{space.name}/events")


def told(space: Space) -> list[Json]:
    return [one for one in events(space) if one.get("reportingController", "").startswith("readiness.dev/")]


def test_a_normal_stop_tells_of_no_fault(space: Space, kubeconfig: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Running(kubeconfig) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        space.ready("True", "Certified")
        capsys.readouterr()
    assert capsys.readouterr().out == ""


def test_a_restart_writes_nothing_and_emits_nothing(space: Space, kubeconfig: Path) -> None:
    with Running(kubeconfig, timing=QUICK, held_back=0.5) as running:
        running.await_ready()
        space.apply(deployment("api"))
        for name in ("green", "other"):
            space.apply(review(name, DELIVERY))
        space.apply(review("red", DELIVERY, subject={"revision": "2", "versionLabel": "version"}, gracePeriod="0s"))
        space.apply(review("suspended", suspend=True))
        space.ready("True", "Certified", "green")
        space.ready("True", "Certified", "other")
        space.ready("Unknown", "RevisionNotDeployed", "red")
        space.ready("Unknown", "Suspended", "suspended")
        eventually(lambda: len({one["regarding"]["name"] for one in told(space)}) == 2, "two certifications are told")
    names = ("green", "other", "red", "suspended")
    before = {name: version_of(space.get(name)) for name in names}
    events_before = {one["metadata"]["name"] for one in told(space)}
    with Running(kubeconfig, timing=QUICK, held_back=0.1) as running:
        running.await_ready()
        uids = {space.get(name)["metadata"]["uid"] for name in names}
        eventually(
            lambda: uids <= {one.uid for one in running.ask(lambda: list(running.operator.desk.verdicts()))}, "judged"
        )
        # What is judged after the restart shows that whatever it had to write or tell is out.
        space.apply(review("later", DELIVERY))
        space.ready("True", "Certified", "later")
        eventually(lambda: any(one["regarding"]["name"] == "later" for one in told(space)), "the later one is told")
    # By versions, not by the operator's own count: it also writes what earlier tests have left behind.
    assert len(space.versions("later")) == 2, "created, and certified by one write"
    assert {name: version_of(space.get(name)) for name in names} == before
    assert {one["metadata"]["name"] for one in told(space) if one["regarding"]["name"] != "later"} == events_before


def test_a_stored_verdict_stands_until_its_evidence_is_there_again(space: Space, kubeconfig: Path) -> None:
    """Lists that do not come leave the certificate alone for a minute; what it was before is all that is known."""
    with Running(kubeconfig, timing=QUICK) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
    space.apply(deployment("api", good=False))
    with Running(kubeconfig, timing=QUICK, prepare=lambda one: one.operator.watches.hold()) as running:
        release = running.operator.watches.release
        running.ask(lambda: setattr(running.operator.watches, "release", lambda: None))
        uid = green["metadata"]["uid"]
        eventually(lambda: running.ask(lambda: uid in running.operator.engine._cases), "it was looked at")
        eventually(lambda: running.ask(lambda: running.operator.engine.scheduler.waiting == 0), "and is not dirty")
        assert version_of(space.get()) == version_of(green)
        running.ask(release)
        space.ready("False", "BlockingFindings", of=green)


def test_a_certificate_that_ran_out_meanwhile_is_told_at_once(space: Space, kubeconfig: Path) -> None:
    with Running(kubeconfig, timing=QUICK) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
    stale = dict(green["status"])
    for field in ("validUntil", "certifiedAt", "lastEvaluationTime"):
        stale[field] = (instant(stale[field]) - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    written = space.write_status(review(), stale)
    with Running(kubeconfig, timing=QUICK) as running:
        again = space.ready("True", "Certified", of=written)
    [expired, *_] = [one for one in space.versions() if version_of(one) > version_of(written)]
    assert (condition(expired)["status"], condition(expired)["reason"]) == ("Unknown", "CertificateExpired")
    assert "Reconciling" in types(expired)
    assert {condition(expired, one)["reason"] for one in ("DeliveryReady", "SecurityReady")} == {"CertificateExpired"}
    assert again["status"]["certifiedAt"] > green["status"]["certifiedAt"], "the run was broken"


def test_events_tell_transitions(space: Space, kubeconfig: Path) -> None:
    with Running(kubeconfig, timing=QUICK, held_back=0.5) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
        eventually(lambda: [one["action"] for one in told(space)] == ["Certified"], "certified is told")
        space.apply(deployment("api", good=False))
        red = space.ready("False", "BlockingFindings", of=green)
        eventually(lambda: len(told(space)) == 4, "the loss is told")
        found = told(space)
        assert sorted(one["action"] for one in found) == ["AreaUnmet", "AreaUnmet", "CertificateLost", "Certified"]
        lost = next(one for one in found if one["action"] == "CertificateLost")
        assert (lost["type"], lost["reason"]) == ("Warning", "BlockingFindings")
        assert lost["note"] == condition(red)["message"]
        assert lost["regarding"] == {
            "apiVersion": "readiness.dev/v1alpha1",
            "kind": "ReadinessReview",
            "namespace": space.name,
            "name": "prod",
            "uid": green["metadata"]["uid"],
        }
