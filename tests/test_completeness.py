"""A kind is four things that share one word, and the package keeps its shape: what no type checker sees is seen here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack import gen_docs
from readiness.api.v1alpha1.check import KINDS
from readiness.expectations import table
from tests.expectations.example import EXAMPLES, all_examples, judge

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "operator" / "readiness"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [kind.name for kind in table.TABLE]
EACH_KIND = pytest.mark.parametrize("kind", table.TABLE, ids=NAMES)
EACH_MODULE = pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def modules_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}


def test_every_kind_has_its_four_parts_and_its_page() -> None:
    written = set(NAMES)
    snake = {gen_docs.snake(name) for name in written}
    assert len(NAMES) == len(written)
    assert set(KINDS) == written
    assert modules_in(PACKAGE / "api" / "v1alpha1" / "expectations") == snake
    assert modules_in(PACKAGE / "expectations" / "kinds") == snake
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"} == written
    assert {path.stem for path in (ROOT / gen_docs.FOLDER).glob("*.md")} - {"README"} == written


@EACH_KIND
def test_every_outcome_has_an_example(kind: table.Kind) -> None:
    outcomes = {path.name.partition(".")[0] for path in (EXAMPLES / kind.name).glob("*.yaml")}
    assert {"met", "unmet", "unknown"} <= outcomes
    assert outcomes <= {"met", "unmet", "unknown", "notapplicable"}


@EACH_KIND
def test_every_reason_is_reached_by_an_example(kind: table.Kind) -> None:
    """Reached, not only written down: the findings themselves are looked at."""
    examples = [example for example in all_examples() if example.kind == kind.name]
    reached = {finding.reason for example in examples for finding in judge(example).findings}
    assert not set(kind.reasons) - reached
    assert len(kind.reasons) == len(set(kind.reasons))


@EACH_KIND
def test_every_reason_and_field_is_explained(kind: table.Kind) -> None:
    page = dict(gen_docs.pages())[f"{gen_docs.FOLDER}/{kind.name}.md"]
    assert not re.findall(r"^\| \S+ \|\s*\|$", page, flags=re.MULTILINE), "a reason without a comment beside it"
    assert not re.findall(r"^\|[^|]+\|.*\|\s*\|$", page, flags=re.MULTILINE), "a field without a description"
    assert gen_docs.statement(kind.doc).endswith(".")


@EACH_KIND
def test_what_it_reads_is_projected(kind: table.Kind) -> None:
    example = next(one for one in all_examples() if one.kind == kind.name)
    _, want = example.expectation.check.one()
    assert kind.reads(want)


def test_the_pages_are_up_to_date() -> None:
    for path, text in gen_docs.pages():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: run `make generate`"


def test_the_source_root_is_no_package() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists(), "it would shadow the standard library's operator"


@EACH_MODULE
def test_a_module_says_why_it_exists_and_stays_readable(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "no docstring"


@EACH_MODULE
def test_a_function_stays_readable(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name


def broad(handler: ast.ExceptHandler) -> bool:
    """Whether it swallows whatever comes; one that cleans up and raises again does not."""
    named = [handler.type] if not isinstance(handler.type, ast.Tuple) else handler.type.elts
    everything = handler.type is None or any(
        isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"} for one in named
    )
    last = handler.body[-1]
    return everything and not (isinstance(last, ast.Raise) and last.exc is None)


def broad_excepts() -> Iterator[str]:
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and broad(node):
                yield f"{module.relative_to(ROOT)}:{node.lineno}"


def test_there_are_two_doors_at_most_behind_which_anything_may_fail() -> None:
    found = list(broad_excepts())
    assert len(found) <= 2, found
