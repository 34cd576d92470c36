"""The status contract, row by row, on a real API server. Each fixture `spaces` checks every version that was written."""

from collections.abc import Callable

import pytest

from tests.cluster.conftest import Space
from tests.cluster.contract import instant
from tests.cluster.history import condition, types
from tests.cluster.kube import Json
from tests.cluster.objects import DELIVERY, SECURITY, area, deployment, expectation, review
from tests.cluster.running import Running

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("running")]


def first(space: Space, name: str = "prod") -> Json:
    return space.versions(name)[0]


def outcome(found: Json, name: str) -> Json:
    every = [one for part in found["status"]["areas"] for one in part["expectations"]]
    return next(one for one in every if one["name"] == name)


def test_pending_then_certified(space: Space) -> None:
    space.apply(deployment("api"))
    space.apply(review(validFor="1h", owner="team-orders"))
    found = space.ready("True", "Certified")
    pending = condition(first(space))
    assert (pending["status"], pending["reason"]) == ("Unknown", "Pending")
    assert first(space)["status"]["observedGeneration"] == -1
    assert types(found) == {"Ready", "EvidenceFresh", "DeliveryReady", "SecurityReady"}
    assert {condition(found, one)["status"] for one in types(found)} == {"True"}
    assert {condition(found, one)["reason"] for one in ("DeliveryReady", "SecurityReady")} == {"ExpectationsMet"}
    status = found["status"]
    length = instant(status["validUntil"]) - instant(status["lastEvaluationTime"])
    assert 3598 <= length.total_seconds() <= 3600
    assert "certifiedAt" in status
    assert "notReadySince" not in status
    assert status["summary"]["display"] == "2/2"


def test_blocking_findings_reconcile_within_grace_and_stall_after_it(space: Space) -> None:
    space.apply(deployment("api", good=False))
    space.apply(review(gracePeriod="2s"))
    reconciling = space.until(lambda one: "Reconciling" in types(one) and judged(one), "judged, within grace")
    stalled = space.until(lambda one: "Stalled" in types(one), "stalled")
    for found in (reconciling, stalled):
        assert (condition(found)["status"], condition(found)["reason"]) == ("False", "BlockingFindings")
        assert "validUntil" not in found["status"]
        assert condition(found, "DeliveryReady")["reason"] == "BlockingFindings"
    since = instant(stalled["status"]["notReadySince"])
    assert 2 <= (instant(stalled["status"]["lastEvaluationTime"]) - since).total_seconds() <= 5
    assert outcome(stalled, "probes")["findings"][0]["reason"] == "ProbeMissing"
    assert outcome(stalled, "non-root")["findings"][0]["reason"] == "NonRootNotEnforced"


def judged(found: Json) -> bool:
    return found["status"]["observedGeneration"] >= 1 and condition(found)["reason"] not in {"Pending", "Evaluating"}


def test_without_grace_findings_stall_at_once(space: Space) -> None:
    space.apply(deployment("api", good=False))
    space.apply(review(gracePeriod="0s"))
    found = space.ready("False", "BlockingFindings")
    assert "Stalled" in types(found)
    assert not any("Reconciling" in types(one) and judged(one) for one in space.versions())


def test_a_new_generation_of_a_long_red_review_gets_a_new_grace(space: Space) -> None:
    space.apply(deployment("api", good=False))
    space.apply(review(gracePeriod="1s"))
    stalled = space.until(lambda one: "Stalled" in types(one), "stalled")
    space.merge(review(), {"spec": {"gracePeriod": "1h"}})
    again = space.ready("False", "BlockingFindings")
    assert again["metadata"]["generation"] == 2
    assert "Reconciling" in types(again)
    assert again["status"]["notReadySince"] == stalled["status"]["notReadySince"]
    assert instant(again["status"]["generationSince"]) > instant(stalled["status"]["generationSince"])


def test_a_repair_certifies_and_a_defect_ends_it(space: Space) -> None:
    space.apply(deployment("api", good=False))
    space.apply(review())
    red = space.ready("False", "BlockingFindings")
    space.apply(deployment("api"))
    green = space.ready("True", "Certified", of=red)
    assert "notReadySince" not in green["status"]
    space.apply(deployment("api", good=False))
    lost = space.ready("False", "BlockingFindings", of=green)
    assert "validUntil" not in lost["status"]
    assert "certifiedAt" not in lost["status"]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("externalSecrets", {}), ("backups", {"maxAge": "24h", "provenBy": ["VolumeSnapshot"]})],
)
def test_what_is_not_installed_needs_a_person(space: Space, kind: str, parameters: Json) -> None:
    space.apply(deployment("api"))
    if kind == "backups":
        with_bound_claim(space)
    space.apply(review("prod", DELIVERY, area("more", expectation("the-one", kind, parameters)), gracePeriod="1s"))
    found = space.until(lambda one: "Stalled" in types(one), "stalled")
    assert (condition(found)["status"], condition(found)["reason"]) == ("Unknown", "EvidenceUnavailable")
    assert outcome(found, "the-one")["outcome"] == "Unknown"
    assert "NotInstalled" in str(outcome(found, "the-one")), outcome(found, "the-one")
    assert condition(found, "EvidenceFresh")["status"] == "True", "an absent definition is no lost contact"
    assert condition(found, "DeliveryReady")["status"] == "True"


def with_bound_claim(space: Space) -> None:
    """A workload whose volume exists: the controllers of this control plane bind a claim, but make no volume."""
    volume = f"{space.name}-data"
    size, access = {"storage": "1Gi"}, ["ReadWriteOnce"]
    claim = {"name": "data", "namespace": space.name}
    common = {"accessModes": access, "storageClassName": ""}
    space.kube.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": volume},
            "spec": {**common, "capacity": size, "claimRef": claim, "hostPath": {"path": "/tmp/none"}},
        }
    )
    space.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"},
            "spec": {**common, "resources": {"requests": size}, "volumeName": volume},
        }
    )
    body = deployment("stateful")
    body["spec"]["template"]["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    body["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    space.apply(body)


def test_an_empty_scope_proves_nothing(space: Space) -> None:
    space.apply(deployment("api"))
    nowhere = {"selector": {"matchLabels": {"tier": "none"}}}
    anything = expectation("probes", whenNothingSelected="NotApplicable")
    space.apply(review("prod", area("delivery", anything), scope=nowhere, gracePeriod="1s"))
    found = space.ready("Unknown", "ScopeEmpty")
    assert "Reconciling" in types(found) or "Stalled" in types(found)
    assert "Stalled" in types(space.until(lambda one: "Stalled" in types(one), "stalled"))
    assert "no workload" in condition(found)["message"]


def test_advisory_expectations_alone_enforce_nothing(space: Space) -> None:
    space.apply(deployment("api"))
    space.apply(review("prod", area("delivery", expectation("probes", severity="Advisory")), gracePeriod="1s"))
    found = space.ready("Unknown", "NothingEnforced")
    assert condition(found, "DeliveryReady")["reason"] == "AdvisoryOnly"
    assert "Stalled" in types(space.until(lambda one: "Stalled" in types(one), "stalled"))


def test_another_revision_is_not_deployed(space: Space) -> None:
    label = "app.kubernetes.io/version"
    space.apply(deployment("api", labels={label: "v1"}))
    space.apply(review(subject={"revision": "v2", "versionLabel": label}, gracePeriod="1s"))
    found = space.ready("Unknown", "RevisionNotDeployed")
    assert "wanted v2" in condition(found)["message"]
    stalled = space.until(lambda one: "Stalled" in types(one), "stalled")
    assert condition(stalled)["reason"] == "RevisionNotDeployed"
    space.apply(deployment("api", labels={label: "v2"}))
    green = space.ready("True", "Certified", of=stalled)
    assert green["status"]["subject"] | {"rolledOut": True} == {"revision": "v2", "verified": True, "rolledOut": True}


def test_nothing_selected_is_unknown_and_keeps_reconciling(space: Space) -> None:
    space.apply(review(gracePeriod="0s"))
    found = space.ready("Unknown", "EvidenceUnavailable")
    assert outcome(found, "probes")["reason"] == "NothingSelected"
    assert "Reconciling" in types(found)


def test_suspended_is_not_judged_and_comes_back(space: Space) -> None:
    space.apply(deployment("api"))
    space.apply(review())
    green = space.ready("True", "Certified")
    space.merge(review(), {"spec": {"suspend": True}})
    found = space.ready("Unknown", "Suspended", of=green)
    assert types(found) == {"Ready", "EvidenceFresh", "DeliveryReady", "SecurityReady"}
    assert {condition(found, one)["reason"] for one in ("DeliveryReady", "SecurityReady")} == {"Suspended"}
    assert "validUntil" not in found["status"]
    space.merge(review(), {"spec": {"suspend": None}})
    space.ready("True", "Certified", of=found)


def test_being_deleted_is_told_with_the_generation_that_the_deletion_raised(space: Space) -> None:
    space.apply(deployment("api"))
    body = review()
    body["metadata"]["finalizers"] = ["example.com/archive"]
    space.create(body)
    green = space.ready("True", "Certified")
    space.delete(body)
    found = space.ready("Unknown", "Deleting", of=green)
    assert found["metadata"]["generation"] == green["metadata"]["generation"] + 1
    assert {condition(found, one)["reason"] for one in ("DeliveryReady", "SecurityReady")} == {"Deleting"}
    space.merge(review(), {"metadata": {"finalizers": None}})


def test_one_review_of_each_outcome_does_not_disturb_another(spaces: Callable[[], Space]) -> None:
    good, bad = spaces(), spaces()
    good.apply(deployment("api"))
    bad.apply(deployment("api", good=False))
    for space in (good, bad):
        space.apply(review())
    good.ready("True", "Certified")
    bad.ready("False", "BlockingFindings")
    good.apply(review("second", SECURITY))
    good.ready("True", "Certified", "second")
    assert condition(good.get())["status"] == "True"


def test_readyz_and_livez_are_ok_whatever_single_reviews_need(space: Space, running: Running) -> None:
    space.apply(deployment("api"))
    space.apply(review("prod", area("secrets", expectation("synced", "externalSecrets"))))
    space.ready("Unknown", "EvidenceUnavailable")
    assert running.http("/readyz") == (200, "ok")
    assert running.http("/livez") == (200, "ok")
