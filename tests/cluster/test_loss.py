"""What the operator does when it can no longer see, write, or trust the time: nothing may turn green by it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from readiness.collectors.clock import Timing
from tests.cluster.conftest import Space, version_of
from tests.cluster.contract import instant
from tests.cluster.history import condition, types
from tests.cluster.kube import Failed, Kube, eventually, path_of, without
from tests.cluster.objects import DELIVERY, area, deployment, expectation, review
from tests.cluster.proxy import Proxy
from tests.cluster.running import Running

pytestmark = pytest.mark.cluster

QUICK = Timing(refused_first=0.5, refused_cap=1.0, backoff_first=0.1, backoff_cap=0.5, refused_doubt=1.0)


def test_a_withdrawn_permission_is_held_and_then_ends_the_certificate(
    space: Space, kube: Kube, proxy: Proxy, kubeconfig: Path
) -> None:
    with Running(kubeconfig, timing=QUICK, hold_for="6s") as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        green = space.ready("True", "Certified")
        with without(kube, "deployments"):
            proxy.cut()
            held = space.until(lambda one: condition(one, "EvidenceFresh")["status"] == "False", "evidence lost")
            assert (condition(held)["status"], condition(held)["reason"]) == ("True", "Certified")
            assert condition(held, "EvidenceFresh")["reason"] == "Forbidden"
            assert "deployments.apps" in condition(held, "EvidenceFresh")["message"]
            assert instant(held["status"]["validUntil"]) < instant(green["status"]["validUntil"])
            left = instant(held["status"]["validUntil"]) - instant(held["status"]["lastEvaluationTime"])
            assert left <= timedelta(seconds=6)
            assert held["status"]["certifiedAt"] == green["status"]["certifiedAt"]
            lost = space.ready("Unknown", "EvidenceUnavailable")
            assert "Reconciling" in types(lost)
            assert condition(lost, "DeliveryReady")["status"] == "Unknown"
            # A generation that never earned a certificate has nothing to hold.
            space.merge(review(), {"spec": {"validFor": "2h"}})
            again = space.ready("Unknown", "EvidenceUnavailable", of=lost)
            assert again["metadata"]["generation"] == 2
            assert running.http("/readyz") == (200, "ok"), "a definite refusal does not hold the operator"
        restored = space.ready("True", "Certified", of=again)
        assert condition(restored, "EvidenceFresh")["status"] == "True"


def test_a_watch_that_falls_silent_is_held_and_then_ends_the_certificate(space: Space, kubeconfig: Path) -> None:
    """Bookmarks come once a minute: with a shorter patience every watch is one that says nothing."""
    timing = replace(QUICK, stale_after=4.0)
    with Running(kubeconfig, timing=timing, hold_for="8s") as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review(gracePeriod="1s"))
        space.ready("True", "Certified")
        held = space.until(lambda one: condition(one, "EvidenceFresh")["status"] == "False", "evidence is stale")
        assert condition(held)["status"] == "True"
        assert condition(held, "EvidenceFresh")["reason"] == "Stale"
        lost = space.ready("Unknown", "EvidenceUnavailable")
        assert instant(lost["status"]["lastEvaluationTime"]) >= instant(held["status"]["validUntil"])
        # Stale needs no person: however long it lasts, it reconciles.
        assert "Reconciling" in types(lost)
        # Only a finished list helps; the next frame of each watch leads to one.
        space.apply(deployment("api", labels={"touched": "yes"}))
        assert running.operator.watches.sources()


def test_nothing_from_before_an_outage_is_written_after_it(space: Space, proxy: Proxy, kubeconfig: Path) -> None:
    with Running(kubeconfig, timing=QUICK) as running:
        running.await_ready()
        space.apply(deployment("api", good=False))
        space.apply(review())
        red = space.ready("False", "BlockingFindings")
        put, reached = running.api.put, threading.Event()

        async def late(path: str, body: bytes, **more: object) -> object:
            reached.set()
            proxy.refuse()  # the verdict exists, and cannot be sent
            return await put(path, body, **more)  # type: ignore[arg-type]

        running.ask(lambda: setattr(running.api, "put", late))
        space.apply(deployment("api"))
        assert reached.wait(10)
        running.ask(lambda: setattr(running.api, "put", put))
        eventually(lambda: not running.ask(running.operator.outage._open.is_set), "the outage is noticed")
        space.apply(deployment("api", good=False))
        proxy.accept()
        eventually(lambda: running.ask(running.operator.outage._open.is_set), "the outage is over", 30)
        running.await_ready()
        space.merge(review(), {"spec": {"description": "look again"}})
        again = space.ready("False", "BlockingFindings", of=red)
        assert again["metadata"]["generation"] == 2
        assert not [one for one in space.versions() if condition(one)["status"] == "True"]


def refuses(space: Space) -> bool:
    """Whether a status with areas is refused by now: a policy takes a moment."""
    probe = space.apply(review("probe", suspend=True))
    areas = [{"name": "delivery", "outcome": "Met", "expectations": []}]
    try:
        space.kube.request(
            "PUT",
            f"{path_of(probe, space.name, 'probe')}/status?dryRun=All",
            {**space.get("probe"), "status": {"areas": areas, "conditions": []}},
        )
    except Failed as failed:
        return failed.code == 422
    return False


def test_a_refused_status_becomes_an_internal_error_and_recovers(space: Space, kube: Kube, kubeconfig: Path) -> None:
    """A policy of the cluster refuses every status that says True: 422 is final, so the least is written."""
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": space.name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["readiness.dev"],
                        "apiVersions": ["*"],
                        "operations": ["UPDATE"],
                        "resources": ["readinessreviews/status"],
                    }
                ]
            },
            "matchConditions": [
                {"name": "here", "expression": f"object.metadata.namespace == '{space.name}'"},
            ],
            "validations": [
                {
                    "expression": "!has(object.status.areas)",
                    "message": "no areas here",
                    "reason": "Invalid",
                }
            ],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": space.name},
        "spec": {"policyName": space.name, "validationActions": ["Deny"]},
    }
    with Running(kubeconfig, timing=QUICK) as running:
        running.await_ready()
        kube.create(policy)
        kube.create(binding)
        try:
            eventually(lambda: refuses(space), "the policy is at work")
            space.apply(deployment("api"))
            space.apply(review())
            found = space.ready("Unknown", "InternalError")
            assert "Stalled" in types(found)
            assert types(found) == {"Ready", "Stalled", "EvidenceFresh"}
            assert "areas" not in found["status"]
            assert "422" in condition(found)["message"]
        finally:
            kube.delete(binding)
            kube.delete(policy)

        def recovered() -> object:
            space.merge(deployment("api"), {"metadata": {"labels": {"again": str(version_of(space.get()))}}})
            space.merge(review(), {"spec": {"description": f"again {version_of(space.get())}"}})
            return condition(space.ready_or_not())["status"] == "True"

        eventually(recovered, "certified once the policy is gone", 30)


def test_a_wrong_clock_of_this_machine_neither_issues_nor_extends(space: Space, kubeconfig: Path) -> None:
    ahead = timedelta(minutes=5)
    with Running(kubeconfig, timing=QUICK, clock=lambda: datetime.now(UTC) + ahead) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review())
        found = space.ready("Unknown", "EvidenceUnavailable")
        assert condition(found, "EvidenceFresh")["reason"] == "ClockSkew"
        assert condition(found, "DeliveryReady")["status"] == "True"
        assert abs(instant(found["status"]["lastEvaluationTime"]) - datetime.now(UTC)) < timedelta(seconds=60)


def test_a_definition_installed_later_makes_its_expectation_judged(space: Space, kubeconfig: Path, kube: Kube) -> None:
    """Known by a watch, not by a restart: what was NotInstalled is judged within seconds."""
    file = "hack/crds/external-secrets.io_{}.yaml"
    plurals = ("externalsecrets", "secretstores", "clustersecretstores")
    check = expectation("synced", "externalSecrets", {"references": "Ignore"}, whenNothingSelected="NotApplicable")
    with Running(kubeconfig, timing=QUICK) as running:
        running.await_ready()
        space.apply(deployment("api"))
        space.apply(review("prod", DELIVERY, area("secrets", check)))
        absent = space.ready("Unknown", "EvidenceUnavailable")
        assert "NotInstalled" in str(absent["status"]["areas"])
        try:
            for plural in plurals:
                kube.cluster.kubectl("apply", f"--filename={file.format(plural)}")
            space.ready("True", "Certified", of=absent)
        finally:
            for plural in plurals:
                kube.cluster.kubectl("delete", f"--filename={file.format(plural)}", "--wait=true")
        again = space.until(lambda one: condition(one)["status"] == "Unknown", "the definition is gone")
        assert condition(again)["reason"] == "EvidenceUnavailable", "what is not installed is never held"
