"""The chart: its generated files, what its schema refuses, and what it renders with every set of values."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.chart import comments, generate, schema
from readiness import __version__
from readiness.api import crd
from readiness.runtime import settings as running
from tests.deploy.rendering import (
    CHART,
    CI,
    Object,
    kustomized,
    objects,
    of_kind,
    run_helm,
    template,
)

VALUES = (CHART / "values.yaml").read_text()


def container(found: list[Object]) -> Object:
    (deployment,) = of_kind(found, "Deployment").values()
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def test_versions_agree() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__
    assert container(objects(kustomized()))["image"] == f"readiness-operator:{__version__}"


def test_generated_files_are_current() -> None:
    for path, text in generate.files():
        assert (generate.ROOT / path).read_text() == text, f"{path}: run make generate"


def test_every_value_is_explained_and_has_a_shape() -> None:
    said = comments.by_path(VALUES)
    assert [path for path, comment in said.items() if not comment] == []
    described = schema.document(said)

    def leaves(one: dict[str, Any], prefix: str = "") -> set[str]:
        return {
            path
            for name, each in one["properties"].items()
            for path in (
                leaves(each, f"{prefix}{name}.") if "properties" in each and name != "settings" else {prefix + name}
            )
        }

    assert leaves(described) - {"global"} == said.keys()


def test_the_schema_knows_every_setting() -> None:
    assert schema.settings()["properties"].keys() == running.NAMES.keys() - schema.NOT_IN_A_POD


def test_every_pattern_is_one_that_go_understands() -> None:
    """Go's regular expressions have neither lookarounds nor back-references."""
    assert not re.search(r"\(\?[=!<]|\\\\[1-9]", (CHART / "values.schema.json").read_text())


def test_a_set_of_values_sets_every_value() -> None:
    given = yaml.safe_load(CI["everything"].read_text())
    for path in comments.by_path(VALUES):
        found: Any = given
        for part in path.split("."):
            assert part in found, path
            found = found[part]
    assert given["settings"].keys() == running.NAMES.keys() - schema.NOT_IN_A_POD


@pytest.mark.parametrize("values", CI)
def test_lint(values: str) -> None:
    done = run_helm("lint", "--strict", CHART, f"--values={CI[values]}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", CI)
def test_every_set_of_values_renders_a_pod_that_is_locked_down(values: str) -> None:
    found = objects(template(values))
    (deployment,) = of_kind(found, "Deployment").values()
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert deployment["spec"]["replicas"] in {0, 1}
    pod, only = deployment["spec"]["template"]["spec"], container(found)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["securityContext"].get("runAsUser") != 0
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    probes = {name: only[name]["httpGet"]["path"] for name in only if name.endswith("Probe")}
    assert probes == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    assert only["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in only["resources"]["limits"]


@pytest.mark.parametrize("values", CI)
def test_the_operator_reads_the_settings_that_are_rendered(values: str, tmp_path: Path) -> None:
    found = objects(template(values))
    (written,) = of_kind(found, "ConfigMap").values()
    file = tmp_path / "settings.yaml"
    file.write_text(written["data"]["settings.yaml"])
    read = running.load(file, {}, {})
    given = yaml.safe_load(CI[values].read_text()).get("settings", {})
    assert read.model_dump(by_alias=True, include={running.NAMES[one] for one in given}) == running.Settings(
        **given
    ).model_dump(by_alias=True, include={running.NAMES[one] for one in given})
    (port,) = container(found)["ports"]
    assert port["containerPort"] == read.listen_port
    volumes = of_kind(found, "Deployment").popitem()[1]["spec"]["template"]["spec"]["volumes"]
    assert volumes[0]["configMap"]["name"] == written["metadata"]["name"]


def test_another_setting_makes_another_pod() -> None:
    def checksum(*words: str) -> object:
        (deployment,) = of_kind(objects(template(None, *words)), "Deployment").values()
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]

    assert checksum() != checksum("--set=settings.holdFor=1m")


def test_the_chart_and_deploy_run_the_same_pod() -> None:
    def spec(found: list[Object]) -> Object:
        (deployment,) = of_kind(found, "Deployment").values()
        pod = deployment["spec"]["template"]["spec"]
        (volume,) = pod["volumes"]
        volume["configMap"]["name"] = volume["configMap"]["name"].rpartition("settings")[1]  # deploy/ adds a digest
        return {**deployment["spec"], "template": pod}

    ours, theirs = objects(template()), objects(kustomized())
    assert spec(ours) == spec(theirs)
    for kind in ("NetworkPolicy", "Service"):
        assert of_kind(ours, kind)["readiness-operator"]["spec"] == of_kind(theirs, kind)["readiness-operator"]["spec"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("replicas=2", "maximum: got 2, want 1"),
        ("settings.kubeconfig=/etc/kubeconfig", "'kubeconfig' not allowed"),
        ("settings.logLevel=loud", "'debug', 'info', 'warning', 'error'"),
        ("settings.holdFor=soon", "does not match pattern"),
        ("settings.listenPort=80", "minimum: got 80, want 1,?024"),
        ("settings.evidenceNamespaces.velero={secrets}", "must be one of"),
        ("settings.watchNamespaces={Orders}", "does not match pattern"),
        ("image.digest=latest", "does not match pattern"),
        ("extraArgs={--watch-namespace=orders}", "/extraArgs/0"),
        ("extraEnv[0].name=READINESS_HOLD_FOR", "/extraEnv/0/name"),
        ("runAsUser=0", "minimum: got 0, want 1"),
        ("replica=1", "'replica' not allowed"),
    ],
)
def test_the_schema_refuses(given: str, said: str) -> None:
    done = run_helm("template", "a", CHART, "--set", given)
    assert done.returncode != 0
    assert re.search(said, done.stderr), done.stderr


def test_a_digest_wins_over_a_tag_and_the_version_is_the_default() -> None:
    assert container(objects(template("everything")))["image"].endswith(
        "readiness-operator@sha256:" + "0123456789abcdef" * 4
    )
    assert container(objects(template("default")))["image"] == f"readiness-operator:{__version__}"


def test_the_crds_are_those_of_the_operator_and_outlive_the_release() -> None:
    """They are upgraded with the release: Helm does that for templates, and never for the folder crds/."""
    assert not (CHART / "crds").exists()
    rendered = of_kind(objects(template()), "CustomResourceDefinition")
    for document in crd.documents():
        ours = rendered.pop(document["metadata"]["name"])
        assert ours["spec"] == document["spec"]
        assert ours["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert not rendered
    assert not of_kind(objects(template("bare")), "CustomResourceDefinition")
    (kept,) = of_kind(objects(template("everything")), "CustomResourceDefinition").values()
    assert "annotations" not in kept["metadata"]


def test_a_service_monitor_only_where_it_is_asked_for() -> None:
    assert not of_kind(objects(template()), "ServiceMonitor")
    found = objects(template("everything"))
    (monitor,) = of_kind(found, "ServiceMonitor").values()
    (service,) = of_kind(found, "Service").values()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
