"""The site is built from the pages as they are, and whatever leads nowhere, or elsewhere, fails."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from hack import mkdocs_hooks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MKDOCS = ROOT / ".venv-docs" / "bin" / "mkdocs"
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text())


def build(folder: Path) -> "subprocess.CompletedProcess[str]":
    """`make docs` of a copy; skipped where it was never run, since it needs packages of its own."""
    if not MKDOCS.exists():
        pytest.skip("run make docs once: the site has an environment of its own")
    command = [str(MKDOCS), "build", "--strict"]  # --quiet would keep warnings from counting
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=folder, env=quiet, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the site is made of; the rest of the repository is only pointed at."""
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    for name in ("SECURITY.md", "charts", "deploy", "hack", "tests", "crds"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_it_builds_and_asks_nobody_else_for_anything(copy: Path) -> None:
    done = build(copy)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = list((copy / "build" / "site").rglob("*.html"))
    assert len(pages) > len(list(DOCS.rglob("*.md")))
    loaded = re.compile(r"""<(?:script|img|iframe|source)[^>]+src="?(?:https?:)?//|<link[^>]+href="?(?:https?:)?//""")
    for page in pages:
        assert not loaded.search(page.read_text()), page
    for sheet in (copy / "build" / "site").rglob("*.css"):
        assert not re.search(r"@import|url\(\"?'?(?:https?:)?//", sheet.read_text()), sheet


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[x](nowhere.md)", "nowhere.md"),
        ("[x](concepts.md#nothing)", "nothing"),
        ("[x](#nothing-here)", "nothing-here"),
        ("[x](../deploy/nowhere.yaml)", "deploy/nowhere.yaml"),
        ("[x](/concepts.md)", "/concepts.md"),
    ],
)
def test_a_link_that_leads_nowhere_fails(copy: Path, line: str, said: str) -> None:
    with (copy / "docs" / "index.md").open("a") as page:
        page.write(f"\n{line}\n")
    done = build(copy)
    assert done.returncode != 0
    assert said in done.stderr


def test_a_page_that_nothing_leads_to_fails(copy: Path) -> None:
    (copy / "docs" / "lost.md").write_text("# Lost\n")
    done = build(copy)
    assert done.returncode != 0
    assert "lost.md" in done.stderr


def test_every_page_is_in_the_navigation() -> None:
    nav = mkdocs_hooks.on_config({"docs_dir": str(DOCS), "nav": SETTINGS["nav"]})["nav"]
    named = list(pages_of(nav))
    assert sorted(named) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert named[0] == "index.md"
    [kinds] = [entry["Expectations"] for entry in nav if "Expectations" in entry]
    assert kinds[0] == {"Expectations": "expectations/README.md"}
    assert {"nonRoot": "expectations/nonRoot.md"} in kinds


def pages_of(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for one in entry.values() if isinstance(entry, dict) else entry:
            yield from pages_of(one)


@pytest.mark.parametrize(
    ("source", "markdown", "shown"),
    [
        ("a.md", "[Concepts](concepts.md#subject) [x](#y)", "[Concepts](concepts.md#subject) [x](#y)"),
        ("a.md", "[deploy/rbac](../deploy/rbac)", "`deploy/rbac`"),
        (
            "a.md",
            "[the chart](../charts/readiness-operator/README.md)",
            "the chart (`charts/readiness-operator/README.md`)",
        ),
        ("expectations/a.md", "[tests/expectations](../../tests/expectations/)", "`tests/expectations`"),
        ("expectations/a.md", "[x](../concepts.md)", "[x](../concepts.md)"),
        ("a.md", "[x](https://example.com/y)", "[x](https://example.com/y)"),
        ("a.md", "```\n[x](../deploy/rbac)\n```", "```\n[x](../deploy/rbac)\n```"),
    ],
)
def test_what_leaves_the_pages_becomes_a_path(source: str, markdown: str, shown: str) -> None:
    assert mkdocs_hooks.without_ways_out(markdown, source, DOCS) == (shown, [])


def test_a_way_out_that_leads_nowhere_is_told(caplog: pytest.LogCaptureFixture) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"))
    with caplog.at_level("WARNING", logger="mkdocs"):
        mkdocs_hooks.on_page_markdown("[x](../nowhere)", page, {"docs_dir": str(DOCS)}, files=None)
    assert "nowhere" in caplog.text
