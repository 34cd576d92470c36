"""Writes nothing: yields the paths and texts of the chart's generated files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from hack.chart import comments, crds, readme, schema

CHART: Final = "charts/readiness-operator"
HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]


def files() -> Iterator[tuple[str, str]]:
    """Schema, README, CRDs."""
    values = (ROOT / CHART / "values.yaml").read_text(encoding="utf-8")
    said = comments.by_path(values)
    yield f"{CHART}/values.schema.json", json.dumps(schema.document(said), indent=2, ensure_ascii=False) + "\n"
    yield f"{CHART}/README.md", readme.text(HERE / "introduction.md", said, yaml.safe_load(values))
    for name, template in crds.templates():
        yield f"{CHART}/templates/crds/{name}", template
