"""What `readiness review` refuses: everything at once, one line each, with file, document and the path of the field."""

from pathlib import Path

import pytest

from tests.cli.support import BAD, GOOD, REVIEW, review, run, written


def refused(tmp_path: Path, text: str, name: str = "bad") -> list[str]:
    """The lines of standard error for manifests that must be refused."""
    paths = written(tmp_path, review=REVIEW, good=GOOD, **{name: text})
    found = review("--file", paths["review"], "--manifests", paths["good"], paths[name])
    assert found.exit_code == 2, found.output
    assert not found.stdout
    lines = found.stderr.splitlines()
    assert all(line.startswith("readiness: ") for line in lines)
    return [line.removeprefix("readiness: ").replace(str(paths[name]), name) for line in lines]


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
    "a ConfigMap's number": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {PORT: 8080}",
        "document 1 (line 1): data[...]: Expected `str | null`, got `int`",
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
