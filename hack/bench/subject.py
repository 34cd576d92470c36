"""The operator under measurement: a process of its own, so that its memory and CPU are its own."""

from __future__ import annotations

import asyncio
import compileall
import http.client
import os
import re
import shutil
import sys
import time
from collections.abc import Collection
from pathlib import Path
from subprocess import Popen

import readiness
from hack.localcluster.processes import Family, free_port, last_lines

from . import proc
from .machine import ROOT

COMMAND = ROOT / ".venv" / "bin" / "readiness"
SOURCE = ROOT / "build" / "bench-source"
"""The operator as it was when the run began: all rows measure one state of it, whatever is edited meanwhile."""


def keep_source() -> None:
    """Copy the package that this process would import."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    package = Path(readiness.__file__).parent
    shutil.copytree(package, SOURCE / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(SOURCE, quiet=1)


class OperatorError(Exception):
    """It ended, or does not answer."""


class Subject:
    """Started and stopped as often as a row needs it."""

    def __init__(self, family: Family, kubeconfig: Path, log: Path) -> None:
        self._family = family
        self._kubeconfig = kubeconfig
        self._log = log
        self._child: Popen[bytes] | None = None
        self.port = 0
        self.began = 0.0

    @property
    def runs(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        if self._child is None or self._child.poll() is not None:
            raise OperatorError(f"the operator does not run:\n{last_lines(self._log, 20)}")
        return self._child.pid

    def start(self, cores: Collection[int] = ()) -> None:
        """Start it; on these cores only, where some are named."""
        self.port = free_port()
        command: list[str | Path] = [
            COMMAND if COMMAND.exists() else Path(sys.executable).with_name("readiness"),
            "run",
        ]
        command += [f"--kubeconfig={self._kubeconfig}", "--listen-host=127.0.0.1", f"--listen-port={self.port}"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("READINESS_", "KUBE"))}
        environment["PYTHONPATH"] = os.pathsep.join([str(SOURCE), environment.get("PYTHONPATH", "")])
        self.began = time.monotonic()
        self._child = self._family.start(command, self._log, rank=9, cwd=self._log.parent, environment=environment)
        if cores:
            os.sched_setaffinity(self._child.pid, cores)

    async def stop(self) -> None:
        if self._child is not None:
            await asyncio.to_thread(self._family.end, self._child, 20.0)
            self._child = None

    async def ready(self, seconds: float = 120.0) -> float:
        """When /readyz first said so."""
        said = ""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            code, said = await asyncio.to_thread(self._ask, "/readyz")
            if code == 200:
                return time.monotonic()
            assert self.pid
            await asyncio.sleep(0.05)
        raise OperatorError(f"not ready within {seconds:.0f} s: {said[:300]}")

    async def synced(self, resource: str, count: int, seconds: float = 300.0) -> float:
        """When so many objects of a resource were held and /readyz said yes: right after a start it is ready too soon."""
        async with asyncio.timeout(seconds):
            while await self.metric(f'readiness_watch_objects{{resource="{resource}"}}') < count:
                assert self.pid
                await asyncio.sleep(0.1)
        return await self.ready(seconds)

    async def metric(self, sample: str) -> float:
        """The sum of all samples that begin so."""
        _, page = await asyncio.to_thread(self._ask, "/metrics")
        found = re.findall(rf"^{re.escape(sample)}[^ ]* (\S+)$", page, re.MULTILINE)
        return sum(float(one) for one in found)

    def memory(self) -> dict[str, float]:
        return proc.memory_mib(self.pid)

    def cpu(self) -> float:
        return proc.cpu_seconds(self.pid)

    def _ask(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()
