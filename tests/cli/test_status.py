"""
What `readiness status` prints of stored reviews, and what it never prints: a certificate that does not stand.

After a wanted change, `UPDATE_GOLDEN=1 pytest tests/cli/test_status.py` writes the files anew; read the difference.
"""

import asyncio
import copy
import json
import os
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from readiness.api.v1alpha1.status import Status
from readiness.collectors.clock import ServerClock
from readiness.collectors.errors import Forbidden
from readiness.collectors.reviews import Place, State
from readiness.outputs import standing
from readiness.outputs.ages import age
from readiness.runtime import cli, status
from readiness.runtime.status import Asked, Pages, follow
from tests.cli.support import run
from tests.judgement.facts import NEVER

GOLDEN = Path(__file__).parent / "golden"
RED: dict[str, Any] = json.loads((GOLDEN / "list.json").read_text())["items"][0]
NOW = datetime(2026, 11, 21, 12, 3, 5, tzinfo=UTC)
UNTIL = "2026-11-21T12:30:00Z"
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def _unwrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a pipe, whatever the workers of a test run are told."""
    monkeypatch.delenv("COLUMNS", raising=False)


def certified(name: str = "shop") -> dict[str, Any]:
    """As the operator writes it, in short."""
    since = "2026-11-20T10:00:00Z"
    conditions = [
        {"type": "Ready", "status": "True", "reason": "Certified", "message": f"certified until {UNTIL}"},
        {"type": "EvidenceFresh", "status": "True", "reason": "AllSourcesFresh", "message": "all sources are fresh"},
    ]
    return {
        "metadata": {"name": name, "namespace": "orders", "uid": name, "generation": 4},
        "spec": {"owner": "team-orders", "areas": [{"name": "security", "owner": "sre"}]},
        "status": {
            "observedGeneration": 4,
            "certifiedAt": since,
            "validUntil": UNTIL,
            "lastEvaluationTime": "2026-11-21T12:00:00Z",
            "conditions": [{**one, "observedGeneration": 4, "lastTransitionTime": since} for one in conditions],
            "summary": {"total": 2, "met": 2, "display": "2/2"},
            "areas": [
                {
                    "name": "security",
                    "outcome": "Met",
                    "expectations": [{"name": "non-root", "outcome": "Met", "reason": "NonRootEnforced", "met": 2}],
                }
            ],
        },
    }


def changed(edit: Edit, review: dict[str, Any] | None = None) -> dict[str, Any]:
    made = copy.deepcopy(review or certified())
    edit(made)
    return made


def shown(*reviews: dict[str, Any], name: str | None = None, at: datetime = NOW, lost: str = "") -> str:
    pages, state = Pages(Asked("readiness", name), Place("orders", name)), State(reviews, lost)
    return pages.text(state, pages.standings(state, at))


def set_in(*path: str | int, to: object) -> Edit:
    def edit(review: dict[str, Any]) -> None:
        inner: Any = review
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = to

    return edit


READY = ("status", "conditions", 0)
PAST = set_in("status", "validUntil", to="2026-11-21T12:03:05Z")
OUTDATED = set_in("metadata", "generation", to=5)
INVALID: dict[str, Any] = {
    "metadata": {"name": "typo", "namespace": "orders", "generation": 1},
    "spec": {},
    "status": {
        "observedGeneration": 1,
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "InvalidSpec",
                "message": "spec.areas[0].name: is longer than 48 characters: shorten it",
                "observedGeneration": 1,
                "lastTransitionTime": "2026-11-18T09:00:00Z",
            }
        ],
    },
}
UNSEEN: dict[str, Any] = {
    "metadata": {"name": "new", "namespace": "orders", "generation": 1},
    "spec": {},
    "status": NEVER.dump(),
}


@pytest.mark.parametrize(
    ("file", "name", "reviews", "columns"),
    [
        ("status.red.txt", "order-platform", [RED], None),
        ("status.red.80.txt", "order-platform", [RED], "80"),
        ("status.certified.txt", "shop", [certified()], None),
        ("status.expired.txt", "shop", [changed(PAST)], None),
        ("status.outdated.txt", "order-platform", [changed(OUTDATED, RED)], None),
        ("status.unseen.txt", "new", [UNSEEN], None),
        ("status.list.txt", None, [UNSEEN, RED, certified(), changed(PAST, certified("past")), INVALID], None),
        ("status.list.80.txt", None, [UNSEEN, RED, certified(), changed(PAST, certified("past")), INVALID], "80"),
    ],
)
def test_the_page_is_the_golden_one(
    file: str, name: str | None, reviews: list[dict[str, Any]], columns: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    text = click.unstyle(shown(*reviews, name=name))
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / file).write_text(text)
    assert text == (GOLDEN / file).read_text()


def test_getting_started_shows_the_golden_list() -> None:
    page = (GOLDEN.parents[2] / "docs" / "getting-started.md").read_text()
    assert f"$ readiness status -n orders\n{(GOLDEN / 'status.list.txt').read_text()}```" in page


# --- never a certificate that does not stand


DOUBTS: dict[str, tuple[Edit, str]] = {
    "expired": (PAST, "expired at 2026-11-21T12:03:05Z"),
    "long expired": (set_in("status", "validUntil", to="2026-11-20T12:00:00Z"), "expired at 2026-11-20T12:00:00Z"),
    "no end": (lambda one: one["status"].pop("validUntil"), "without validUntil"),
    "spec changed": (OUTDATED, "judged at generation 4, it is now 5"),
    "status of another": (set_in("status", "observedGeneration", to=3), "judged at generation 3, it is now 4"),
    "condition of another": (set_in(*READY, "observedGeneration", to=2), "judged at generation 2, it is now 4"),
    "condition of none": (lambda one: one["status"]["conditions"][0].pop("observedGeneration"), "it is now 4"),
    "generation unknown": (lambda one: one["metadata"].pop("generation"), "judged at generation 4"),
    "being deleted": (set_in("metadata", "deletionTimestamp", to="2026-11-21T12:00:00Z"), "it is being deleted"),
    "suspended": (set_in("spec", "suspend", to=True), "the review is suspended"),
    "not judged": (set_in("status", "observedGeneration", to=-1), "no operator has judged it"),
    "no status": (lambda one: one.pop("status"), "no operator has judged it"),
    "no conditions": (set_in("status", "conditions", to=[]), "no operator has judged it"),
    "not understood": (set_in("status", "conditions", to=7), "its status is not understood"),
    "a list": (set_in("status", to=[1]), "its status is not understood"),
    "an unmet expectation": (
        set_in("status", "areas", 0, "expectations", 0, "outcome", to="Unmet"),
        "no operator writes this status",
    ),
    "stalled": (
        lambda one: one["status"]["conditions"].append({**one["status"]["conditions"][0], "type": "Stalled"}),
        "no operator writes this status",
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
@pytest.mark.parametrize("name", ["shop", None])
def test_what_does_not_stand_is_no_certificate(case: str, name: str | None) -> None:
    edit, said = DOUBTS[case]
    review = changed(edit)
    text = shown(review, name=name)
    assert said in click.unstyle(text)
    assert f"\x1b[{33}m" in text, "yellow"
    assert f"\x1b[{32}m" not in text, "nothing is green"
    assert "certified" not in click.unstyle(text).replace("0 of 1 certified", "")
    assert "valid until" not in text
    assert not standing.of(review, status._status(review), NOW).certified


@pytest.mark.parametrize("name", ["shop", None])
def test_without_contact_nothing_is_green(name: str | None) -> None:
    text = shown(certified(), name=name, lost="Unreachable: refused")
    assert "no contact with the API server, so that this may be past: Unreachable: refused" in text
    assert f"\x1b[{32}m" not in text
    assert "certified" not in click.unstyle(text).replace("0 of 1 certified", "")


@pytest.mark.parametrize("name", ["shop", None])
def test_what_stands_is_green(name: str | None) -> None:
    text = shown(certified(), name=name)
    assert click.style("certified", fg="green", bold=True)[:-4] in text
    assert "valid until 2026-11-21T12:30:00Z (26m55s left)" in text
    found = standing.of(certified(), status._status(certified()), NOW)
    assert (found.certified, found.doubts, found.until) == (True, (), NOW + timedelta(minutes=26, seconds=55))


def test_a_certificate_on_held_evidence_says_so() -> None:
    lost = changed(set_in("status", "conditions", 1, "status", to="False"))
    lost["status"]["conditions"][1]["message"] = "held since 2026-11-21T12:00:00Z"
    for name in ("shop", None):
        assert "evidence: held since 2026-11-21T12:00:00Z" in shown(lost, name=name)


HOSTILE = "\x1b]0;owned\x07\x1b[2Jgreen\u202e\n- Met \x9b31m"


def poisoned(value: Any, keep: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: one if key in keep else poisoned(one, keep) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one, keep) for one in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("name", ["x", None])
@pytest.mark.parametrize("review", [RED, certified(), UNSEEN], ids=["red", "certified", "unseen"])
def test_text_of_strangers_moves_no_cursor(name: str | None, review: dict[str, Any]) -> None:
    """Whatever a status may hold as text; what has a form of its own is refused with the whole of it."""
    formed = {"type", "reason", "lastTransitionTime", "validUntil", "since", "certifiedAt", "lastEvaluationTime"}
    formed |= {"notReadySince", "generationSince", "evidenceTime", "status"}
    bad = {**poisoned(review, frozenset(formed)), "status": poisoned(review["status"], frozenset(formed))}
    text = click.unstyle(shown(bad, name=name, lost=HOSTILE))
    assert "- Met" in text
    assert all(character == "\n" or character.isprintable() for character in text)
    assert not [line for line in text.splitlines() if line.startswith("- Met")]


def test_only_kinds_that_exist_are_named_in_a_command() -> None:
    review = changed(set_in("status", "areas", 0, "expectations", 0, "kind", to="x; reboot"), RED)
    text = click.unstyle(shown(review, name="order-platform"))
    assert text.endswith("\n\n  what the reasons mean: readiness explain probes backups\n")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0s"),
        (0.9, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m59s"),
        (7380, "2h3m"),
        (86400, "1d"),
        (273600, "3d4h"),
    ],
)
def test_an_age_has_two_units_at_most(seconds: float, said: str) -> None:
    assert age(timedelta(seconds=seconds)) == said


# --- following


class Screen(Pages):
    """Keeps what would be printed."""

    def __init__(self, name: str | None = "shop") -> None:
        super().__init__(Asked("readiness", name), Place("orders", name))
        self.pages: list[str] = []
        self.enough = asyncio.Event()
        self.wanted = 1

    def show(self, state: State, standings: tuple[standing.Standing, ...], at: datetime) -> None:  # noqa: ARG002  # no line of its own
        self.pages.append(click.unstyle(self.text(state, standings)))
        if len(self.pages) >= self.wanted:
            self.enough.set()


class Hands:
    """Clocks set by hand, and states as they are given."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOW, 0.0
        self.clock = ServerClock(lambda: self.wall, lambda: self.seconds)
        self.clock.heard("Sat, 21 Nov 2026 12:03:05 GMT", 0.0)
        self.given: asyncio.Queue[State] = asyncio.Queue()

    def pass_by(self, seconds: float, asleep: float = 0.0) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds + asleep)

    async def states(self) -> AsyncGenerator[State, None]:
        while True:
            yield await self.given.get()

    async def until(self, screen: Screen, pages: int) -> None:
        screen.wanted = pages
        if len(screen.pages) < pages:
            screen.enough.clear()
            async with asyncio.timeout(10):
                await screen.enough.wait()


@pytest.fixture
async def followed() -> AsyncGenerator[tuple[Hands, Screen], None]:
    hands, screen = Hands(), Screen()
    task = asyncio.create_task(follow(hands.states(), hands.clock, screen, look=0.01))
    yield hands, screen
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_page_is_printed_when_it_changes_and_not_otherwise(followed: tuple[Hands, Screen]) -> None:
    hands, screen = followed
    hands.given.put_nowait(State((certified(),)))
    await hands.until(screen, 1)
    hands.given.put_nowait(State((changed(set_in("metadata", "resourceVersion", to="9")),)))
    hands.given.put_nowait(State((RED,)))
    await hands.until(screen, 2)
    hands.given.put_nowait(State(()))
    await hands.until(screen, 3)
    assert [page.partition("\n")[0] for page in screen.pages] == [
        "orders/shop  certified (Certified) since 2026-11-20T10:00:00Z (1d2h)",
        "orders/order-platform  not ready (BlockingFindings) since 2026-11-21T10:00:00Z (2h3m)",
        'no review "shop" in namespace orders: see readiness status -A',
    ]


async def test_a_certificate_runs_out_without_an_event(followed: tuple[Hands, Screen]) -> None:
    hands, screen = followed
    hands.given.put_nowait(State((certified(),)))
    await hands.until(screen, 1)
    hands.pass_by(26 * 60 + 55)
    await hands.until(screen, 2)
    assert "orders/shop  expired\n  expired at 2026-11-21T12:30:00Z" in screen.pages[1]


async def test_lost_contact_is_shown_and_its_end_too(followed: tuple[Hands, Screen]) -> None:
    hands, screen = followed
    for reviews in ((certified(),), ()):
        for lost in ("", "refused\x1b[2J", ""):
            hands.given.put_nowait(State(reviews, lost))
    await hands.until(screen, 6)
    assert ["no contact" in page for page in screen.pages] == [False, True, False] * 2
    assert "\x1b" not in "".join(screen.pages)


async def test_a_machine_that_slept_believes_nothing_until_it_hears_again(followed: tuple[Hands, Screen]) -> None:
    hands, screen = followed
    hands.given.put_nowait(State((certified(),)))
    await hands.until(screen, 1)
    hands.pass_by(1, asleep=3600)
    await hands.until(screen, 2)
    assert "this machine has slept since" in screen.pages[1]
    hands.clock.heard("Sat, 21 Nov 2026 13:03:06 GMT", hands.seconds)
    hands.given.put_nowait(State((certified(),)))
    await hands.until(screen, 3)
    assert "orders/shop  expired\n" in screen.pages[2]


async def test_a_first_list_that_fails_is_raised() -> None:
    async def refused() -> AsyncGenerator[State, None]:
        raise Forbidden("no")
        yield State(())

    with pytest.raises(Forbidden):
        await follow(refused(), Hands().clock, Screen())


# --- the call


def test_a_name_goes_with_one_namespace() -> None:
    for args, said in ((("shop", "-A"), "without NAME"), (("-A", "-n", "x"), "without --namespace")):
        found = run("status", *args)
        assert (found.exit_code, found.stdout, len(found.stderr.splitlines())) == (2, "", 1)
        assert said in found.stderr


def test_without_a_kubeconfig_it_says_where_it_looked(tmp_path: Path) -> None:
    found = run("status", env={"KUBECONFIG": f"{tmp_path}/a:{tmp_path}/b"})
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr == (
        f"readiness: no usable credentials: there is no kubeconfig at {tmp_path}/a or {tmp_path}/b: "
        "see --kubeconfig and --context, and kubectl config view\n"
    )


def test_as_a_plugin_it_is_called_by_kubectl(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/kubectl-readiness", "status", "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: kubectl readiness status [OPTIONS] [NAME]\n")


def test_status_reads_what_status_is() -> None:
    assert status._status({"status": {"observedGeneration": 4}}) == Status(observed_generation=4)
    assert status._status({}) == Status()
