"""`stop` ends what dead owners left, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.localcluster import guard, records


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READINESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    yield child
    child.kill()
    child.wait()


def recorded(home: Path, server: subprocess.Popen[bytes], **changed: object) -> Path:
    home.mkdir()
    record = records.Record(home, home / "kubeconfig")
    record.write([server.pid])
    content = json.loads(record.path.read_text())
    record.path.write_text(json.dumps(content | changed))
    return record.path


def test_a_dead_owner_leaves_nothing(tmp_path: Path, server: subprocess.Popen[bytes]) -> None:
    home = tmp_path / "readiness-localcluster-x"
    path = recorded(home, server, owner={"pid": 2**22 + 1, "born": "1"})
    assert "stale, ended 1 servers" in records.clean()[0]
    assert not guard.alive(server.pid)
    assert not home.exists()
    assert not path.exists()


def test_a_living_owner_is_left_alone(tmp_path: Path, server: subprocess.Popen[bytes]) -> None:
    home = tmp_path / "readiness-localcluster-x"
    path = recorded(home, server)
    assert f"in use by PID {os.getpid()}" in records.clean()[0]
    assert guard.alive(server.pid)
    assert home.exists()
    assert path.exists()


def test_a_pid_given_to_another_process_is_not_touched(tmp_path: Path, server: subprocess.Popen[bytes]) -> None:
    recycled = {"pid": server.pid, "born": "1"}
    path = recorded(tmp_path / "readiness-localcluster-x", server, owner=recycled, servers=[recycled])
    assert "stale, ended 0 servers" in records.clean()[0]
    assert guard.alive(server.pid)
    assert not path.exists()


def test_a_folder_that_is_not_ours_is_not_removed(tmp_path: Path, server: subprocess.Popen[bytes]) -> None:
    home = tmp_path / "somebody"
    recorded(home, server, owner={"pid": 2**22 + 1, "born": "1"})
    records.clean()
    assert home.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"owner": 1, "folder": "x", "servers": [{}]}'])
def test_an_unreadable_record_is_removed(text: str) -> None:
    path = records.folder() / "x.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert records.clean() == ["x.json: unreadable, removed"]
    assert not path.exists()
