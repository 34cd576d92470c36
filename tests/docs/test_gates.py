"""What docs/gates.md has people write: it is rendered by the real tool, and read as the operator reads it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.localcluster.errors import NotHereError
from hack.tools import binary
from readiness.api.v1alpha1 import review as reviews
from tests.cli.support import run

PAGE = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {name: text for text in BLOCKS if (name := text.partition("\n")[0].removeprefix("# ")).endswith(".yaml")}
IMAGE = "registry.example.com/shop/api"
DEPLOYMENT = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api}}
spec:
  selector: {{matchLabels: {{app: api}}}}
  template:
    metadata: {{labels: {{app: api}}}}
    spec:
      securityContext: {{runAsNonRoot: true}}
      containers: [{{name: web, image: {IMAGE}}}]
"""


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """What `kubectl kustomize` makes of the page's files, beside a Deployment."""
    try:
        kubectl = binary.kubectl(os.environ)
    except NotHereError as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))
    source = tmp_path / "source"
    source.mkdir()
    for name, text in {**FILES, "deployment.yaml": DEPLOYMENT}.items():
        (source / name).write_text(text)
    done = subprocess.run([kubectl, "kustomize", source], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    target = tmp_path / "rendered.yaml"
    target.write_text(done.stdout)
    return target


def test_kustomize_fills_the_subject_from_the_workloads_version(rendered: Path) -> None:
    found: dict[str, Any] = {one["kind"]: one for one in yaml.safe_load_all(rendered.read_text())}
    subject = found["ReadinessReview"]["spec"]["subject"]
    assert subject == {
        "revision": "1.5.0",
        "versionLabel": "app.kubernetes.io/version",
        "images": [{"image": f"{IMAGE}:1.5.0"}],
    }
    assert isinstance(reviews.read(found["ReadinessReview"]), reviews.Review)


def test_what_it_rendered_is_certified_and_verified(rendered: Path) -> None:
    """The second half of the statement: with the version of another image it is not."""
    done = run("review", "--manifests", str(rendered), "--output", "json")
    assert done.exit_code == 0, done.stdout + done.stderr
    [found] = yaml.safe_load(done.stdout)["items"]
    assert found["status"]["subject"] == {"revision": "1.5.0", "verified": True, "rolledOut": True}
    rendered.write_text(
        rendered.read_text().replace(f"image: {IMAGE}:1.5.0\n        name", f"image: {IMAGE}:1.4.0\n        name")
    )
    done = run("review", "--manifests", str(rendered))
    assert done.exit_code == 1
    assert "RevisionNotDeployed" in done.stdout


def test_every_other_block_is_yaml() -> None:
    assert len(FILES) == 3
    for text in BLOCKS:
        assert isinstance(yaml.safe_load(text), dict | list)
