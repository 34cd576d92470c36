"""What the operator asks of others it does itself: its own Deployment is certified by its own review."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from readiness.runtime import cli
from tests.deploy.rendering import CI, kustomized, template

REVIEW = Path(__file__).parent / "own-review.yaml"


def certify(manifests: str, folder: Path) -> None:
    file = folder / "manifests.yaml"
    file.write_text(manifests)
    done = CliRunner().invoke(cli.main, ["review", f"--file={REVIEW}", f"--manifests={file}"])
    assert done.exit_code == 0, done.output
    assert "3/3 met" in done.output


def test_as_deployed_by_kustomize(tmp_path: Path) -> None:
    certify(kustomized(), tmp_path)


@pytest.mark.parametrize("values", [one for one in CI if one != "everything"])  # there it is scaled down and debugged
def test_as_deployed_by_the_chart(values: str, tmp_path: Path) -> None:
    certify(template(values), tmp_path)


def test_a_weaker_deployment_is_not(tmp_path: Path) -> None:
    weaker = (
        kustomized().replace("runAsNonRoot: true", "runAsNonRoot: false").replace("runAsUser: 65532", "runAsUser: 0")
    )
    with pytest.raises(AssertionError, match="RunsAsRoot"):
        certify(weaker, tmp_path)
