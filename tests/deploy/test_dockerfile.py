"""The image's recipe, by its text and by its steps: no container engine is needed for either."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from readiness import __version__
from tests.deploy import image
from tests.deploy.image import REQUIREMENTS, ROOT


def commands() -> list[list[str]]:
    return [json.loads(rest) for word, rest in image.instructions() if word == "RUN"]


def test_the_images_are_arguments_so_that_a_digest_can_pin_them() -> None:
    before, *built = image.stages()
    arguments = dict(rest.split("=", 1) for word, rest in before if word == "ARG")
    assert arguments == {"PYTHON_IMAGE": "python:3.13-slim", "RUNTIME_IMAGE": "${PYTHON_IMAGE}"}
    assert [stage[0][1] for stage in built] == ["${PYTHON_IMAGE} AS build", "${RUNTIME_IMAGE}"]


def test_it_runs_as_a_numeric_user_that_is_not_root() -> None:
    users = [rest for word, rest in image.stages()[-1] if word == "USER"]
    assert users == ["65532:65532"]
    pod = (ROOT / "deploy" / "operator" / "deployment.yaml").read_text()
    assert f"runAsUser: {users[0].partition(':')[0]}" in pod


def test_nothing_needs_a_shell() -> None:
    """All in exec form, and nothing is run in the image that ships."""
    for word, rest in image.instructions():
        if word in {"RUN", "ENTRYPOINT", "CMD"}:
            assert isinstance(json.loads(rest), list)
    assert [word for word, _ in image.stages()[-1]].count("RUN") == 0


def test_every_requirement_is_pinned_and_hashed() -> None:
    (install,) = [one for one in commands() if "pip" in one]
    assert {"--require-hashes", "--only-binary=:all:"} <= set(install)
    text = re.sub(r"\\\n\s*", " ", REQUIREMENTS.read_text())
    for line in filter(None, text.splitlines()):
        assert re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


def test_no_address_is_written_down() -> None:
    for name in ("Dockerfile", ".dockerignore"):
        assert not re.search(r"https?:|[a-z0-9-]+\.(com|io|org|dev)/", (ROOT / name).read_text())


def test_only_what_is_copied_is_sent() -> None:
    copied = [
        rest.split()[0] for word, rest in image.instructions() if word == "COPY" and not rest.startswith("--from")
    ]
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(kept) == sorted(copied)
    assert all((ROOT / one).exists() for one in copied)


def test_what_it_builds_runs_from_a_folder_that_nobody_may_write(built: Path) -> None:
    """Every module is there, and compiled: nothing is taken from this test's own environment."""
    environment = {**image.variables(), "PYTHONPATH": str(built), "PATH": os.environ["PATH"]}
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        # -S: without the site-packages of the interpreter
        command = [sys.executable, "-S", "-m", "readiness", *words]
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False
        )

    assert run("--version").stdout == f"readiness {__version__}\n"
    assert "kind: CustomResourceDefinition" in run("crds").stdout
    started = run("run", "--kubeconfig=/nonexistent/kubeconfig")
    assert started.returncode == 1, started.stderr
    assert "cannot connect to the API server" in started.stderr
    assert before == {path: path.stat().st_mtime_ns for path in built.rglob("*")}
