"""
Configuration texts as trees, and how one value is found in them.

Scalars stay the text that was written: what a program makes of `no` or `0x10` is that program's business.
How a text becomes a tree is not known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Obscure:
    """A scalar that programs read differently (a comment behind it, a placeholder, a tag): its text proves nothing."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text, or one value of it, tells nothing. Never holds a part of the text: it may be a password."""

    said: str


Tree: TypeAlias = Mapping[str, "Tree"] | tuple["Tree", ...] | str | Obscure | None

OBSCURE: Final = Obscure()


def lookup(tree: Tree, key: str, *, whole: bool = False) -> str | Unreadable | None:
    r"""The scalar at a dot-separated key (`\.` is a dot inside a name, a number is a list's item), None if absent.

    `whole`: the key is one name, dots and all, as in properties.
    """
    for step in (key,) if whole else _steps(key):
        if isinstance(tree, Mapping):
            tree = tree.get(step)
        elif isinstance(tree, tuple):
            tree = tree[int(step)] if _is_index(step) and int(step) < len(tree) else None
        elif isinstance(tree, Obscure):
            break
        else:
            return None
    if isinstance(tree, Obscure):
        return Unreadable("programs read what is written there differently")
    if isinstance(tree, (Mapping, tuple)):
        return Unreadable("a list or mapping stands there, not a single value")
    return tree


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) < 10


def _steps(key: str) -> Iterator[str]:
    step = ""
    rest = iter(key)
    for char in rest:
        if char == "\\":
            following = next(rest, "")
            step += following if following in {".", "\\"} else char + following
        elif char == ".":
            yield step
            step = ""
        else:
            step += char
    yield step
