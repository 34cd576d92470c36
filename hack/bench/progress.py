"""What is being done, shown all the time: a line for each step, and at most one a second for what is counted."""

from __future__ import annotations

import time

EVERY = 2.0


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = 0.0

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """A step begins or ends."""
        self._shown = time.monotonic()
        print(f"{self.seconds:7.1f}s  {text}", flush=True)

    def count(self, what: str, done: float, total: float) -> None:
        """Something goes on; shown now and then."""
        if time.monotonic() - self._shown >= EVERY:
            self.say(f"  {what}: {done:,.0f} of {total:,.0f}")
