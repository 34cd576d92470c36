"""
What a kind says of itself for people at a terminal. The pages under docs/ say the same, from the same source.

It must not know where that comes from, and says nothing of its own.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from readiness.outputs.explanation import Explanation, Group, Meaning
from readiness.outputs.terminal import wrapped
from readiness.outputs.text import clean

_LEAST = 12  # characters between a short name and what it means


def kinds(every: Iterable[Explanation], width: int) -> Iterator[str]:
    """One line or two each."""
    yield click.style("Kinds of expectations", bold=True)
    yield from _listed({one.name: one.statement for one in every}, width)


def lines(one: Explanation, shared: Mapping[str, Meaning], width: int) -> Iterator[str]:
    """A whole page; `shared` are the reasons that every kind may give."""
    yield click.style(one.name, bold=True)
    yield from wrapped(one.statement, width, 2)
    for part in one.parts:
        text = " ".join(part.text.split())
        yield ""
        yield from wrapped(f"{part.label}: {text}" if part.label else text, width, 2)
    if one.example:
        yield from _heading("Example")
        yield from (f"  {line}" for line in one.example.splitlines())
    if not one.groups:
        yield from _heading("Parameters")
        yield "  None."
    for group in one.groups:
        yield from _group(group, width)
    yield from _heading("Reasons, worst first, and what to do")
    yield from _reasons(one.reasons, width)
    yield from _heading("Reasons that every kind may give, and what to do")
    yield from _reasons({reason: said for reason, said in shared.items() if reason not in one.reasons}, width)


def unknown(given: str, reasons: Mapping[str, Sequence[str]]) -> str:
    """What is said of a kind that is none; `reasons` are those of each kind."""
    kinds = {kind.casefold(): kind for kind in reasons}
    close = difflib.get_close_matches(given.replace("-", "").replace("_", "").casefold(), kinds, n=1)
    hints = [f", but a reason that {kind} gives." for kind, its in reasons.items() if given in its]
    hints += [f": did you mean {kinds[one]}?" for one in close]
    return f'"{clean(given, 64)}" is no kind{(hints or ["."])[0]} The kinds are {", ".join(reasons)}.'


def _group(group: Group, width: int) -> Iterator[str]:
    yield from _heading(f"Parameters of {group.name}" if group.name else "Parameters")
    yield from wrapped(group.about, width, 2) if group.about else ()
    for one in group.parameters:
        yield f"  {click.style(one.name, bold=True)}  {one.type}"
        yield from wrapped(one.meaning, width, 6)


def _reasons(said: Mapping[str, Meaning], width: int) -> Iterator[str]:
    """What each means beside it, what to do below."""
    column = max(_LEAST, *map(len, said))
    for reason, one in said.items():
        yield from _listed({reason: one.means}, width, column)
        yield from wrapped(f"-> {_plain(one.do)}", width, column + 4, column + 7) if one.do else ()


def _plain(text: str) -> str:
    """Markdown's links as the names of their pages; the page that holds all reasons is told here anyway."""
    return re.sub(r"\[[^\]]+\]\(([^)#]+)[^)]*\)", r"docs/\1", re.sub(r"\[([^\]]+)\]\(#[^)]*\)", r"\1", text))


def _listed(said: Mapping[str, str], width: int, column: int = 0) -> Iterator[str]:
    column = column or max(_LEAST, *map(len, said))
    for name, text in said.items():
        first, *rest = wrapped(text, width, column + 4) or [""]
        yield f"  {name:<{column}}  {first.lstrip()}"
        yield from rest


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield click.style(text, bold=True)
