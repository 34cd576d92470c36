"""The chart's README: an introduction by hand, and tables of the values and of the settings."""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hack.chart.schema import NOT_IN_A_POD
from readiness.runtime.settings import NAMES, Settings


def text(introduction: Path, comments: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """The introduction with `@values@` and `@settings@` filled in."""
    return (
        introduction.read_text(encoding="utf-8")
        .replace("@values@", _table(("value", "default", "meaning"), _values(comments, values)))
        .replace("@settings@", _table(("setting", "meaning"), _settings()))
    )


def _values(comments: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [(f"`{path}`", f"`{json.dumps(_at(values, path))}`", said) for path, said in comments.items()]


def _settings() -> list[tuple[str, ...]]:
    fields = Settings.model_fields
    return [
        (f"`settings.{alias}`", " ".join(inspect.cleandoc(fields[name].description or "").split()))
        for alias, name in NAMES.items()
        if alias not in NOT_IN_A_POD
    ]


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for part in path.split("."):
        found = found[part]
    return found


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
