"""Progress for a person: a running line is rewritten on a terminal, and repeated only now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

RUNNING = " … "
QUIET = 15.0


class Console:
    """A progress callback; a line with " … " in it is about something that still runs."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._terminal = out.isatty()
        self._running = ""
        self._said = -QUIET

    def __call__(self, line: str) -> None:
        """Show one line."""
        subject, running, _ = line.partition(RUNNING)
        if self._terminal:
            end = "" if running else "\n"
            print(f"\r\x1b[K{line}", end=end, file=self._out, flush=True)
        elif not running or subject != self._running or self._clock() - self._said >= QUIET:
            print(line, file=self._out, flush=True)
            self._said = self._clock()
        self._running = subject if running else ""
