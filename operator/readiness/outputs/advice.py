"""
What to do about each reason: `advice.yaml`, which docs/troubleshooting.md and `readiness explain` read alike.

It lies beside the code as data, since a kind's module is for judging. What a reason means stands where it is named; what
to do is Markdown, fit for a page as for a terminal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

PATH: Final = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True)
class Advice:
    """Where a reason stands, or the outcome that it comes with; what helps; what it means, if no code says it."""

    seen: str
    do: str = ""
    means: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All there is, by reason; each kind's own apart."""

    common: Mapping[str, Advice]
    kinds: Mapping[str, Mapping[str, Advice]]


def read() -> Book:
    """As it is in this release."""
    return book(yaml.safe_load(PATH.read_text(encoding="utf-8")))


def book(raw: Mapping[str, Any]) -> Book:
    """From the file's own shape."""
    return Book(_entries(raw["common"]), {kind: _entries(entries) for kind, entries in raw["kinds"].items()})


def _entries(raw: Mapping[str, Mapping[str, str]]) -> dict[str, Advice]:
    return {
        reason: Advice(one.get("seen") or one["outcome"], " ".join(one.get("do", "").split()), one.get("means", ""))
        for reason, one in raw.items()
    }
