"""The five providers: which one serves, and the sentence that says why another did not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from hack.localcluster import NoControlPlaneError, RefusedError, cache, foreign, kind, providers
from hack.localcluster.errors import NotHereError
from hack.localcluster.providers import Request
from tests.localcluster.support import NOBODY, SYSTEM_PATH, FakeGo, everything, gone, script, until


def silent(_line: str) -> None:
    pass


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it."""
    return {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(tmp_path),
        "READINESS_CACHE": str(tmp_path / "cache"),
        "READINESS_DOWNLOAD_BASE": NOBODY,
    }


def kubeconfig(path: Path, context: object) -> Path:
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": context}))
    return path


def fill(environment: dict[str, str], *names: str) -> None:
    store = cache.here(environment)
    with store.filling(silent), store.scratch() as folder:
        for name in names:
            finished = folder / name
            finished.write_text("#!/bin/sh\n")
            store.put(name, finished)


def test_a_machine_with_nothing_gets_every_reason(environment: dict[str, str]) -> None:
    said: list[str] = []
    with pytest.raises(NoControlPlaneError) as caught:
        providers.find(Request(environment, said.append))
    text = str(caught.value)
    for name, reason in {
        "explicit kubeconfig": "READINESS_TEST_KUBECONFIG is not set",
        "binaries at hand": "has no etcd",
        "kind": "no docker client",
        "download": "cannot be reached",
        "Go build": "no go command",
    }.items():
        line = next(line for line in text.splitlines() if line.strip().startswith(f"{name}: "))
        assert reason in line
        assert any(line.startswith(f"skipped {name}: ") for line in said)


def test_the_order_of_the_providers() -> None:
    assert list(providers.PROVIDERS) == ["explicit kubeconfig", "binaries at hand", "kind", "download", "Go build"]


def test_the_first_that_works_ends_the_search(environment: dict[str, str]) -> None:
    def never(_request: Request) -> dict[str, Path]:
        raise AssertionError("asked although another served")

    def serves(_request: Request) -> dict[str, Path]:
        return {"etcd": Path("/etcd")}

    def does_not(_request: Request) -> dict[str, Path]:
        raise NotHereError("not here")

    table = {"no": does_not, "yes": serves, "never": never}
    assert providers.find(Request(environment, silent), table) == {"etcd": Path("/etcd")}


@pytest.mark.parametrize("context", ["production", "my-kind-cluster", "readiness", "Kind-x", ""])
def test_a_context_that_is_not_for_tests_is_refused(environment: dict[str, str], tmp_path: Path, context: str) -> None:
    chosen = kubeconfig(tmp_path / "config", context)
    with pytest.raises(RefusedError):
        providers.find(Request(environment | {foreign.VARIABLE: str(chosen)}, silent))


@pytest.mark.parametrize("text", ["", "[]", "a: [", "current-context: 5", "\x00"])
def test_a_broken_kubeconfig_is_refused(environment: dict[str, str], tmp_path: Path, text: str) -> None:
    chosen = tmp_path / "config"
    chosen.write_text(text)
    with pytest.raises(RefusedError):
        foreign.explicit(environment | {foreign.VARIABLE: str(chosen)})


def test_a_missing_kubeconfig_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no readable kubeconfig"):
        foreign.explicit(environment | {foreign.VARIABLE: str(tmp_path / "missing")})


@pytest.mark.parametrize("context", ["kind-x", "my-readiness-test-1"])
def test_a_context_for_tests_passes_the_name_check(environment: dict[str, str], tmp_path: Path, context: str) -> None:
    chosen = kubeconfig(tmp_path / "config", context)
    with pytest.raises(NotHereError, match="no kubectl"):
        foreign.explicit(environment | {foreign.VARIABLE: str(chosen)})


def test_the_cache_must_be_complete(environment: dict[str, str]) -> None:
    fill(environment, *(name for name in everything() if name != "kube-apiserver"))
    with pytest.raises(NotHereError, match=r"has no kube-apiserver$"):
        providers.at_hand(Request(environment, silent))
    fill(environment, "kube-apiserver")
    assert set(providers.at_hand(Request(environment, silent))) == set(everything())


def test_without_controllers_three_binaries_are_enough(environment: dict[str, str]) -> None:
    fill(environment, "etcd", "kube-apiserver", "kubectl")
    assert len(providers.at_hand(Request(environment, silent, controllers=False))) == 3


def test_assets_come_before_the_cache_if_complete(environment: dict[str, str], tmp_path: Path) -> None:
    fill(environment, *everything())
    assets = tmp_path / "assets"
    for name in everything():
        script(assets, name, "#!/bin/sh\n")
    chosen = environment | {"KUBEBUILDER_ASSETS": str(assets)}
    assert providers.at_hand(Request(chosen, silent))["etcd"] == assets / "etcd"
    (assets / "kwok").chmod(0o644)
    assert providers.at_hand(Request(chosen, silent))["etcd"] == cache.here(chosen).folder / "etcd"


def test_incomplete_assets_are_named_in_the_reason(environment: dict[str, str], tmp_path: Path) -> None:
    chosen = environment | {"KUBEBUILDER_ASSETS": str(tmp_path)}
    with pytest.raises(NotHereError, match=r"KUBEBUILDER_ASSETS=.* has no etcd.*; the cache"):
        providers.at_hand(Request(chosen, silent))


def with_docker(environment: dict[str, str], tmp_path: Path, text: str) -> dict[str, str]:
    script(tmp_path / "bin", "docker", f"#!/bin/sh\n{text}\n")
    return environment | {"PATH": f"{tmp_path / 'bin'}:{SYSTEM_PATH}"}


def test_a_docker_client_without_an_engine(environment: dict[str, str], tmp_path: Path) -> None:
    text = "echo Cannot connect to the Docker daemon >&2; exit 1"
    script(tmp_path / "bin", "kind", f"#!/bin/sh\ntouch {tmp_path / 'asked'}\n")
    with pytest.raises(NotHereError, match=r"docker version.* ended with 1: Cannot connect"):
        kind.create(with_docker(environment, tmp_path, text), silent, 1, controllers=False)
    assert not (tmp_path / "asked").exists()


def test_an_engine_that_hangs_is_given_up_soon(environment: dict[str, str], tmp_path: Path) -> None:
    text = f"sleep 1000 & echo $$ $! > {tmp_path / 'pids'}; wait"
    started = time.monotonic()
    with pytest.raises(NotHereError, match="did not answer within"):
        kind.create(with_docker(environment, tmp_path, text), silent, 1, controllers=False)
    assert time.monotonic() - started < 15
    until((tmp_path / "pids").exists, "the fake client wrote its PIDs")
    gone([int(word) for word in (tmp_path / "pids").read_text().split()])


def test_an_engine_without_kind(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NotHereError, match="no kind on PATH"):
        kind.create(with_docker(environment, tmp_path, "echo 29.1"), silent, 1, controllers=False)


def test_a_kind_that_fails_is_cleaned_up(environment: dict[str, str], tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    script(tmp_path / "bin", "kind", f'#!/bin/sh\necho "$1 $4" >> {calls}\n[ "$1" = delete ] || exit 1\n')
    fill(environment, "kubectl")
    with pytest.raises(NotHereError, match="kind create cluster"):
        kind.create(with_docker(environment, tmp_path, "echo 29.1"), silent, 1, controllers=False)
    created, deleted = (line.split() for line in calls.read_text().splitlines())
    assert (created[0], deleted[0]) == ("create", "delete")
    assert created[1] == deleted[1]
    assert created[1].startswith("readiness-test-")


def test_a_failed_download_falls_through_to_the_build(fake_go: FakeGo) -> None:
    found = providers.find(Request(fake_go.environment, silent), providers.BINARIES)
    assert isinstance(found, dict)
    assert set(found) == set(everything())
    assert fake_go.calls() == list(everything())
