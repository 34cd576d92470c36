"""What the figures were measured on: they mean nothing without it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from .proc import TICKS

ROOT = Path(__file__).resolve().parents[2]


def description() -> dict[str, object]:
    """Processor, memory, load, versions."""
    return {
        "processor": _field(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": _memory(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_at_start": [round(one, 2) for one in os.getloadavg()],
        "clock_ticks": TICKS,
        "commit": _git("rev-parse", "--short", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--", "operator")),
    }


def _field(path: Path, name: str) -> str:
    try:
        for line in path.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    except OSError:
        pass
    return ""


def _memory() -> float | None:
    kibibytes = _field(Path("/proc/meminfo"), "MemTotal").removesuffix("kB").strip()
    return round(int(kibibytes) / 1024**2, 1) if kibibytes else None


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
