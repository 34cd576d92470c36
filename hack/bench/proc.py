"""Memory and CPU of other processes, as the kernel counts them."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process."""
    return cpu_of(Path(f"/proc/{pid}/stat").read_text(), TICKS)


def cpu_of(stat: str, ticks: int) -> float:
    """The same from the text of /proc/PID/stat; the name of the process may hold anything, spaces too."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / ticks


def memory_mib(pid: int) -> dict[str, float]:
    """Resident now (`rss`), and at most so far (`peak`)."""
    return memory_of(Path(f"/proc/{pid}/status").read_text())


def memory_of(status: str) -> dict[str, float]:
    """The same from the text of /proc/PID/status."""
    found = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    kibibytes = {name: int(found[key].split()[0]) for name, key in (("rss", "VmRSS"), ("peak", "VmHWM"))}
    return {name: round(value / 1024, 1) for name, value in kibibytes.items()}
