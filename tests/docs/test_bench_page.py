"""The figures in docs/operations.md come from a measurement, and none of its rows gets lost on the way."""

import json
from pathlib import Path
from typing import Any

import pytest

from hack import blocks
from hack.bench import page
from hack.bench.figures import Row

FOUND: dict[str, Any] = {
    "began": "2026-11-21T23:54:24+00:00",
    "quick": False,
    "counts": {"namespaces": 200, "deployments": 10_000, "stateful_sets": 500},
    "machine": {
        "processor": "A <fine> one",
        "cores": 2,
        "memory_gib": 23.6,
        "python": "3.11.7",
        "commit": "ebf50e2",
        "dirty": True,
        "kube_apiserver": "v1.36.4",
    },
    "rows": [
        Row("cold start", "<= 20 s", "4.2 s", True).dump(),
        Row("at rest | idle", "<= 1 %", "3 %", False).dump(),
        Row("lost", "<= 1 s", "not measured: no server", None, error="no server").dump(),
    ],
}


def test_every_row_stands_there_whether_it_holds_or_not() -> None:
    assert page.text(FOUND).splitlines()[2:] == [
        "| row | bar | measured | holds |",
        "|---|---|---|---|",
        "| cold start | &lt;= 20 s | 4.2 s | yes |",
        r"| at rest \| idle | &lt;= 1 % | 3 % | no |",
        "| lost | &lt;= 1 s | not measured: no server | not measured |",
    ]


def test_it_says_what_it_was_measured_on() -> None:
    said = page.text(FOUND).splitlines()[0]
    for part in (
        "2026-11-21 at ebf50e2 (changed since)",
        "2 cores, A &lt;fine> one",
        "v1.36.4",
        "200 namespaces with 5 reviews each, 10,000",
    ):
        assert part in said
    assert "A quick run" in page.text({**FOUND, "quick": True})


def test_only_the_block_of_the_page_is_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = page.PAGE.read_text()
    copy = tmp_path / "operations.md"
    copy.write_text(before)
    monkeypatch.setattr(page, "PAGE", copy)
    monkeypatch.setattr(page, "ROOT", tmp_path)
    measured = tmp_path / "bench.json"
    measured.write_text(json.dumps(FOUND))
    assert page.main([str(measured)]) == 0
    once = copy.read_text()
    assert page.main([str(measured)]) == 0
    assert copy.read_text() == once
    assert "| cold start |" in once
    assert once.partition("<!-- bench:")[0] == before.partition("<!-- bench:")[0]
    assert once.partition("<!-- bench: end -->")[2] == before.partition("<!-- bench: end -->")[2]
    assert page.main([]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["no block", 2 * "<!-- bench: begin;-->\n<!-- bench: end -->\n"])
def test_a_page_without_exactly_one_block_is_refused(text: str) -> None:
    with pytest.raises(blocks.NoBlockError):
        blocks.replaced(text, "bench", "command", "content")
