"""
What stands on standard output, to the letter: scripts and people read it.

After a wanted change, `UPDATE_GOLDEN=1 pytest tests/cli/test_outputs.py` writes the files anew; read the difference.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness import __version__
from readiness.api import crd
from readiness.api.v1alpha1 import review as reviews
from readiness.api.v1alpha1.status import Condition, FindingStatus, Status
from readiness.collectors import manifests
from readiness.outputs import documents, terminal
from tests.cli.support import GOOD, REVIEW, review, run, written

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "args", "columns"),
    [
        ("table.txt", (), None),
        ("table.80.txt", (), "80"),
        ("list.json", ("--output", "json"), None),
        ("list.yaml", ("--output", "yaml"), None),
    ],
)
def test_the_output_is_the_golden_one(name: str, args: tuple[str, ...], columns: str | None) -> None:
    found = run(
        "review", "--now", "2026-11-21T10:00:00Z", "--manifests", GOLDEN / "input.yaml", *args, env=_env(columns)
    )
    assert (found.exit_code, found.stderr) == (1, "")
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found.stdout)
    assert found.stdout == golden.read_text()


def _env(columns: str | None) -> dict[str, str]:
    return {} if columns is None else {"COLUMNS": columns}


def test_json_and_yaml_say_the_same_and_the_items_are_reviews_with_a_status() -> None:
    listing = json.loads((GOLDEN / "list.json").read_text())
    assert yaml.safe_load((GOLDEN / "list.yaml").read_text()) == listing
    assert [one.value for one in manifests.documents((GOLDEN / "list.yaml").read_text())] == [listing]
    [item] = listing["items"]
    assert isinstance(reviews.read(item), reviews.Review)
    assert Status.read(item["status"]).dump() == item["status"]
    assert all(one["observedGeneration"] == 3 for one in item["status"]["conditions"])


def test_the_output_can_be_its_own_input() -> None:
    again = review("--file", GOLDEN / "list.yaml", "--manifests", GOLDEN / "input.yaml", "-o", "yaml")
    assert again.stdout == (GOLDEN / "list.yaml").read_text()


def test_several_reviews_stand_apart(tmp_path: Path) -> None:
    paths = written(tmp_path, all=f"{GOOD}---\n{REVIEW}---\n{REVIEW.replace('shop}', 'second}')}")
    blocks = review(paths["all"]).stdout.split("\n\ndefault/")
    assert len(blocks) == 2


# --- for people


def test_no_line_is_wider_than_the_terminal_but_by_one_long_word() -> None:
    assert max(map(len, (GOLDEN / "table.80.txt").read_text().splitlines())) <= 80


def test_nothing_is_wrapped_in_a_pipe() -> None:
    [line] = [line for line in (GOLDEN / "table.txt").read_text().splitlines() if "no readinessProbe" in line]
    assert len(line) > 80


def shown(raw: Mapping[str, Any], status: Status) -> str:
    return "\n".join(terminal.lines(raw, status, 100))


def test_colours_are_on_a_terminal_only() -> None:
    item = json.loads((GOLDEN / "list.json").read_text())["items"][0]
    text = shown(item, Status.read(item["status"]))
    assert click.style("Unmet", fg="red") in text
    assert "\x1b" not in (GOLDEN / "table.txt").read_text()


def test_a_status_that_no_operator_wrote_is_told_as_such() -> None:
    text = click.unstyle(shown({"metadata": {"name": "a", "namespace": "b"}}, Status()))
    assert text == "b/a  no operator has judged it"


HOSTILE = "\x1b]0;owned\x07\x1b[2Jgreen\u202e\n- Met"


def test_text_of_strangers_moves_no_cursor() -> None:
    item = json.loads((GOLDEN / "list.json").read_text())["items"][0]
    status = Status.read(item["status"])
    finding = FindingStatus.model_construct(
        kind=HOSTILE, name=HOSTILE, container=HOSTILE, item=HOSTILE, outcome="Unmet", reason=HOSTILE, message=HOSTILE
    )
    [area, *_] = status.areas
    expectation = area.expectations[0].model_copy(
        update={"findings": (finding,), "message": HOSTILE, "runbook": HOSTILE}
    )
    condition = Condition.model_construct(
        type="Ready",
        status="True",
        reason=HOSTILE,
        message=HOSTILE,
        last_transition_time=datetime(2026, 11, 21, tzinfo=UTC),
        observed_generation=1,
    )
    bad = status.model_copy(
        update={"areas": (area.model_copy(update={"expectations": (expectation,)}),), "conditions": (condition,)}
    )
    spec = {"owner": HOSTILE, "areas": [{"name": area.name, "title": HOSTILE, "owner": HOSTILE}, 3]}
    text = click.unstyle(shown({"metadata": {"name": HOSTILE, "namespace": HOSTILE}, "spec": spec}, bad))
    assert all(character == "\n" or character.isprintable() for character in text)
    assert not [line for line in text.splitlines() if line.startswith("- Met")]


# --- YAML


JSON = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_what_is_written_is_read_back_as_the_same_by_both_parsers(value: Any) -> None:
    text = documents.text({"value": value})
    assert yaml.safe_load(text) == {"value": value}
    assert [one.value for one in manifests.documents(text)] == [{"value": value}]


@pytest.mark.parametrize(
    "word", ["12e4567", "1e3", "0o7", "y", "N", "on", "0x1F", "1_000", ".5", "2026-11-21", "~", "1:30"]
)
def test_text_that_some_parser_takes_for_something_else_is_quoted(word: str) -> None:
    text = documents.text({word: word})
    assert [one.value for one in manifests.documents(text)] == [{word: word}]
    assert f"'{word}'" in text


def test_crds_are_printed_as_they_are_shipped() -> None:
    found = run("crds")
    shipped = [path.read_text().partition("\n")[2] for path in sorted((ROOT / "crds").glob("readiness.dev_*.yaml"))]
    assert (found.exit_code, found.stdout) == (0, "".join(f"---\n{text}" for text in shipped))
    assert list(yaml.safe_load_all(found.stdout)) == list(crd.documents())


# --- the program itself


def test_the_version_needs_none_of_the_operators_libraries() -> None:
    script = (
        "import sys, atexit\n"
        "heavy = ('kopf', 'kubernetes', 'aiohttp', 'pydantic', 'yaml', 'prometheus_client', 'structlog', 'asyncio')\n"
        "atexit.register(lambda: print([name for name in heavy if name in sys.modules]))\n"
        "from readiness.runtime import cli\n"
        "cli.main(['--version'])\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == f"readiness {__version__}\n[]\n"


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("crds", ("kopf", "kubernetes", "aiohttp")),
        ("explain", ("kopf", "kubernetes", "aiohttp")),
        ("review", ("kopf",)),
        ("status", ("kopf",)),
    ],
)
def test_other_commands_need_no_kopf(command: str, needless: tuple[str, ...], tmp_path: Path) -> None:
    paths = written(tmp_path, all=f"{GOOD}---\n{REVIEW}")
    given = {"review": [str(paths["all"])], "status": ["--kubeconfig", str(tmp_path / "none")]}
    args = [command, *given.get(command, [])]
    script = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print([name for name in {needless!r} if name in sys.modules], file=sys.stderr))\n"
        f"from readiness.runtime import cli\ncli.main({args!r})\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == (2 if command == "status" else 0)
    assert found.stderr.endswith("[]\n")


def test_help_names_every_command() -> None:
    found = run("--help")
    assert (found.exit_code, found.stderr) == (0, "")
    assert all(f"  {command} " in found.stdout for command in ("crds", "explain", "review", "run", "status"))
    assert "..." not in found.stdout.partition("Commands:")[2]


@pytest.mark.parametrize("args", [["nonsense"], ["--nonsense"], ["run", "--nonsense"], ["crds", "extra"]])
def test_a_wrong_call_is_one_line(args: list[str]) -> None:
    found = run(*args)
    assert (found.exit_code, found.stdout, len(found.stderr.splitlines())) == (2, "", 1)
    assert found.stderr.startswith("readiness: ")
    assert "--help)" in found.stderr


def test_a_wrong_setting_ends_the_operator_before_it_starts() -> None:
    found = run("run", "--listen-port", "x", "--log-level", "LOUD", env={"READINESS_HOLD_FOR": "1d"})
    assert (found.exit_code, found.stdout, len(found.stderr.splitlines())) == (2, "", 3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_operator_without_a_cluster_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "readiness", "run", "--kubeconfig", str(tmp_path / "none")]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.splitlines()[-1].startswith("readiness: cannot connect to the API server: ")
    assert "Traceback" not in found.stderr
