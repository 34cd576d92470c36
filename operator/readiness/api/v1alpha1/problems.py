"""
What is wrong with a spec, in words for its author. It must not know pydantic's errors (see explained.py) or any
model: a check anywhere in the models states its flaw in this form, and it reaches the author unchanged.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic_core import PydanticCustomError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One contradiction found by a model about itself; the field is relative to that model, empty for all of it."""

    field: str
    said: str
    fix: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a review cannot be judged: where, what, and what to do about it."""

    path: str
    said: str
    fix: str

    def __str__(self) -> str:
        return f"{self.path}: {self.said}; {self.fix}"


REFUSED = "refused"


def refused(*flaws: Flaw) -> PydanticCustomError:
    """Several at once: an author who repairs one flaw per round trip stops reading them."""
    said = "; ".join(flaw.said for flaw in flaws)
    return PydanticCustomError(REFUSED, "{said}", {"said": said, "flaws": flaws})


def parsed(parse: Callable[[str], T], value: object, form: str) -> T:
    """What is written as text of its own kind; `parse` raises ValueError for anything else, `form` shows the right one."""
    try:
        return parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise refused(Flaw("", f"is {error}", f"write it as {form}")) from None


def quoted(value: object) -> str:
    """An author's own word in a message: escaped, since terminals show it, and cut, since it may be anything."""
    plain = isinstance(value, str | None) or (
        isinstance(value, int) and abs(value) < 2**63
    )  # longer ones may not print
    shown = json.dumps(value if plain else type(value).__name__)
    return shown if len(shown) <= 66 else f'{shown[:60]}..."'
