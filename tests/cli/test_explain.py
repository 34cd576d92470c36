"""
`readiness explain`: all that a kind says of itself, the same as its page under docs/ says.

After a wanted change, `UPDATE_GOLDEN=1 pytest tests/cli/test_explain.py` writes the files anew; read the difference.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack import gen_docs
from readiness.api.v1alpha1 import review as reviews
from readiness.expectations import table
from readiness.outputs import advice, explanation
from tests.cli.support import run

GOLDEN = Path(__file__).parent / "golden"
ORDER = "Worst first: where several things are wrong with one subject, the first of them is told."
EACH_KIND = pytest.mark.parametrize("kind", table.TABLE, ids=lambda kind: kind.name)


@pytest.mark.parametrize(
    ("file", "args", "columns"),
    [
        ("explain.txt", (), None),
        ("explain.probes.txt", ("probes",), None),
        ("explain.probes.72.txt", ("probes",), "72"),
        ("explain.configuration.txt", ("configuration",), "200"),
    ],
)
def test_the_page_is_the_golden_one(file: str, args: tuple[str, ...], columns: str | None) -> None:
    found = run("explain", *args, env={"COLUMNS": columns} if columns else {})
    assert (found.exit_code, found.stderr) == (0, "")
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / file).write_text(found.stdout)
    assert found.stdout == (GOLDEN / file).read_text()
    assert max(map(len, found.stdout.splitlines())) <= min(int(columns or 100), 100)


def words(text: str) -> list[str]:
    """Without what is Markdown's or the terminal's, and without what stands on one side for finding one's way."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text.replace("\\|", "|"))
    return re.findall(r"[\w*=./'-]+", text.replace("`", "").replace("**", "").replace("\\*", "*"))


@EACH_KIND
def test_the_terminal_says_every_word_of_the_page(kind: table.Kind) -> None:
    page = gen_docs.page(kind).partition("# ")[2].partition("\nReasons that every kind may give")[0]
    for layout in (ORDER, "field | type | meaning", "reason | meaning", "---", "```yaml", "```", "##", "###"):
        assert layout in page or layout.startswith(("field", "###"))
        page = page.replace(layout, " ")
    told = words(run("explain", kind.name).stdout)
    assert [word for word in words(page) if word not in told] == []


@EACH_KIND
def test_each_reason_is_told_with_what_to_do(kind: table.Kind) -> None:
    told = " ".join(run("explain", kind.name).stdout.split())
    book = advice.read()
    for reason in (*kind.reasons, *explanation.shared()):
        one = book.kinds[kind.name].get(reason) or book.common[reason]
        assert (f"-> {one.do.partition(' [')[0]}" in told) or not one.do, reason


def test_links_lead_a_reader_at_a_terminal_to_files() -> None:
    told = " ".join(run("explain", "probes").stdout.split())
    assert "only if product teams cannot write there: see docs/security.md." in told
    assert "](" not in told


@EACH_KIND
def test_the_example_is_an_expectation_of_its_kind(kind: table.Kind) -> None:
    expectations: Any = yaml.safe_load(explanation.of(kind).example)
    spec = {"areas": [{"name": "area", "expectations": expectations}]}
    found = reviews.read({"metadata": {"name": "x", "namespace": "y"}, "spec": spec})
    assert isinstance(found, reviews.Review), found
    assert {one.check.one()[0] for one in found.spec.areas[0].expectations} == {kind.name}


@EACH_KIND
def test_every_parameter_that_may_be_absent_says_what_its_absence_means(kind: table.Kind) -> None:
    for group in explanation.of(kind).groups:
        for one in group.parameters:
            if group.name == "LabelSelector":  # Kubernetes' own: what is absent demands nothing
                continue
            placed = one.meaning.startswith("Required. ") or "Exactly one of" in one.meaning
            assert placed or "absent" in one.meaning.lower(), f"{group.name}.{one.name}"


@EACH_KIND
def test_every_parameter_says_of_which_type_it_is(kind: table.Kind) -> None:
    types = [one.type for group in explanation.of(kind).groups for one in group.parameters]
    assert not [type_ for type_ in types if "any" in type_.split()]


def test_labels_are_a_map_of_texts() -> None:
    groups = {group.name: group.parameters for group in explanation.of(table.by_name("externalSecrets")).groups}
    assert {one.name: one.type for one in groups["LabelSelector"]}["matchLabels"] == "map of text"


def test_several_kinds_are_told_once_each() -> None:
    found = run("explain", "nonRoot", "probes", "nonRoot")
    headings = [line for line in found.stdout.splitlines() if line in {"nonRoot", "probes"}]
    assert headings == ["nonRoot", "probes"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("probe", '"probe" is no kind: did you mean probes? The kinds are probes, nonRoot, '),
        ("non-root", '"non-root" is no kind: did you mean nonRoot? '),
        ("NONROOT", '"NONROOT" is no kind: did you mean nonRoot? '),
        ("BackupTooOld", '"BackupTooOld" is no kind, but a reason that backups gives. '),
        ("qqq", '"qqq" is no kind. The kinds are '),
        ("\x1b[2Jx\u202e", '"x" is no kind. '),
    ],
)
def test_what_is_no_kind_is_told_with_what_was_meant(given: str, said: str) -> None:
    found = run("explain", given)
    assert (found.exit_code, found.stdout, len(found.stderr.splitlines())) == (2, "", 1)
    assert found.stderr.startswith(f"readiness: {said}")
    assert all(kind.name in found.stderr for kind in table.TABLE)
