"""What is missing without one right: a definite thing for each, so that a right that nothing needs is found.

Each check runs an operator with that right taken away, and fails where nothing is missing.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from readiness.collectors.clock import Timing
from readiness.collectors.connection import Forbidden
from readiness.evidence.resources import CRDS, LIVE_TEMPLATES
from readiness.runtime.register import REVIEWS
from tests.cluster.history import History, condition
from tests.cluster.kube import Json, Kube, eventually
from tests.cluster.running import Running
from tests.deploy import everything
from tests.deploy.accounts import Pair

GOLDEN: Final = yaml.safe_load((Path(__file__).parent / "rbac.golden.yaml").read_text())
PAIRS: Final[tuple[Pair, ...]] = tuple(
    (resource, verb)
    for part in ("namespaced", "elsewhere", "cluster")
    for resource, verbs in GOLDEN[part].items()
    for verb in verbs
)
STATUS: Final = f"{REVIEWS.plural}/status.{REVIEWS.group}"
EVENTS: Final = "events.events.k8s.io"
OWN: Final = {REVIEWS.name, STATUS, EVENTS}
EVIDENCE: Final = tuple(pair for pair in PAIRS if pair[0] not in {*OWN, CRDS.name})
WORKLOADS: Final = {resource.name for resource in LIVE_TEMPLATES}
LOST: Final = {
    **dict.fromkeys(WORKLOADS, "non-root"),
    "configmaps": "simulation",
    "externalsecrets.external-secrets.io": "synced",
    "secretstores.external-secrets.io": "synced",
    "clustersecretstores.external-secrets.io": "synced",
    "certificates.cert-manager.io": "synced",
    "sealedsecrets.bitnami.com": "synced",
    "persistentvolumeclaims": "snapshots",
    "volumesnapshots.snapshot.storage.k8s.io": "snapshots",
    "volumesnapshotcontents.snapshot.storage.k8s.io": "snapshots",
    **dict.fromkeys(everything.PROOFS[everything.VELERO], "velero"),
}
"""The expectation that cannot be judged without the resource."""
QUICK: Final = Timing(refused_first=0.5, refused_cap=1.0, backoff_first=0.1, backoff_cap=0.5, refused_doubt=1.0)
PATIENCE: Final = 60.0  # seconds


@dataclass(frozen=True)
class Space:
    """A namespace where everything is used, for one operator at a time."""

    kube: Kube
    history: History
    name: str

    def operator(self, kubeconfig: Path, **more: Any) -> Running:
        given = {"timing": QUICK, "held_back": 0.2, "watch_namespaces": (self.name,), **more}
        return Running(kubeconfig, evidence_namespaces=everything.PROOFS, **given)

    def create(self, name: str) -> Json:
        return self.kube.create(everything.review(self.name, name))

    def get(self, name: str) -> Json:
        return self.kube.get("ReadinessReview", self.name, name)

    def green(self, name: str) -> Json:
        return self.history.wait(
            self.name, name, lambda one: condition(one).get("status") == "True", "certified", PATIENCE
        )

    def lost(self, name: str, expectation: str, said: str) -> Json:
        """Wait until this expectation is Unknown with this said of it."""

        def wanted(found: Json) -> bool:
            outcome, told = answer(found, expectation)
            return outcome == "Unknown" and said in told

        return self.history.wait(self.name, name, wanted, f"{expectation} is Unknown: {said}", PATIENCE)

    def untouched(self, name: str) -> bool:
        """It says what the API server put there when it was made."""
        return str(condition(self.get(name))["reason"]) == "Pending"

    def never_green(self, name: str) -> bool:
        return all(condition(one).get("status") != "True" for one in self.history.versions(self.name, name))

    @property
    def events(self) -> str:
        return f"/apis/events.k8s.io/v1/namespaces/{self.name}/events"


def answer(review: Json, expectation: str) -> tuple[str, str]:
    """Its outcome, and all that is said of it."""
    for area in review.get("status", {}).get("areas", []):
        for one in area["expectations"]:
            if one["name"] == expectation:
                return one["outcome"], json.dumps(one)
    return "", ""


def check(space: Space, name: str, pair: Pair, kubeconfig: Path) -> None:
    """What is missing without this right; an AssertionError where nothing is."""
    if pair in EVIDENCE:
        no_evidence(space, name, pair, kubeconfig)
    else:
        OF_ITS_OWN[pair](space, name, kubeconfig)


# --- reading evidence


def no_evidence(space: Space, name: str, pair: Pair, kubeconfig: Path) -> None:
    """What needs it is Unknown and says so, and what does not need it is judged. At no moment it was green."""
    resource, verb = pair
    with space.operator(kubeconfig, timing=Timing()):
        found = space.lost(name, LOST[resource], f"not permitted to {verb} {resource}: grant ")
        assert (condition(found)["status"], condition(found)["reason"]) == ("Unknown", "EvidenceUnavailable")
        assert "Forbidden" in answer(found, LOST[resource])[1]
        if resource not in WORKLOADS:
            assert answer(found, "non-root")[0] == "Met"
    assert space.never_green(name)


# --- its own kinds


class Calls:
    """What an operator reads and posts, by method and path."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refused: list[str] = []

    def prepare(self, running: Running) -> None:
        for name in ("get", "post"):
            setattr(running.api, name, self._told(name, getattr(running.api, name)))

    def _told(self, name: str, call: Any) -> Any:
        async def told(path: str, *args: Any, **more: Any) -> Any:
            self.asked.append(f"{name} {path}")
            try:
                return await call(path, *args, **more)
            except Forbidden:
                self.refused.append(f"{name} {path}")
                raise

        return told

    def refused_often(self, asked: str) -> bool:
        """It is no accident of a beginning."""
        return self.refused.count(asked) >= 3


def reviews(space: Space) -> str:
    return f"/apis/readiness.dev/v1alpha1/namespaces/{space.name}/readinessreviews"


def no_list_of_reviews(space: Space, name: str, kubeconfig: Path) -> None:
    """Nothing is judged, and the operator says so."""
    calls = Calls()
    with space.operator(kubeconfig, prepare=calls.prepare) as operator:
        eventually(lambda: calls.refused_often(f"get {reviews(space)}"), "the list is refused", PATIENCE)
        code, said = operator.http("/readyz")
        assert code == 503
        assert "reviews were not listed yet" in said
        assert space.untouched(name)


def no_watch_of_reviews(space: Space, name: str, kubeconfig: Path) -> None:
    """What is made later is found by a roll call and fetched, some time later; the operator says that it is not ready."""
    calls = Calls()
    with space.operator(kubeconfig, prepare=calls.prepare) as operator:
        space.green(name)
        eventually(lambda: operator.http("/readyz")[0] == 503, "not ready", PATIENCE)
        assert "not permitted to watch reviews: grant get, list and watch on them" in operator.http("/readyz")[1]
        later = space.create(f"{name}-later")
        space.green(f"{name}-later")
        assert f"get {reviews(space)}/{name}-later" in calls.asked
    assert f"get {reviews(space)}/{name}" not in calls.asked, "what the first list shows needs no other way"
    space.kube.delete(later)


def no_get_of_reviews(space: Space, name: str, kubeconfig: Path) -> None:
    """After a conflict the review is read anew; where it may not be read, its status is not written."""
    calls = Calls()

    def prepare(running: Running) -> None:
        calls.prepare(running)
        put = running.api.put

        async def late(path: str, body: bytes, **more: Any) -> Any:
            running.api.put = put  # type: ignore[method-assign]  # once
            space.kube.merge(everything.review(space.name, name), {"metadata": {"labels": {"touched": "yes"}}})
            return await put(path, body, **more)

        running.api.put = late  # type: ignore[method-assign]

    with space.operator(kubeconfig, prepare=prepare) as operator:
        eventually(lambda: f"get {reviews(space)}/{name}" in calls.refused, "reading it anew is refused", PATIENCE)
        assert operator.metric('readiness_status_writes_total{outcome="conflict"} 1.0')
        eventually(lambda: operator.http("/readyz")[0] == 503, "not ready", PATIENCE)
        assert "not permitted to write statuses: grant" in operator.http("/readyz")[1]
        assert space.untouched(name)


def no_update_of_statuses(space: Space, name: str, kubeconfig: Path) -> None:
    """No verdict gets out, and the operator says so."""
    with space.operator(kubeconfig) as operator:
        refused = 'readiness_status_writes_total{outcome="forbidden"}'
        eventually(lambda: [one for one in operator.metric(refused) if float(one.split()[-1]) >= 1], refused, PATIENCE)
        code, said = operator.http("/readyz")
        assert code == 503
        assert "not permitted to write statuses: grant update on readinessreviews/status" in said
        assert space.untouched(name)


def no_events(space: Space, name: str, kubeconfig: Path) -> None:
    """The verdict is written all the same; that it changed is told to nobody."""
    calls = Calls()
    with space.operator(kubeconfig, prepare=calls.prepare):
        review = space.green(name)
        eventually(lambda: f"post {space.events}" in calls.refused, "it tried to tell", PATIENCE)
    told = {one["regarding"]["uid"] for one in space.kube.list(space.events)}
    assert review["metadata"]["uid"] not in told


OF_ITS_OWN: Final = {
    (REVIEWS.name, "get"): no_get_of_reviews,
    (REVIEWS.name, "list"): no_list_of_reviews,
    (REVIEWS.name, "watch"): no_watch_of_reviews,
    (STATUS, "update"): no_update_of_statuses,
    (EVENTS, "create"): no_events,
}
