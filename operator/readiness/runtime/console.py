"""
How the command line speaks: answers on standard output, everything else on standard error, a line each, and an exit code.

It must not know the commands.
"""

import io
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Final, NoReturn

import click

NOT_CERTIFIED: Final = 1
FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130

READABLE: Final = 100
"""Characters of a line of prose, where a terminal has more, or where there is none."""


def width() -> int | None:
    """Nothing is wrapped in a pipe: a finding is then one line, for grep and for logs that wrap by themselves."""
    wrapping = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size().columns if wrapping else None


def put(text: str) -> None:
    """In UTF-8 whatever the locale: a message may hold any character, and JSON and YAML have no other encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    click.echo(text, nl=False, color=False if os.environ.get("NO_COLOR") else None)


def tell(notes: Iterable[str]) -> None:
    """Beside the answer."""
    for note in notes:
        click.echo(f"readiness: {note}", err=True)


def bad_input(problems: Iterable[str]) -> NoReturn:
    """Instead of an answer."""
    tell(problems)
    sys.exit(BAD_INPUT)
