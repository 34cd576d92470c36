"""What a person sees: one line at a time, each with the seconds since the start, in colour on a terminal only."""

from __future__ import annotations

import shlex
import textwrap
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

WIDTH = 118
INDENT = " " * 9
STYLES = {"Met": "green", "True": "green", "Unmet": "red", "False": "red", "Unknown": "yellow"}


class Screen:
    """Plain lines; nothing is ever rewritten, so that a log reads as the terminal did."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._clock = clock
        self._began = clock()
        self.paused = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._began

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self.blank()
        self._line(Text.assemble((f"== {title} ", "bold"), ("=" * max(3, WIDTH - len(title) - len(INDENT) - 4), "dim")))

    def say(self, sentence: str, style: str = "") -> None:
        """What happens and why, wrapped to the page."""
        for number, line in enumerate(textwrap.wrap(sentence, WIDTH - len(INDENT))):
            self._line(Text(line, style), stamped=not number)

    def command(self, words: Sequence[str], text: str | None = None) -> None:
        """A command as one would type it, with what it reads."""
        document = " <<EOF" if text else ""
        self._line(Text(f"$ {shlex.join(words)}{document}", "bold cyan"))
        for line in [*text.splitlines(), "EOF"] if text else ():
            self._line(Text(f"  {line}", "cyan"), stamped=False)

    def pause(self, seconds: float) -> None:
        """Time to read, for a person at a terminal; a log needs none."""
        if self._console.is_terminal:
            time.sleep(seconds)
            self.paused += seconds

    def row(self, ready: str, text: str) -> None:
        """The review as a watching client sees it now."""
        self._line(Text.assemble(("  review: ", "dim"), (f"Ready={ready:<8}", STYLES.get(ready, "")), (text, "")))

    def change(self, what: str, outcome: str, text: str) -> None:
        """A verdict changed."""
        self._line(Text.assemble("  => ", (f"{what}: {outcome}", f"bold {STYLES.get(outcome, '')}"), text))

    def finding(self, outcome: str, head: str, message: str) -> None:
        """One subject that is not as expected, and what the operator says of it."""
        mark = {"Unmet": "x", "Unknown": "?"}.get(outcome, "-")
        self._line(Text.assemble("  ", (f"{mark} {head}", STYLES.get(outcome, ""))), stamped=False)
        for line in textwrap.wrap(message, WIDTH - len(INDENT) - 6):
            self._line(Text(f"      {line}", "dim"), stamped=False)

    def output(self, text: str) -> None:
        """What a command printed."""
        for line in text.rstrip().splitlines():
            self._line(Text(f"  {line}"), stamped=False)

    def raw(self, text: str) -> None:
        """A table, or whatever else needs the whole width, as it is."""
        for line in text.rstrip().splitlines():
            self._console.print(Text("  " + line))

    def blank(self) -> None:
        """Room between two parts."""
        self._console.print()

    def _line(self, text: Text, *, stamped: bool = True) -> None:
        stamp = f"{self.elapsed:6.1f}s  " if stamped else INDENT
        self._console.print(Text.assemble((stamp, "dim"), text))
