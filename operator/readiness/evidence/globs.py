"""
Patterns of names as Velero reads them in its lists of namespaces: `*`, `?`, `[a-z]`, `[!a]` and `{one,other}`.

Matched without regular expressions, in steps that are bounded by the lengths of pattern and name: patterns are
strangers' text. What does not parse matches nothing.
"""

from collections.abc import Iterator
from typing import Final

_SPECIAL: Final = frozenset("*?[{")
_ALTERNATIVES: Final = 64
"""More alternatives than this in one pattern, and the rest matches nothing."""

ANY: Final = "*"


def literal(pattern: str) -> bool:
    """Whether the pattern names exactly one thing: itself."""
    return not _SPECIAL.intersection(pattern)


def matches(pattern: str, name: str) -> bool:
    """Whether one of the pattern's alternatives fits the whole name."""
    return any(_fits(one, name) for one in _alternatives(pattern))


def _alternatives(pattern: str) -> Iterator[str]:
    """The pattern without braces, once for each choice between them."""
    waiting, made = [pattern], 0
    while waiting and made < _ALTERNATIVES:
        one = waiting.pop()
        head, brace, rest = one.partition("{")
        if not brace:
            made += 1
            yield one
            continue
        inside, closed, tail = rest.partition("}")
        if closed:
            waiting.extend(f"{head}{choice}{tail}" for choice in inside.split(",")[:_ALTERNATIVES])


def _fits(pattern: str, name: str) -> bool:
    """Follow every position of the pattern that the name read so far can have led to."""
    steps = _steps(pattern)
    if steps is None:
        return False
    reached = _past_stars(steps, {0})
    for letter in name:
        following = {
            at if steps[at] == ANY else at + 1 for at in reached if at < len(steps) and _takes(steps[at], letter)
        }
        reached = _past_stars(steps, following)
    return len(steps) in reached


def _past_stars(steps: list[str], positions: set[int]) -> set[int]:
    """A star may stand for nothing."""
    found = set(positions)
    for at, step in enumerate(steps):
        if at in found and step == ANY:
            found.add(at + 1)
    return found


def _takes(step: str, letter: str) -> bool:
    if step in {ANY, "?"}:
        return True
    if not step.startswith("["):
        return step == letter
    inside = step[1:-1]
    negated = inside.startswith("!")
    return _within(inside[1:] if negated else inside, letter) != negated


def _within(inside: str, letter: str) -> bool:
    if len(inside) == 3 and inside[1] == "-":
        return inside[0] <= letter <= inside[2]
    return letter in inside


def _steps(pattern: str) -> list[str] | None:
    """One entry for each letter, wildcard or bracket; None where a bracket is not closed."""
    steps: list[str] = []
    at = 0
    while at < len(pattern):
        end = at + 1
        if pattern[at] == "[":
            end = pattern.find("]", at + 1) + 1
            if not end:
                return None
        steps.append(pattern[at:end])
        at = end
    return steps
