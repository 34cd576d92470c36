"""A release from its first day to its last: what Helm itself does with the CRDs, on a real API server."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.localcluster import Cluster
from tests.cluster import objects as world
from tests.conftest import control_plane
from tests.deploy.rendering import CHART, NAMESPACE, RELEASE, helm

pytestmark = pytest.mark.cluster

DEFINITION = "readinessreviews.readiness.dev"


@pytest.fixture
def plane() -> Iterator[Cluster]:
    """One of its own: a release wants to own what it installs."""
    helm()
    with control_plane(controllers=False) as running:
        yield running


def run(plane: Cluster, folder: Path, *words: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
    environment |= {f"HELM_{name}_HOME": str(folder / name) for name in ("CACHE", "CONFIG", "DATA")}
    command = [str(helm()), *words, f"--kubeconfig={plane.kubeconfig}", f"--namespace={NAMESPACE}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr


def test_an_upgrade_brings_the_new_schema_and_the_end_leaves_every_review(plane: Cluster, tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    run(plane, tmp_path, "install", RELEASE, str(chart), "--create-namespace")
    plane.kubectl("wait", "--for=condition=Established", f"crd/{DEFINITION}", "--timeout=30s")
    plane.kubectl("create", "--filename=-", input=json.dumps(world.review()))
    (template,) = (chart / "templates" / "crds").glob("*.yaml")
    text = template.read_text()
    assert text.count("    - rr\n") == 1
    template.write_text(text.replace("    - rr\n", "    - rr\n    - newer\n"))

    run(plane, tmp_path, "upgrade", RELEASE, str(chart))
    assert "newer" in plane.kubectl("get", "crd", DEFINITION, "--output=jsonpath={.spec.names.shortNames}").stdout

    run(plane, tmp_path, "uninstall", RELEASE)
    assert not plane.kubectl("get", "deployments,roles", f"--namespace={NAMESPACE}", "--output=name").stdout
    assert plane.kubectl("get", "readinessreviews", "prod", "--output=name").stdout
