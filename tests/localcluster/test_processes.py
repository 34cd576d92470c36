"""No child outlives its parent, and the order of the ends is kept."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from hack.localcluster import LocalClusterError, guard, processes
from hack.localcluster.processes import Family
from tests.localcluster.support import gone, program, until

PARENT = """
import sys, time
from pathlib import Path
from hack.localcluster.processes import Family
folder = Path({folder!r})
family = Family()
family.owns(folder / "owned")
pids = []
for name, rank in (("second", 1), ("first", 2), ("last", 0)):
    code = f"trap 'echo {{name}} >> {{folder}}/order; exit' TERM; touch {{folder}}/{{name}}; while :; do sleep 0.05; done"
    pids.append(family.start(["sh", "-c", code], folder / "log", rank=rank).pid)
while not all((folder / name).exists() for name in ("first", "second", "last")):
    time.sleep(0.02)
print(*pids, flush=True)
{end}
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_watchdog_ends_the_children_of_a_killed_parent_in_order(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "owned").mkdir()
    with program(os.environ, PARENT.format(folder=str(tmp_path), end="time.sleep(1000)")) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.send_signal(number)
    gone(pids)
    until(lambda: not (tmp_path / "owned").exists(), "the owned folder is removed")
    assert (tmp_path / "order").read_text().split() == ["first", "second", "last"]


def test_closing_ends_the_children_in_order_and_leaves_what_is_owned(tmp_path: Path) -> None:
    (tmp_path / "owned").mkdir()
    with program(os.environ, PARENT.format(folder=str(tmp_path), end="family.close()")) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
    assert parent.returncode == 0
    assert not any(guard.alive(pid) for pid in pids)
    assert (tmp_path / "order").read_text().split() == ["first", "second", "last"]
    assert (tmp_path / "owned").exists()


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    family = Family()
    code = f"trap '' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    child = family.start(["sh", "-c", code], tmp_path / "log")
    until((tmp_path / "ready").exists, "the child ignores SIGTERM")
    family.close(patience=0.2)
    assert child.returncode == -signal.SIGKILL


def test_ctrl_c_at_the_terminal_does_not_reach_the_children(tmp_path: Path) -> None:
    family = Family()
    child = family.start(["sleep", "1000"], tmp_path / "log")
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    assert os.getsid(child.pid) == child.pid
    family.close()
    assert child.returncode == -signal.SIGTERM


def test_nothing_starts_without_the_watchdog(tmp_path: Path) -> None:
    family = Family()
    watchdog = family._watchdog
    watchdog.kill()
    watchdog.wait()
    with pytest.raises(LocalClusterError, match="watchdog"):
        family.start(["sleep", "1000"], tmp_path / "log")
    family.close()


def test_a_missing_command_is_an_error_and_no_child(tmp_path: Path) -> None:
    family = Family()
    with pytest.raises(FileNotFoundError):
        family.start([tmp_path / "missing"], tmp_path / "log")
    family.close()


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen(["true"])
    until(lambda: not guard.alive(child.pid), "an ended child that nobody has reaped counts as gone")
    child.wait()


def test_a_free_port_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", processes.free_port()))


def test_waiting_ends_with_the_name_of_what_was_awaited() -> None:
    with pytest.raises(LocalClusterError, match="the moon: not within 0 s"):
        processes.wait_until(lambda: False, "the moon", 0)
