"""What `readiness review` takes for input, what it refuses and how it says so, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import BAD, GOOD, NOW, REVIEW, review, run, written


def answered(output: str) -> list[dict[str, Any]]:
    listing = json.loads(output)
    assert (listing["apiVersion"], listing["kind"]) == ("v1", "List")
    items: list[dict[str, Any]] = listing["items"]
    return items


def ready(item: dict[str, Any]) -> tuple[str, str]:
    [condition] = [one for one in item["status"]["conditions"] if one["type"] == "Ready"]
    return condition["status"], condition["reason"]


def refused(tmp_path: Path, text: str, name: str = "bad") -> list[str]:
    """The lines of standard error for manifests that must be refused."""
    paths = written(tmp_path, review=REVIEW, good=GOOD, **{name: text})
    found = review("--file", paths["review"], "--manifests", paths["good"], paths[name])
    assert found.exit_code == 2, found.output
    assert not found.stdout
    lines = found.stderr.splitlines()
    assert all(line.startswith("readiness: ") for line in lines)
    return [line.removeprefix("readiness: ").replace(str(paths[name]), name) for line in lines]


# --- exit codes


@pytest.mark.parametrize(("manifests", "code"), [(GOOD, 0), (BAD, 1), (GOOD + "---\n" + BAD, 1), ("a: 1", 2)])
def test_the_exit_code_of_the_process_says_certified_not_certified_or_bad_input(
    tmp_path: Path, manifests: str, code: int
) -> None:
    paths = written(tmp_path, review=REVIEW, apps=manifests)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "readiness",
        "review",
        "--file",
        paths["review"],
        "--manifests",
        paths["apps"],
    ]
    found = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert found.returncode == code, found.stderr
    assert bool(found.stdout) == (code != 2)


def test_one_review_that_is_not_certified_among_others_decides(tmp_path: Path) -> None:
    other = REVIEW.replace("name: shop", "name: other").replace("probes: {}", "nonRoot: {}")
    paths = written(tmp_path, reviews=f"{REVIEW}---\n{other}", good=GOOD)
    found = review("--file", paths["reviews"], "--manifests", paths["good"], "-o", "json")
    assert found.exit_code == 1
    assert [ready(one)[0] for one in answered(found.stdout)] == ["True", "False"]


@pytest.mark.parametrize("field", ["suspend: true", "scope: {kinds: [Rollout]}"])
def test_what_is_not_known_is_not_certified(tmp_path: Path, field: str) -> None:
    paths = written(tmp_path, review=f"{REVIEW}  {field}\n", good=GOOD)
    assert review("--file", paths["review"], "--manifests", paths["good"]).exit_code == 1


def test_a_review_that_is_being_deleted_is_not_certified(tmp_path: Path) -> None:
    deleting = REVIEW.replace("name: shop}", 'name: shop, deletionTimestamp: "2026-11-21T09:00:00Z"}')
    paths = written(tmp_path, review=deleting, good=GOOD)
    found = review("--file", paths["review"], "--manifests", paths["good"], "-o", "json")
    assert (found.exit_code, ready(answered(found.stdout)[0])) == (1, ("Unknown", "Deleting"))


# --- where input comes from


def test_several_paths_may_follow_one_flag_and_the_flag_may_be_repeated(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD, bad=BAD, third=BAD.replace("worker", "third"))
    after = review("--file", paths["review"], "--manifests", paths["good"], paths["bad"], paths["third"])
    repeated = review(
        "--manifests", paths["good"], "--manifests", paths["bad"], "--file", paths["review"], paths["third"]
    )
    assert after.stdout == repeated.stdout
    assert "2 of 3 containers unmet" in after.stdout


def test_folders_are_read_with_all_below_them(tmp_path: Path) -> None:
    (tmp_path / "apps" / "deep").mkdir(parents=True)
    written(tmp_path, review=REVIEW)
    written(tmp_path / "apps" / "deep", bad=BAD)
    (tmp_path / "apps" / "good.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": []}))
    (tmp_path / "apps" / "README.md").write_text("no manifest: [")
    found = review("--file", tmp_path / "review.yaml", "--manifests", tmp_path / "apps")
    assert (found.exit_code, "Deployment/worker" in found.stdout) == (1, True)


def test_a_folder_without_manifests_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    paths = written(tmp_path, review=REVIEW)
    found = review("--file", paths["review"], "--manifests", tmp_path / "empty")
    assert found.stderr == f"readiness: {tmp_path / 'empty'}: holds no .yaml, .yml or .json file\n"


def test_standard_input_is_a_file_called_dash(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    assert review("--file", paths["review"], "--manifests", "-", stdin=GOOD).exit_code == 0
    assert review("--file", "-", "--manifests", paths["good"], stdin=REVIEW).exit_code == 0
    assert review("-", stdin=f"{REVIEW}---\n{GOOD}").exit_code == 0


def test_reviews_are_taken_from_the_manifests_where_no_file_is_named(tmp_path: Path) -> None:
    paths = written(tmp_path, all=f"{GOOD}---\n{REVIEW}")
    assert review("--manifests", paths["all"]).exit_code == 0


def test_with_a_file_the_reviews_among_the_manifests_are_passed_over_and_told(tmp_path: Path) -> None:
    stricter = REVIEW.replace("probes: {}", "nonRoot: {}")
    paths = written(tmp_path, review=REVIEW, all=f"{GOOD}---\n{stricter}")
    found = review("--file", paths["review"], "--manifests", paths["all"])
    assert (found.exit_code, found.stderr) == (
        0,
        "readiness: 1 of the manifests are reviews, passed over because of --file\n",
    )


def test_what_stands_beside_the_review_in_its_file_is_judged_too(tmp_path: Path) -> None:
    paths = written(tmp_path, review=f"{REVIEW}---\n{BAD}", good=GOOD)
    found = review("--file", paths["review"], "--manifests", paths["good"])
    assert (found.exit_code, "Deployment/worker" in found.stdout) == (1, True)


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    assert review("--file", paths["review"], "--manifests", tmp_path, paths["good"]).exit_code == 0


def test_lists_stand_for_their_items(tmp_path: Path) -> None:
    inner = "\n".join("    " + line for line in BAD.splitlines())
    listing = f"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  -\n{inner}\n"
    paths = written(tmp_path, review=REVIEW, list=listing)
    found = review("--file", paths["review"], "--manifests", paths["list"])
    assert "Deployment/worker" in found.stdout


# --- what is left out, and namespaces


def test_objects_that_only_helm_test_creates_are_passed_over_and_counted(tmp_path: Path) -> None:
    def hooked(hooks: str, name: str) -> str:
        return BAD.replace("{name: worker}", f"{{name: {name}, annotations: {{helm.sh/hook: {hooks!r}}}}}")

    tests = f"{GOOD}---\n{hooked('test', 'one')}---\n{hooked('test-success, test-failure', 'two')}"
    paths = written(tmp_path, review=REVIEW, tests=tests, also=hooked("test,pre-upgrade", "migrate"))
    found = review("--file", paths["review"], "--manifests", paths["tests"])
    assert (found.exit_code, found.stderr) == (0, "readiness: 2 Helm test hooks are passed over\n")
    both = review("--file", paths["review"], "--manifests", paths["tests"], paths["also"])
    assert (both.exit_code, "Deployment/migrate" in both.stdout) == (1, True)


def test_objects_without_a_namespace_are_in_the_one_that_the_flag_names(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW.replace("name: shop", "name: shop, namespace: orders"), good=GOOD)
    there = review("--file", paths["review"], "--manifests", paths["good"], "--namespace", "orders")
    elsewhere = review("--file", paths["review"], "--manifests", paths["good"])
    assert (there.exit_code, there.stderr) == (0, "")
    assert elsewhere.exit_code == 1
    assert elsewhere.stderr == (
        "readiness: orders/shop sees its own namespace alone, and the manifests are in default: see --namespace\n"
    )


def test_a_review_sees_no_workload_of_another_namespace(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD, bad=BAD.replace("name: worker", "name: worker, namespace: x"))
    assert review("--file", paths["review"], "--manifests", paths["good"], paths["bad"]).exit_code == 0


STORE = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ClusterSecretStore",
    "metadata": {"name": "vault", "namespace": "somewhere"},
    "spec": {"provider": {"vault": {"server": "https://vault"}}},
    "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Valid"}]},
}


@pytest.mark.parametrize("version", ["external-secrets.io/v1", "external-secrets.io/v1beta1"])
@pytest.mark.parametrize(("status", "code"), [("True", 0), ("False", 1)])
def test_external_secrets_are_read_in_both_versions_and_cluster_stores_whatever_namespace_a_chart_gave_them(
    tmp_path: Path, version: str, status: str, code: int
) -> None:
    secret = synced(version)
    secret["status"]["conditions"][0]["status"] = status
    wanted = REVIEW.replace("probes: {}", "externalSecrets: {minimum: 1}")
    paths = written(tmp_path, review=wanted, store=json.dumps(STORE), secret=json.dumps(secret))
    found = review("--file", paths["review"], "--manifests", paths["store"], paths["secret"])
    assert (found.exit_code, "SecretNotSynced" in found.stdout) == (code, bool(code)), found.stdout


def synced(version: str) -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": "ExternalSecret",
        "metadata": {"name": "db", "generation": 1, "creationTimestamp": "2026-11-20T10:00:00Z"},
        "spec": {"refreshInterval": "1h", "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"}},
        "status": {
            "refreshTime": "2026-11-21T09:50:00Z",
            "syncedResourceVersion": "1-abc",
            "conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced"}],
        },
    }


def test_a_status_in_a_review_file_says_nothing(tmp_path: Path) -> None:
    status = "status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True'}], nonsense: [1]}\n"
    paths = written(tmp_path, review=REVIEW, lying=REVIEW + status, bad=BAD)
    honest = review("--file", paths["review"], "--manifests", paths["bad"], "-o", "json")
    lying = review("--file", paths["lying"], "--manifests", paths["bad"], "-o", "json")
    assert lying.stdout == honest.stdout
    assert ready(answered(lying.stdout)[0]) == ("False", "BlockingFindings")


def test_a_generation_that_the_file_states_is_the_one_observed(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW.replace("name: shop", "name: shop, generation: 7"), good=GOOD)
    [item] = answered(review("--file", paths["review"], "--manifests", paths["good"], "-o", "json").stdout)
    assert (item["metadata"]["generation"], item["status"]["observedGeneration"]) == (7, 7)


def test_settings_allow_evidence_from_other_namespaces(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD, settings="evidenceNamespaces: {velero: [backup.velero.io]}\n")
    found = review("--file", paths["review"], "--manifests", paths["good"], "--settings", paths["settings"])
    assert found.exit_code == 2
    assert "evidenceNamespaces.velero[0]" in found.stderr


# --- bad input


def test_every_problem_is_told_at_once_with_file_document_and_field(tmp_path: Path) -> None:
    broken = (
        REVIEW.replace("probes: {}", "probes: {require: [Alive]}").replace("owner: team-shop", "ownr: x")
        + "---\n"
        + REVIEW.replace("name: shop", "name: other").replace("probes: {}", "probs: {}")
    )
    paths = written(tmp_path, reviews=broken, good=GOOD.replace("{app: api}", "{app: -api}"), twice=BAD + "---\n" + BAD)
    found = review("--file", paths["reviews"], "--manifests", paths["good"], paths["twice"])
    assert found.exit_code == 2
    said = found.stderr.replace(f"readiness: {tmp_path}/", "").splitlines()
    template = "good.yaml: document 1 (line 1): spec.template.metadata.labels.app"
    at = "reviews.yaml: document 1 (line 1): spec.areas[0].expectations[0].check.probes.require[0]"
    assert said[0].startswith(template)
    assert said[1] == (
        "twice.yaml: document 2 (line 14): Deployment/worker is defined twice, "
        f"first at {tmp_path}/twice.yaml: document 1 (line 1)"
    )
    assert [line for line in said if line.startswith(at)]
    assert [line for line in said if line.startswith("reviews.yaml: document 1 (line 1): spec.ownr: is not a field")]
    assert [line for line in said if "reviews.yaml: document 2 (line 10): spec.areas[0].expectations[0].check" in line]


REFUSED = {
    "a key twice": (GOOD + "kind: Deployment\n", "document 1: it has a key twice (line 14)"),
    "no object": ("just text", "document 1 (line 1): the document must be a Kubernetes object, a mapping"),
    "no kind": ("apiVersion: v1\nmetadata: {name: a}", "document 1 (line 1): kind is required, as text"),
    "no name": ("apiVersion: v1\nkind: Service\nmetadata: {}", "document 1 (line 1): metadata.name is required"),
    "a bad name": (
        BAD.replace("name: worker", "name: Wor_ker"),
        'document 1 (line 1): metadata.name: "Wor_ker" cannot be an object\'s name',
    ),
    "a number as name": (
        BAD.replace("name: worker", "name: 12"),
        "document 1 (line 1): metadata.name: 12 is no text: put it in quotes",
    ),
    "a bad namespace": (
        BAD.replace("name: worker", "name: worker, namespace: a.b"),
        'document 1 (line 1): metadata.namespace: "a.b" cannot be a namespace\'s name',
    ),
    "a label that is no text": (
        BAD.replace("name: worker", "name: worker, labels: {on: true}"),
        "document 1 (line 1): metadata.labels.true: true is no text: put it in quotes",
    ),
    "a bad label's value": (
        BAD.replace("name: worker", "name: worker, labels: {a: b c}"),
        (
            'document 1 (line 1): metadata.labels.a: "b c" cannot be a label\'s value: '
            "at most 63 letters, digits, -, _ and ."
        ),
    ),
    "a bad label's key": (
        BAD.replace("name: worker", "name: worker, labels: {-a: b}"),
        'document 1 (line 1): metadata.labels: "-a" cannot be a label\'s key',
    ),
    "an annotation that is no text": (
        BAD.replace("name: worker", "name: worker, annotations: {a: 1}"),
        "document 1 (line 1): metadata.annotations.a: 1 is no text: put it in quotes",
    ),
    "a version that is gone": (
        BAD.replace("apps/v1", "extensions/v1beta1"),
        'document 1 (line 1): apiVersion: "extensions/v1beta1" serves no "Deployment": write apps/v1 Deployment',
    ),
    "a misspelt kind": (
        BAD.replace("kind: Deployment", "kind: deployment"),
        'document 1 (line 1): apiVersion: "apps/v1" serves no "deployment": write apps/v1 Deployment',
    ),
    "another version of reviews": (
        REVIEW.replace("v1alpha1", "v1"),
        (
            'document 1 (line 1): apiVersion: "readiness.dev/v1" serves no "ReadinessReview": '
            "write readiness.dev/v1alpha1 ReadinessReview"
        ),
    ),
    "kustomize's sources": (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]",
        "document 1 (line 1): kind Kustomization is for kustomize: pass what `kustomize build` prints, not its sources",
    ),
    "a value of the wrong type": (
        BAD.replace("image: example.com/web:1", "env: [{name: DEBUG, value: true}]"),
        "document 1 (line 1): spec.template.spec.containers[0].env[0].value: Expected `str | null`, got `bool`",
    ),
    "an object that is too large": (
        BAD.replace("example.com/web:1", "x" * 1_600_000),
        "document 1 (line 1): is larger than 1.5 MiB, more than an API server stores",
    ),
    "an object twice": (GOOD, "document 1 (line 1): Deployment/api is defined twice, first at {good}"),
    "a uid twice": (
        BAD.replace("name: worker", "name: a, uid: x") + "---\n" + BAD.replace("name: worker", "name: b, uid: x"),
        "document 2 (line 14): metadata.uid is that of another object, at {bad}: remove it",
    ),
    "something in a List": (
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a_b}}",
        'document 1 (line 1): items[0].metadata.name: "a_b" cannot be an object\'s name',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_an_api_server_would_refuse_is_bad_input(tmp_path: Path, case: str) -> None:
    text, said = REFUSED[case]
    places = {"good": f"{tmp_path / 'good.yaml'}: document 1 (line 1)", "bad": "bad: document 1 (line 1)"}
    for word, place in places.items():
        said = said.replace(f"{{{word}}}", place)
    assert refused(tmp_path, text) == [f"bad: {said}"]


def test_names_of_roles_may_hold_what_other_names_may_not(tmp_path: Path) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:me'}"
    paths = written(tmp_path, review=REVIEW, good=GOOD, role=role)
    assert review("--file", paths["review"], "--manifests", paths["good"], paths["role"]).exit_code == 0


def test_no_review_and_no_object_are_told(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    found = review("--manifests", paths["good"])
    assert (found.exit_code, found.stderr) == (
        2,
        "readiness: no ReadinessReview in the manifests: name its file with --file\n",
    )
    found = review("--file", paths["good"], "--manifests", paths["good"])
    assert (found.exit_code, found.stderr) == (2, "readiness: no ReadinessReview in the file that --file names\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "Missing option '--manifests'. (see readiness review --help)"),
        (["--manifests", "x", "--output", "xml"], "Invalid value for '--output' / '-o': 'xml' is not one of"),
        (["--manifest", "x"], "No such option '--manifest'"),
    ],
)
def test_a_wrong_call_is_one_line_and_bad_input(args: list[str], said: str) -> None:
    found = run("review", *args)
    assert (found.exit_code, len(found.stderr.splitlines()), found.stdout) == (2, 1, "")
    assert found.stderr.startswith(f"readiness: {said}")


def test_now_must_be_an_instant() -> None:
    found = run("review", "--now", "yesterday", "--manifests", "x")
    assert (found.exit_code, found.stderr) == (2, "readiness: --now: not a time such as 2026-12-01T00:00:00Z\n")


def test_now_decides_what_time_decides(tmp_path: Path) -> None:
    later = REVIEW.replace("{name: probes,", '{name: probes, enforceFrom: "2026-12-01T00:00:00Z",').replace(
        "expectations:", "expectations:\n    - {name: root, check: {nonRoot: {}}}"
    )
    good = GOOD.replace("readinessProbe", "startupProbe").replace(
        "    spec:\n", "    spec:\n      securityContext: {runAsNonRoot: true}\n"
    )
    paths = written(tmp_path, review=later, good=good)
    args = ("review", "--file", paths["review"], "--manifests", paths["good"], "--now")
    assert run(*args, NOW).exit_code == 0
    assert run(*args, "2026-12-01T00:00:00Z").exit_code == 1
