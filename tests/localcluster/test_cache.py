"""A binary counts only when it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.localcluster import cache
from hack.localcluster.cache import Cache


@pytest.fixture
def store(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def put(store: Cache, name: str, content: str) -> None:
    with store.filling(silent), store.scratch() as folder:
        finished = folder / name
        finished.write_text(content)
        store.put(name, finished)


def silent(_line: str) -> None:
    pass


def test_what_was_put_in_counts_and_is_executable(store: Cache) -> None:
    put(store, "etcd", "whole")
    assert store.missing(["etcd", "kubectl"]) == ["kubectl"]
    path = store.at_hand(["etcd", "kubectl"])["etcd"]
    assert path.read_text() == "whole"
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_file_without_its_marker_does_not_count(store: Cache) -> None:
    put(store, "etcd", "whole")
    store.drop("etcd")
    assert store.missing(["etcd"]) == ["etcd"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"size": "x"}'])
def test_a_broken_marker_does_not_count(store: Cache, text: str) -> None:
    put(store, "etcd", "whole")
    (store.folder / "etcd.complete").write_text(text)
    assert store.missing(["etcd"]) == ["etcd"]


def test_a_binary_cut_short_afterwards_does_not_count(store: Cache) -> None:
    put(store, "etcd", "whole")
    (store.folder / "etcd").write_text("wh")
    assert store.missing(["etcd"]) == ["etcd"]


def test_a_binary_changed_at_the_same_length_is_found_damaged(store: Cache) -> None:
    put(store, "etcd", "whole")
    put(store, "kubectl", "whole")
    (store.folder / "etcd").write_text("WHOLE")
    assert store.damaged(["etcd", "kubectl"]) == ["etcd"]


def test_scratch_is_gone_after_an_interruption_and_swept_after_a_kill(store: Cache) -> None:
    def interrupted() -> None:
        with store.filling(silent), store.scratch() as folder:
            (folder / "etcd").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in store.folder.iterdir()] == [cache.LOCK]
    left = store.folder / f"{cache.SCRATCH}killed"
    left.mkdir()
    with store.filling(silent):
        assert not left.exists()


def test_a_stale_pid_in_the_lock_file_stops_nobody(store: Cache) -> None:
    store.folder.mkdir()
    (store.folder / cache.LOCK).write_text("1\n")
    said: list[str] = []
    with store.filling(said.append):
        pass
    assert said == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"READINESS_CACHE": "/chosen", "XDG_CACHE_HOME": "/xdg"}, "/chosen"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/readiness-operator/localcluster"),
        ({"READINESS_CACHE": ""}, str(Path.home() / ".cache/readiness-operator/localcluster")),
    ],
)
def test_the_folder_is_chosen_by_the_environment(environment: dict[str, str], expected: str) -> None:
    assert str(cache.base(environment)) == expected
