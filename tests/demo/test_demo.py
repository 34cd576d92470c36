"""`make demo` as a newcomer runs it, on a control plane of its own: it asserts what it shows, and ends by itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")  # skips where there can be no control plane
def test_the_demo_ends_with_a_certificate_within_90_seconds() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "KEEP"}
    done = subprocess.run(
        [sys.executable, "-m", "hack.demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"features +feature-platform +True +Certified +2026\.11\.3 +10/10 ", done.stdout)
    met = re.findall(r"^  (\S.*): Met \(owner (\S+)\)$", done.stdout, re.MULTILINE)
    assert met == [
        ("Architecture & Deployment", "team-features"),
        ("Reliability & Observability", "sre"),
        ("Security & Compliance", "security"),
        ("Testing & Release Engineering", "team-features"),
    ]
    assert "\x1b" not in done.stdout
    took = re.search(r"in all +([0-9.]+) s", done.stdout)
    assert took is not None
    assert float(took[1]) <= 90
