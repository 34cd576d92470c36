"""The CustomResourceDefinition on a real API server: what it refuses and says, what it stores, prints and explains."""

import copy
import json
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from hack.localcluster import Cluster
from readiness.api import crd
from readiness.api.v1alpha1 import review
from readiness.api.v1alpha1.status import Status
from tests.api import samples
from tests.api.samples import Json

pytestmark = pytest.mark.cluster

NAMESPACE = "api-schema"
PATH = f"/apis/readiness.dev/v1alpha1/namespaces/{NAMESPACE}/readinessreviews"


class Server:
    """kubectl in the tests' namespace, and plain requests for what kubectl would not send."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def kubectl(self, *args: str, body: Json | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        text = None if body is None else json.dumps(body)
        return self.cluster.kubectl(f"--namespace={NAMESPACE}", *args, input=text, check=check)

    def raw(self, verb: str, path: str, body: Json) -> Json:
        """By `kubectl --raw`, which checks nothing by itself."""
        return json.loads(self.cluster.kubectl(verb, "--raw", path, "--filename=-", input=json.dumps(body)).stdout)  # type: ignore[no-any-return]

    def get(self, name: str, *args: str) -> Json:
        return json.loads(self.kubectl("get", "readinessreview", name, "--output=json", *args).stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[Server]:
    for document in crd.documents():
        cluster.kubectl("apply", "--filename=-", input=json.dumps(document))
    # Not `kubectl wait`: it fails on a definition that has no conditions yet.
    deadline = time.monotonic() + 30
    while cluster.kubectl("get", "readinessreviews", check=False).returncode and time.monotonic() < deadline:
        time.sleep(0.1)
    cluster.kubectl("create", "namespace", NAMESPACE)
    yield Server(cluster)
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
def stored(server: Server, request: pytest.FixtureRequest) -> Iterator[Callable[[Json], Json]]:
    """Creates a review named after the test, removed afterwards."""
    name = request.node.name.split("[")[0].replace("_", "-").removeprefix("test-")[:63].strip("-")

    def create(spec: Json) -> Json:
        server.kubectl("create", "--filename=-", body=samples.review(spec, name) | {"metadata": {"name": name}})
        return server.get(name)

    yield create
    server.kubectl("delete", "readinessreview", name, "--ignore-not-found", "--wait=true")


def review_of(spec: object, name: str) -> Json:
    return {**samples.review(spec), "metadata": {"name": name}}


@pytest.mark.parametrize("case", [case for case in samples.REFUSED if case.server], ids=lambda case: case.why)
def test_refuses_and_says_why(server: Server, case: samples.Refused) -> None:
    answer = server.kubectl(
        "create", "--dry-run=server", "--filename=-", body=review_of(case.spec, "refused"), check=False
    )
    assert answer.returncode != 0
    assert case.server is not None
    assert case.server in answer.stderr


@pytest.mark.parametrize("case", [case for case in samples.REFUSED if not case.server], ids=lambda case: case.why)
def test_leaves_the_rest_to_the_operator(server: Server, case: samples.Refused) -> None:
    """Should the schema learn to refuse one of these, the table must say so."""
    server.kubectl("create", "--dry-run=server", "--filename=-", body=review_of(case.spec, "left"))


@pytest.mark.parametrize("spec", samples.ACCEPTED.values(), ids=samples.ACCEPTED)
def test_accepts_an_empty_list_like_an_absent_one(server: Server, spec: Json) -> None:
    server.kubectl("create", "--dry-run=server", "--filename=-", body=review_of(spec, "accepted"))


def test_stores_what_was_applied_and_nothing_else(stored: Callable[[Json], Json]) -> None:
    """A default anywhere under spec would show here, and would make three-way diffs drift for ever."""
    found = stored(samples.FULL)
    assert found["spec"] == samples.FULL
    assert isinstance(review.read(found), review.Review)


def test_every_minimal_kind_is_accepted_as_written(stored: Callable[[Json], Json]) -> None:
    spec = samples.spec(
        *(
            samples.area(f"a{index}", samples.expectation(check={kind: {}}))
            for index, kind in enumerate(("probes", "nonRoot", "externalSecrets", "backups"))
        )
    )
    assert stored(spec)["spec"] == spec


def test_the_largest_review_stays_within_the_servers_budget_for_rules(server: Server) -> None:
    """The cost of CEL is estimated when the definition is created, and counted again on each write."""
    rules = [{"env": f"{'V' * 200}_{index}", "oneOf": ["a" * 100], "notOneOf": ["b" * 100]} for index in range(32)]
    check = {"configuration": {"rules": rules}}
    areas = [
        samples.area(f"area{i}", *(samples.expectation(f"e{j}", check=check) for j in range(8))) for i in range(16)
    ]
    body = review_of(samples.spec(*areas), "largest")
    assert isinstance(review.read(body), review.Review)
    server.kubectl("create", "--dry-run=server", "--filename=-", body=body)


def test_an_unseen_review_is_unknown_on_create_and_on_read(server: Server, stored: Callable[[Json], Json]) -> None:
    found = stored(samples.spec())
    expected = {
        "observedGeneration": -1,
        "conditions": [
            {
                "type": "Ready",
                "status": "Unknown",
                "reason": "Pending",
                "message": "Waiting for the operator",
                "lastTransitionTime": "1970-01-01T00:00:00Z",
            }
        ],
    }
    assert found["status"] == expected
    # A status that somebody removed is unknown again, not absent.
    name = found["metadata"]["name"]
    server.kubectl(
        "patch",
        "readinessreview",
        name,
        "--subresource=status",
        "--type=json",
        '--patch=[{"op":"remove","path":"/status"}]',
    )
    assert server.get(name)["status"] == expected


def test_the_columns_answer_may_it_go_out(server: Server, stored: Callable[[Json], Json]) -> None:
    found = stored(samples.FULL)
    name = found["metadata"]["name"]
    narrow = server.kubectl("get", "rr", name).stdout.splitlines()
    assert narrow[0].split("  ")[0] == "NAME"
    assert [word.strip() for word in narrow[0].split("   ") if word.strip()] == [
        "NAME",
        "READY",
        "REASON",
        "REVISION",
        "MET",
        "BLOCKED BY",
        "VALID UNTIL",
        "SINCE",
    ]
    found["status"] = {
        "observedGeneration": 1,
        "validUntil": "2999-01-01T00:00:00Z",
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "BlockingFindings",
                "message": "m",
                "lastTransitionTime": "2026-11-21T09:58:12Z",
            }
        ],
        "summary": {
            "display": "12/14",
            "blockedBy": "security-and-compliance",
            "revision": "3a93ff791254?",
            "since": "2026-11-21T09:58:12Z",
            "message": "Deployment/api: RunsAsRoot",
        },
    }
    server.raw("replace", f"{PATH}/{name}/status", found)
    [row] = server.kubectl("get", "rr", name, "--output=wide", "--no-headers").stdout.splitlines()
    for cell in (
        "False",
        "BlockingFindings",
        "3a93ff791254?",
        "12/14",
        "security-and-compliance",
        "2999-01-01T00:00:00Z",
        "team-orders",
        "Deployment/api: RunsAsRoot",
    ):
        assert cell in row
    assert "<invalid>" not in row
    assert name in server.kubectl("get", "readiness", "--output=name").stdout
    assert name in server.kubectl("get", "rr", "--field-selector=spec.owner=team-orders", "--output=name").stdout
    assert name not in server.kubectl("get", "rr", "--field-selector=spec.owner=other", "--output=name").stdout


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("spec.validFor", "Absent: 1h."),
        ("spec.areas.expectations.check", "exactly one kind"),
        ("spec.areas.expectations.check.probes.require", "Absent: Liveness and Readiness."),
        ("spec.areas.expectations.check.configuration.rules.unsetMeans", "What the application assumes"),
        ("spec.areas.expectations.except.name", "it may end in *"),
        ("status.summary.outsideScope", "does not select"),
    ],
)
def test_kubectl_explains(server: Server, path: str, expected: str) -> None:
    text = server.kubectl("explain", f"readinessreview.{path}").stdout
    assert expected in " ".join(text.split())


def test_two_managers_own_one_area_each(server: Server, stored: Callable[[Json], Json]) -> None:
    name = stored(samples.spec(samples.area("base")))["metadata"]["name"]

    def apply(manager: str, *areas: Json) -> subprocess.CompletedProcess[str]:
        body = review_of({"areas": list(areas)}, name)
        return server.kubectl(
            "apply", "--server-side", f"--field-manager={manager}", "--filename=-", body=body, check=False
        )

    def areas() -> set[str]:
        return {area["name"] for area in server.get(name)["spec"]["areas"]}

    assert apply("platform", samples.area("security") | {"title": "Security"}).returncode == 0
    assert apply("team", samples.area("delivery")).returncode == 0
    assert areas() == {"base", "security", "delivery"}
    clash = apply("team", samples.area("delivery"), samples.area("security") | {"title": "Ours"})
    assert 'conflict with "platform": .spec.areas[name="security"].title' in clash.stderr
    assert apply("team", samples.area("deployment")).returncode == 0
    assert areas() == {"base", "security", "deployment"}, "each manager removes its own area alone"


def test_another_manager_cannot_add_a_second_kind(server: Server, stored: Callable[[Json], Json]) -> None:
    name = stored(samples.spec())["metadata"]["name"]
    body = review_of(samples.checking(probes={}), name)
    answer = server.kubectl("apply", "--server-side", "--field-manager=other", "--filename=-", body=body, check=False)
    assert "check: Too many: 2: must have at most 1 item" in answer.stderr


@pytest.mark.parametrize("how", [(), ("--server-side",), ("--server-side", "--validate=false")], ids=" ".join)
def test_an_unknown_parameter_by_apply_is_refused(server: Server, how: tuple[str, ...]) -> None:
    body = review_of(samples.checking(probes={"requires": ["Startup"]}), "misspelt")
    answer = server.kubectl("apply", *how, "--filename=-", body=body, check=False)
    assert answer.returncode != 0
    assert "requires" in answer.stderr


def test_an_unknown_parameter_by_plain_post_is_pruned_to_the_strictest_reading(server: Server) -> None:
    """
    Who turns validation off, or posts without asking for it, is answered with a warning and loses the parameter. What is
    left means the kind's defaults, and the operator cannot know better: the object as stored never had the parameter.
    """
    stored_post = server.raw("create", PATH, review_of(samples.checking(probes={"requires": ["Startup"]}), "posted"))
    loose = review_of(samples.checking(probes={"requires": ["Startup"]}), "loose")
    server.kubectl("apply", "--validate=ignore", "--filename=-", body=loose)
    for found in (stored_post, server.get("loose")):
        read = review.read(found)
        assert isinstance(read, review.Review)
        assert found["spec"] == samples.checking(probes={})
        [kind, parameters] = read.spec.areas[0].expectations[0].check.one()
        assert (kind, parameters.model_dump()) == ("probes", {"require": ("Liveness", "Readiness")})
    server.kubectl("delete", "readinessreview", "posted", "loose")


def test_an_unknown_kind_by_plain_post_is_refused(server: Server) -> None:
    """Pruned to an empty check, it falls below minProperties: an expectation of nothing is never stored."""
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        server.raw("create", PATH, review_of(samples.checking(probe={}), "posted-kind"))
    assert "check in body should have at least 1 properties" in refusal.value.stderr


def largest_status() -> Status:
    now = "2026-11-21T10:00:00Z"
    finding = {
        "kind": "StatefulSet",
        "name": "n" * 60,
        "container": "c" * 40,
        "outcome": "Unmet",
        "reason": "RunsAsRoot",
        "message": "m" * 256,
    }
    expectation = {
        "kind": "externalSecrets",
        "severity": "Blocking",
        "outcome": "Unmet",
        "reason": "SecretNotExternal",
        "message": "m" * 64,
        "since": now,
        "counts": {"met": 1, "unmet": 2},
        "findingsOmitted": 3,
    }
    areas = [
        {
            "name": f"area-{i}",
            "outcome": "Unmet",
            "expectations": [{**expectation, "name": f"e{i}-{j}"} for j in range(8)],
        }
        for i in range(16)
    ]
    areas[0]["expectations"][0]["findings"] = [finding] * 40  # type: ignore[index]
    types = ["Ready", "Reconciling", "EvidenceFresh", *(f"Area{i}Ready" for i in range(16))]
    conditions = [
        {
            "type": t,
            "status": "False",
            "observedGeneration": 1,
            "lastTransitionTime": now,
            "reason": "BlockingFindings",
            "message": "m" * 512,
        }
        for t in types
    ]
    status = Status.read(
        {
            "observedGeneration": 1,
            "conditions": conditions,
            "areas": areas,
            "summary": {"total": 128, "unmet": 128, "display": "0/128"},
        }
    )
    assert len(status.areas) == 16
    return status


def test_a_status_of_sixteen_areas_is_stored_whole_with_little_bookkeeping(
    server: Server, stored: Callable[[Json], Json]
) -> None:
    """Areas are atomic, so managedFields do not grow with them; conditions are a map and cost one entry each."""
    found = stored(samples.spec())
    status = largest_status()
    found["status"] = status.dump()
    server.raw("replace", f"{PATH}/{found['metadata']['name']}/status?fieldManager=readiness-operator", found)
    after = server.get(found["metadata"]["name"], "--show-managed-fields")
    assert Status.read(after["status"]) == status
    assert after["status"] == status.dump()
    assert after["spec"] == found["spec"]
    [entry] = [entry for entry in after["metadata"]["managedFields"] if entry["manager"] == "readiness-operator"]
    assert entry["subresource"] == "status"
    assert len(json.dumps(after["status"], separators=(",", ":"))) > 64_000, "as large as the outputs ever make it"
    assert len(json.dumps(entry, separators=(",", ":"))) < 6_000


def test_applying_again_changes_nothing(server: Server) -> None:
    """What Argo CD's three-way diff compares: the manifest, the last applied one, and the live object."""
    body = review_of(samples.FULL, "again")
    server.kubectl("apply", "--filename=-", body=body)
    live = server.get("again")
    assert (
        json.loads(live["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"])["spec"]
        == live["spec"]
    )
    assert server.kubectl("apply", "--filename=-", body=body).stdout.strip().endswith("unchanged")
    for how in ((), ("--server-side", "--force-conflicts", "--field-manager=argocd-controller")):
        predicted = server.kubectl("apply", *how, "--dry-run=server", "--output=json", "--filename=-", body=body)
        assert json.loads(predicted.stdout)["spec"] == live["spec"]
    assert server.get("again")["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]
    assert server.kubectl("diff", "--filename=-", body=body, check=False).stdout == ""
    server.kubectl("delete", "readinessreview", "again")


def test_a_change_is_seen_by_the_same_comparison(server: Server) -> None:
    """So that the test above can fail."""
    server.kubectl("apply", "--filename=-", body=review_of(samples.FULL, "changed"))
    other = copy.deepcopy(samples.FULL)
    other["areas"][0]["expectations"][0]["check"]["probes"].pop("require")
    assert "require" in server.kubectl("diff", "--filename=-", body=review_of(other, "changed"), check=False).stdout
    server.kubectl("delete", "readinessreview", "changed")
