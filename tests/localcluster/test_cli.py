"""The command line's exit codes: the Makefile and CI rely on them."""

from __future__ import annotations

import subprocess

import pytest

from hack.localcluster import cache
from tests.localcluster.support import FakeGo, command, everything


def run(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    running = command(environment, *arguments)
    running.communicate(timeout=60)
    return running


@pytest.mark.parametrize(
    ("arguments", "machine", "expected"),
    [
        (["build"], {}, 1),
        (["build", "--if-possible"], {}, 0),
        (["build", "--if-possible"], {"CI": "true"}, 1),
        (["up"], {}, 1),
        (["unknown"], {}, 2),
    ],
)
def test_where_no_provider_works(fake_go: FakeGo, arguments: list[str], machine: dict[str, str], expected: int) -> None:
    bare = fake_go.environment | machine | {"PATH": str(fake_go.folder)}
    assert run(bare, *arguments).returncode == expected


def test_a_damaged_binary_is_built_anew(fake_go: FakeGo) -> None:
    assert run(fake_go.environment, "build").returncode == 0
    path = cache.here(fake_go.environment).folder / "kubectl"
    path.write_text("WHOLE")
    assert run(fake_go.environment, "build").returncode == 0
    assert path.read_text() == "whole"
    assert fake_go.calls() == [*everything(), "kubectl"]


def test_stop_with_nothing_to_stop(fake_go: FakeGo) -> None:
    running = command(fake_go.environment, "stop")
    said, _ = running.communicate(timeout=60)
    assert (running.returncode, said) == (0, "nothing to stop\n")


def test_a_refusal_is_one_line_and_no_traceback(fake_go: FakeGo) -> None:
    running = command(fake_go.environment | {"READINESS_TEST_KUBECONFIG": "/missing"}, "up")
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert said.startswith("error: ")
    assert "Traceback" not in said
