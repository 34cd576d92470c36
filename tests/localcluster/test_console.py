"""Running lines tick on a terminal and do not flood a log."""

from __future__ import annotations

import io

from hack.localcluster.console import QUIET, Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_rewrites_the_running_line() -> None:
    out = Terminal()
    console = Console(out)
    for line in ("etcd: building … 1 s", "etcd: building … 2 s", "etcd: built in 2 s"):
        console(line)
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().count("\r") == 3
    assert out.getvalue().endswith("etcd: built in 2 s\n")


def test_a_log_repeats_a_running_line_only_now_and_then() -> None:
    out, now = io.StringIO(), [0.0]
    console = Console(out, lambda: now[0])
    for second in range(40):
        now[0] = float(second)
        console(f"etcd: building … {second} s")
    console("etcd: built in 40 s")
    console("kwok: building … 0 s")
    expected = [*(f"etcd: building … {second:.0f} s" for second in (0, QUIET, 2 * QUIET)), "etcd: built in 40 s"]
    assert out.getvalue().splitlines() == [*expected, "kwok: building … 0 s"]
