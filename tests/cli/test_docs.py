"""
The pages under docs/ are right: every review in them is one, every example prints what the page says, every link leads
somewhere. `UPDATE_GOLDEN=1` writes what examples print into the page; read the difference.
"""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from hack import gen_settings
from readiness.api.v1alpha1 import review as reviews
from readiness.collectors import manifests
from readiness.expectations import table
from readiness.outputs.counters import Counters
from readiness.outputs.metrics import Exposition
from tests.cli.support import run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADINGS = re.compile(r"^#+ (.+)$", re.MULTILINE)
ROOT = DOCS.parent
LINKING = [
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("*.md")),
    ROOT / "charts" / "readiness-operator" / "README.md",
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    text: str

    @property
    def reviews(self) -> list[object]:
        if self.language != "yaml":
            return []
        found = [one.value for one in manifests.documents(self.text)]
        return [one for one in found if isinstance(one, dict) and one.get("kind") == "ReadinessReview"]


def blocks(page: Path) -> list[Block]:
    return [Block(page, language, text) for language, text in FENCE.findall(page.read_text())]


REVIEWS = [(block, found) for page in PAGES for block in blocks(page) for found in block.reviews]


@pytest.mark.parametrize("raw", [raw for _, raw in REVIEWS], ids=[block.page.stem for block, _ in REVIEWS])
def test_every_review_in_the_pages_is_one(raw: dict[str, object]) -> None:
    found = reviews.read(raw)
    assert isinstance(found, reviews.Review), [str(problem) for problem in found.problems]


def test_every_kind_has_an_example() -> None:
    used = {
        expectation.check.one()[0]
        for block, raw in REVIEWS
        if block.page.name == "writing-reviews.md" and isinstance(raw, dict)
        for area in read(raw).spec.areas
        for expectation in area.expectations
    }
    assert used == {kind.name for kind in table.TABLE}


def read(raw: dict[str, object]) -> reviews.Review:
    found = reviews.read(raw)
    assert isinstance(found, reviews.Review)
    return found


def test_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = DOCS / "writing-reviews.md"
    monkeypatch.chdir(tmp_path)
    text, printed = page.read_text(), 0
    for block in blocks(page):
        if block.language == "yaml":
            name = block.text.partition("\n")[0].removeprefix("# ")
            assert re.fullmatch(r"[a-z-]+\.yaml", name)
            Path(name).write_text(block.text)
        elif block.language == "console":
            command, _, shown = block.text.partition("\n")
            found = run(*shlex.split(command.removeprefix("$ readiness ")), env={"COLUMNS": "118"})
            assert (found.exit_code in {0, 1}, found.stderr) == (True, "")
            printed += 1
            if os.environ.get("UPDATE_GOLDEN"):
                text = text.replace(block.text, f"{command}\n{found.stdout}")
            else:
                assert found.stdout == shown, command
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(text)
    assert printed == len(table.TABLE)


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        if path.startswith(("http://", "https://")):
            continue
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            anchors = {
                re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-")
                for found in HEADINGS.findall(target.read_text())
            }
            assert anchor in anchors, link


def test_operations_lists_every_metric_with_its_labels() -> None:
    registry = CollectorRegistry()
    Counters(registry, "0")
    registry.register(Exposition(list, list))
    found = {}
    for collector in registry._collector_to_names:
        for family in getattr(collector, "describe")():  # noqa: B009  # not on the base class
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = getattr(collector, "_labelnames", ()) or getattr(family, "_labelnames", ())
            found[name] = ", ".join(labels)
    rows = re.findall(r"^\| (readiness_\w+) \| ([^|]*) \|", (DOCS / "operations.md").read_text(), re.MULTILINE)
    assert {name: labels.strip() for name, labels in rows} == found


def test_the_index_names_every_page() -> None:
    links = set(LINK.findall((DOCS / "index.md").read_text()))
    assert {page.name for page in PAGES} - {"index.md"} <= links
    assert "decisions/README.md" in links


def test_the_page_of_settings_is_generated_from_the_model() -> None:
    [(path, text)] = gen_settings.pages()
    assert (DOCS.parent / path).read_text() == text, "run make generate"
