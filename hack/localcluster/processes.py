"""Child processes that never outlive us, free ports, and waiting for a condition.

Every child leads its own session: Ctrl-C at the terminal reaches only us, and we end the children in the right
order. A watchdog (`guard.py`) does the same when we are killed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import guard
from .errors import LocalClusterError

POLL = 0.05
GONE = "the watchdog process is gone; no server is started without it"


class Family:
    """The processes and folders that end with us: the highest rank first, whenever it was started."""

    def __init__(self) -> None:
        """Start the watchdog first: nothing is ever started unguarded."""
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ranks: dict[subprocess.Popen[bytes], int] = {}

    def start(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        rank: int = 0,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start one child with its output in a file; a previous run's output is kept above it."""
        with log.open("ab") as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment,
                start_new_session=True,
            )
        self._ranks[child] = rank
        try:
            self._tell(f"guard {child.pid} {rank}")
        except LocalClusterError:
            self.end(child)
            raise
        return child

    def owns(self, path: Path) -> None:
        """Have the watchdog remove the file or folder if we cannot."""
        self._tell(f"remove {path}")

    def end(self, child: subprocess.Popen[bytes], patience: float = guard.PATIENCE) -> None:
        """End one child: SIGTERM, and SIGKILL after `patience` seconds."""
        if child.poll() is None:
            guard.end(child.pid, patience)
        child.wait()
        if self._ranks.pop(child, None) is not None:
            with contextlib.suppress(LocalClusterError):
                self._tell(f"release {child.pid}")

    def close(self, patience: float = guard.PATIENCE) -> None:
        """End every child, the highest rank first, then the watchdog."""
        for child in sorted(self._ranks, key=self._ranks.__getitem__, reverse=True):
            self.end(child, patience)
        with contextlib.suppress(LocalClusterError):
            self._tell("done")
        if self._watchdog.stdin is not None:
            with contextlib.suppress(OSError):
                self._watchdog.stdin.close()
        self._watchdog.wait()

    def _tell(self, line: str) -> None:
        if self._watchdog.stdin is None or self._watchdog.poll() is not None:
            raise LocalClusterError(GONE)
        try:
            self._watchdog.stdin.write(f"{line}\n".encode())
            self._watchdog.stdin.flush()
        except BrokenPipeError as error:
            raise LocalClusterError(GONE) from error


def free_port() -> int:
    """A port nobody listens on now; whoever takes it in between makes the start fail, which is then repeated."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Return once the condition holds; the error after `seconds` says what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LocalClusterError(f"{what}: not within {seconds:.0f} s")
        time.sleep(POLL)


def last_lines(log: Path, count: int = 8) -> str:
    """The end of a server's output, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError as error:
        return f"(no output: {error})"
