"""Rows of the table: what was to hold, what was measured, whether it does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the budget; `holds` is None where nothing could be measured, and `error` says why."""

    what: str
    bar: str
    measured: str
    holds: bool | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    def dump(self) -> dict[str, Any]:
        """For the file."""
        told: dict[str, Any] = {
            "what": self.what,
            "bar": self.bar,
            "measured": self.measured,
            "holds": self.holds,
            "figures": sorted(self.figures),
        }
        return {**told, "error": self.error} if self.error else told


def failed(promised: Sequence[tuple[str, str]], error: str) -> list[Row]:
    """The rows of a family that ended in an error: none of them is left out."""
    return [Row(what, bar, f"not measured: {error}", None, error=error) for what, bar in promised]


def percentile(values: Iterable[float], share: float) -> float:
    """The least value that so large a share of them does not exceed (nearest rank); ValueError of none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def milliseconds(seconds: Iterable[float]) -> dict[str, float]:
    """p50, p99, greatest and number of durations given in seconds."""
    values = list(seconds)
    return {
        "p50": round(percentile(values, 0.5) * 1000, 1),
        "p99": round(percentile(values, 0.99) * 1000, 1),
        "max": round(max(values) * 1000, 1),
        "n": len(values),
    }


def table(rows: Sequence[Row]) -> str:
    """Aligned columns for people."""
    said = {True: "yes", False: "NO", None: "?"}
    cells = [("row", "bar", "measured", "holds?")]
    cells += [(row.what, row.bar, row.measured, said[row.holds]) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def collected(rows: Iterable[Row]) -> dict[str, Any]:
    """The raw figures of all rows; what two rows tell of one key is merged."""
    found: dict[str, Any] = {}
    for row in rows:
        for key, value in row.figures.items():
            known = found.get(key)
            found[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return found
