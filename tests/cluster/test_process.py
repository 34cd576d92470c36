"""The operator as people run it: a process with a command line, endpoints, and an end."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import Space
from tests.cluster.history import condition
from tests.cluster.kube import eventually
from tests.cluster.objects import deployment, review
from tests.cluster.proxy import free_port

pytestmark = pytest.mark.cluster


class Process:
    def __init__(self, kubeconfig: Path, log: Path) -> None:
        self.port = free_port()
        self.log = log
        command = [sys.executable, "-m", "readiness", "run", f"--kubeconfig={kubeconfig}", f"--listen-port={self.port}"]
        environment = {**os.environ}
        with log.open("wb") as written:
            self.process = subprocess.Popen(
                [*command, "--listen-host=127.0.0.1"], stdout=written, stderr=subprocess.STDOUT, env=environment
            )

    def http(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0


@pytest.fixture
def process(kubeconfig: Path, tmp_path: Path) -> Iterator[Process]:
    made = Process(kubeconfig, tmp_path / "operator.log")
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_runs_judges_and_ends(process: Process, space: Space, number: signal.Signals) -> None:
    eventually(lambda: process.http("/readyz") == 200, "ready", 30)
    assert process.http("/livez") == 200
    assert process.http("/metrics") == 200
    space.apply(deployment("api"))
    space.apply(review(owner="team-orders", subject={"revision": "v1.4.2"}))
    waiting = space.kube.cluster.kubectl(
        f"--namespace={space.name}", "wait", "--for=condition=Ready", "readinessreview/prod", "--timeout=30s"
    )
    assert "condition met" in waiting.stdout
    found = space.ready("True", "Certified")
    [row] = space.kube.cluster.kubectl(
        f"--namespace={space.name}", "get", "rr", "--no-headers", "--output=wide"
    ).stdout.splitlines()
    for cell in ("prod", "True", "Certified", "v1.4.2?", "2/2", found["status"]["validUntil"], "team-orders"):
        assert cell in row
    process.process.send_signal(number)
    began = time.monotonic()
    assert process.process.wait(20) == 0, process.log.read_text()
    assert time.monotonic() - began < 10
    for line in process.log.read_text().splitlines():
        told = json.loads(line)
        assert told["level"] in {"info", "warning"}, line
    assert condition(space.get())["status"] == "True", "its end takes no certificate"


def test_a_server_that_is_not_there_is_told(tmp_path: Path, kubeconfig: Path) -> None:
    """It starts, waits, and says that it is not ready; it does not end."""
    elsewhere = tmp_path / "elsewhere.kubeconfig"
    text = kubeconfig.read_text()
    server = next(line for line in text.splitlines() if "server:" in line)
    elsewhere.write_text(text.replace(server, f"    server: https://127.0.0.1:{free_port()}"))
    process = Process(elsewhere, tmp_path / "operator.log")
    try:
        eventually(lambda: process.http("/livez") == 200, "alive", 30)
        assert process.http("/readyz") == 503
        assert process.process.poll() is None
        process.process.send_signal(signal.SIGTERM)
        assert process.process.wait(20) == 0
    finally:
        process.process.kill()
        process.process.wait(10)
