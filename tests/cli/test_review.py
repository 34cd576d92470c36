"""What `readiness review` takes for input, what it passes over, and its exit codes."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from readiness.expectations import table
from readiness.outputs import conditions
from tests.cli.support import BAD, GOOD, NOW, REVIEW, review, run, written

BY_NAME = table.by_name


def answered(output: str) -> list[dict[str, Any]]:
    listing = json.loads(output)
    assert (listing["apiVersion"], listing["kind"]) == ("v1", "List")
    items: list[dict[str, Any]] = listing["items"]
    return items


def ready(item: dict[str, Any]) -> tuple[str, str]:
    [condition] = [one for one in item["status"]["conditions"] if one["type"] == "Ready"]
    return condition["status"], condition["reason"]


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


def test_what_runs_pods_and_is_not_judged_in_files_is_told(tmp_path: Path) -> None:
    rollout = GOOD.replace("apps/v1", "argoproj.io/v1alpha1").replace("kind: Deployment", "kind: Rollout")
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: {app: api}}\n"
    paths = written(tmp_path, review=REVIEW, apps=f"{GOOD}---\n{rollout}---\n{service}")
    found = review("--file", paths["review"], "--manifests", paths["apps"])
    assert found.exit_code == 0
    assert "of these only the Pods would be judged, and files hold none: Rollout/api\n" in found.stderr
    assert "Service" not in found.stderr
    paths = written(tmp_path, review=REVIEW, apps=f"{GOOD}---\n{service}")
    assert not review("--file", paths["review"], "--manifests", paths["apps"]).stderr


def test_a_kind_that_nothing_has_is_told_beside_those_that_are_here(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW.replace("probes, ", "probes, scope: {kinds: [Deploymant]}, "), good=GOOD)
    told = review("--file", paths["review"], "--manifests", paths["good"]).stdout
    assert "nothing to judge: 1 workload here; scope.kinds names Deploymant; kinds here: Deployment" in " ".join(
        told.split()
    )


def test_a_review_that_is_being_deleted_is_not_certified(tmp_path: Path) -> None:
    deleting = REVIEW.replace("name: shop}", 'name: shop, deletionTimestamp: "2026-11-21T09:00:00Z"}')
    paths = written(tmp_path, review=deleting, good=GOOD)
    found = review("--file", paths["review"], "--manifests", paths["good"], "-o", "json")
    assert (found.exit_code, ready(answered(found.stdout)[0])) == (1, ("Unknown", "Deleting"))


def test_a_verdict_that_contradicts_itself_is_no_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise conditions.InvariantBroken("Ready would be True although it is Stalled")

    monkeypatch.setattr(conditions, "check_invariant", broken)
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    found = review("--file", paths["review"], "--manifests", paths["good"], "-o", "json")
    assert (found.exit_code, ready(answered(found.stdout)[0])) == (1, ("Unknown", "InternalError"))


def test_a_kind_that_fails_is_told_and_not_certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise ZeroDivisionError("1/0")

    monkeypatch.setattr(table, "by_name", lambda name: dataclasses.replace(BY_NAME(name), judge=fails))
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    found = review("--file", paths["review"], "--manifests", paths["good"])
    assert (found.exit_code, "EvaluationFailed" in found.stdout) == (1, True)
    assert found.stderr == (
        "readiness: a check failed by a defect of its own: deployment/probes: ZeroDivisionError: 1/0\n"
    )


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


def test_a_folder_that_cannot_be_listed_is_told_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apps" / "locked").mkdir(parents=True)
    paths = written(tmp_path, review=REVIEW)
    written(tmp_path / "apps", good=GOOD)
    scandir = os.scandir

    def guarded(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = review("--file", paths["review"], "--manifests", tmp_path / "apps")
    assert (found.exit_code, found.stderr) == (2, f"readiness: {tmp_path}/apps/locked: Permission denied\n")


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
