"""The operator as a process of its own, to be killed at any moment."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.cluster.kube import eventually
from tests.cluster.proxy import free_port


class Process:
    """A context manager: nothing outlives it."""

    def __init__(self, kubeconfig: Path, log: Path) -> None:
        self.port = free_port()
        self.log = log
        operator = [sys.executable, "-m", "tests.faults.life", "run", f"--kubeconfig={kubeconfig}"]
        endpoints = ["--listen-host=127.0.0.1", f"--listen-port={self.port}"]
        with log.open("ab") as written:
            self.process = subprocess.Popen(
                [*operator, *endpoints], stdout=written, stderr=subprocess.STDOUT, env={**os.environ}
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is told."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def await_ready(self, seconds: float = 60.0) -> None:
        eventually(self._ready, f"/readyz of the process, see {self.log}", seconds)

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return int(answer.status) == 200
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False
