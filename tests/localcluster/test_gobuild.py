"""A build that ends early, in whatever way, leaves neither processes nor a binary that counts."""

from __future__ import annotations

import signal

import pytest

from hack.localcluster import cache, gobuild
from hack.localcluster.errors import NotHereError
from hack.tools import binary
from tests.localcluster.support import FakeGo, everything, gone, until


def silent(_line: str) -> None:
    pass


def clean(fake: FakeGo) -> None:
    """Nothing of an unfinished build is left."""
    store = cache.here(fake.environment)
    assert store.missing(everything()) == list(everything())
    assert [path.name for path in store.folder.iterdir() if path.name != cache.LOCK] == []


def test_every_binary_is_built_once_and_then_at_hand(fake_go: FakeGo) -> None:
    said: list[str] = []
    found = gobuild.build(everything(), fake_go.environment, said.append)
    assert {name: path.read_text() for name, path in found.items()} == dict.fromkeys(everything(), "whole")
    for name in everything():
        assert any(line.startswith(f"{name}: building … ") for line in said)
        assert any(line.startswith(f"{name}: built in ") for line in said)
    gobuild.build(everything(), fake_go.environment, silent)
    assert fake_go.calls() == list(everything())


def test_helm_is_built_as_they_are(fake_go: FakeGo) -> None:
    fake_go.mode("fail")
    with pytest.raises(NotHereError, match="cannot find module"):
        binary.helm(fake_go.environment, silent)
    assert binary.helm_at_hand(fake_go.environment) is None
    fake_go.mode("good")
    assert binary.helm(fake_go.environment, silent).read_text() == "whole"
    assert binary.helm_at_hand(fake_go.environment) is not None


def test_a_failed_build_says_what_go_said(fake_go: FakeGo) -> None:
    fake_go.mode("fail")
    with pytest.raises(NotHereError, match="cannot find module"):
        gobuild.build(everything(), fake_go.environment, silent)
    clean(fake_go)


@pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "devel", ""])
def test_an_old_or_unknown_go_is_not_used(fake_go: FakeGo, version: str) -> None:
    with pytest.raises(NotHereError, match=r"1\.26 or newer"):
        gobuild.build(everything(), fake_go.environment | {"FAKE_GO_VERSION": version or " "}, silent)
    assert fake_go.calls() == []


def test_without_go_on_path(fake_go: FakeGo) -> None:
    with pytest.raises(NotHereError, match="no go command"):
        gobuild.build(everything(), fake_go.environment | {"PATH": str(fake_go.folder)}, silent)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(fake_go: FakeGo, number: signal.Signals) -> None:
    fake_go.mode("hang")
    running = fake_go.command("build")
    pids = fake_go.pids()
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    gone(pids)
    assert running.returncode == 130, said
    clean(fake_go)


def test_a_killed_build_leaves_no_process_and_the_next_one_works(fake_go: FakeGo) -> None:
    fake_go.mode("hang")
    running = fake_go.command("build")
    pids = fake_go.pids()
    running.kill()
    running.communicate(timeout=30)
    gone(pids)
    clean_eventually(fake_go)
    fake_go.mode("good")
    again = fake_go.command("build")
    _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert cache.here(fake_go.environment).missing(everything()) == []


def clean_eventually(fake: FakeGo) -> None:
    folder = cache.here(fake.environment).folder
    until(lambda: not list(folder.glob(f"{cache.SCRATCH}*")), "the watchdog removed the unfinished build")
    clean(fake)


def test_two_at_once_build_once(fake_go: FakeGo) -> None:
    fake_go.mode("gate")
    first = fake_go.command("build")
    until(lambda: fake_go.calls() != [], "the first build runs")
    second = fake_go.command("build")
    assert second.stderr is not None
    until_line = next(line for line in second.stderr if "another process" in line)
    assert f"PID {first.pid}" in until_line
    (fake_go.folder / "open").touch()
    for running in (first, second):
        _, said = running.communicate(timeout=60)
        assert running.returncode == 0, said
    assert fake_go.calls() == list(everything())
