"""What is left to clean when even the watchdog was killed: one small file for each running control plane.

`python -m hack.localcluster stop` reads them. A PID alone is not trusted: it may have been given to another
process since, so the start time of the process is kept beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import cache, guard


def born(pid: int) -> str:
    """When a process started, in the system's own words; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def folder() -> Path:
    """Where the records lie."""
    return cache.base(os.environ) / "running"


@dataclass(frozen=True, slots=True)
class Record:
    """One running control plane: its owner, its servers, its folder."""

    home: Path
    kubeconfig: Path

    @property
    def path(self) -> Path:
        """The record's own file."""
        return folder() / f"{self.home.name}.json"

    def write(self, pids: Iterable[int]) -> None:
        """Write down what runs now, oldest first."""
        owner = os.getpid()
        content = {
            "owner": {"pid": owner, "born": born(owner)},
            "servers": [{"pid": pid, "born": born(pid)} for pid in pids],
            "folder": str(self.home),
            "kubeconfig": str(self.kubeconfig),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text(json.dumps(content, indent=2))
        unfinished.rename(self.path)

    def remove(self) -> None:
        """Forget it: everything was ended."""
        self.path.unlink(missing_ok=True)


def clean() -> list[str]:
    """End what dead owners left behind; a line for each record says what was done."""
    return [_clean(path) for path in sorted(folder().glob("*.json"))]


def _clean(path: Path) -> str:
    try:
        record = json.loads(path.read_text())
        owner = record["owner"]
        home = Path(record["folder"])
        servers = [server["pid"] for server in record["servers"] if _same(server)]
    except (OSError, ValueError, KeyError, TypeError):
        path.unlink(missing_ok=True)
        return f"{path.name}: unreadable, removed"
    if _same(owner):
        return f"{path.name}: in use by PID {owner['pid']}, left alone"
    for pid in reversed(servers):
        guard.end(pid)
    if home.name.startswith("readiness-localcluster-"):
        shutil.rmtree(home, ignore_errors=True)
    path.unlink(missing_ok=True)
    return f"{path.name}: stale, ended {len(servers)} servers"


def _same(process: dict[str, object]) -> bool:
    pid = process["pid"]
    return isinstance(pid, int) and guard.alive(pid) and born(pid) == process["born"]
