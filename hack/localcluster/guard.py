"""The watchdog: ends the servers of a parent that can no longer do it itself (SIGKILL, a crash, SIGTERM).

It runs as its own small process and holds the reading end of a pipe; the end of the pipe is the death of the
parent, whatever caused it. The kernel's own parent-death signal is no alternative: it fires when the *thread*
that started the child ends, and knows no order. It must not know what it ends: only numbers and their order.

Standard library only, and started by path: it has to be up before anything it guards.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE = 10.0


def alive(pid: int) -> bool:
    """Whether the process still runs; one that ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return not Path("/proc/self/stat").exists()
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def end(pid: int, patience: float = PATIENCE) -> None:
    """Ask a process group to end, insist after `patience` seconds, and return when its leader is gone."""
    _signal(pid, signal.SIGTERM)
    if not _gone(pid, patience):
        _signal(pid, signal.SIGKILL)
        _gone(pid, patience)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _orders(parent: int) -> tuple[dict[int, int], list[Path]]:
    """Follow what the parent writes until it is gone; then what is left: processes with their ranks, and files."""
    ranks: dict[int, int] = {}
    paths: list[Path] = []
    pending = b""
    while True:
        if not select.select([0], [], [], 1.0)[0]:
            if os.getppid() == parent:
                continue
            break
        chunk = os.read(0, 4096)
        if not chunk:
            break
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            verb, _, rest = line.decode().partition(" ")
            if verb == "guard":
                pid, rank = rest.split()
                ranks[int(pid)] = int(rank)
            elif verb == "release":
                ranks.pop(int(rest), None)
            elif verb == "remove":
                paths.append(Path(rest))
            elif verb == "done":
                return {}, []
    return ranks, paths


def main() -> None:
    """Wait for the parent's end, then end its servers, the highest rank first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ranks, paths = _orders(int(sys.argv[1]))
    for pid in sorted(ranks, key=ranks.__getitem__, reverse=True):
        end(pid)
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
