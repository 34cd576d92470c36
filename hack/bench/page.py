"""
The table of docs/operations.md that says what the operator takes, from what `make bench` measured: `python -m hack.bench.page
build/bench.json`. No figure on that page is typed by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hack import blocks
from hack.bench.machine import ROOT
from hack.bench.scale import SLICES

PAGE = ROOT / "docs" / "operations.md"
COMMAND = "python -m hack.bench.page build/bench.json"
HOLDS = {True: "yes", False: "no", None: "not measured"}


def text(found: Mapping[str, Any]) -> str:
    """What it was measured on, and a row each; nothing is left out because it missed its bar."""
    about = found["machine"]
    lines = [
        f"Measured on {found['began'][:10]} at {about['commit']}{' (changed since)' if about['dirty'] else ''}: "
        f"{about['cores']} cores, {_said(about['processor'])}, {about['memory_gib']} GiB, Python {about['python']}"
        f"{_server(about)}. "
        + ("A quick run, with smaller counts than the rows name." if found["quick"] else _size(found["counts"])),
        "",
        "| row | bar | measured | holds |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {_said(row['what'])} | {_said(row['bar'])} | {_said(row['measured'])} | {HOLDS[row['holds']]} |"
        for row in found["rows"]
    ]
    return "\n".join(lines)


def _server(about: Mapping[str, Any]) -> str:
    return f", kube-apiserver {about['kube_apiserver']} on the same machine" if about["kube_apiserver"] else ""


def _size(counts: Mapping[str, Any]) -> str:
    return (
        f"Unless a row says otherwise: {counts['namespaces']:,} namespaces with {SLICES} reviews each, "
        f"{counts['deployments']:,} Deployments, {counts['stateful_sets']:,} StatefulSets."
    )


def _said(cell: str) -> str:
    """`<=` is no beginning of a tag, and a bar ends no column."""
    return cell.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Rewrite the marked block of the page."""
    if len(arguments) != 1:
        print(f"usage: {COMMAND}", file=sys.stderr)
        return 2
    found = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(blocks.replaced(page, "bench", COMMAND, text(found)), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
