"""Which kubeconfig, context and namespace the command line takes: those that kubectl would."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.collectors import credentials
from readiness.collectors.connection import Api, Unauthorized
from tests.collectors.faulty_server import clock


def contexts(path: Path, *names: str, current: str | None = None, server: str = "http://127.0.0.1:1") -> Path:
    """One context for each name, in a namespace called so."""
    body: dict[str, Any] = {
        "contexts": [{"name": one, "context": {"cluster": "k", "namespace": f"in-{one}"}} for one in names],
        "clusters": [{"name": "k", "cluster": {"server": server}}],
    }
    path.write_text(yaml.safe_dump(body | ({} if current is None else {"current-context": current})))
    return path


async def found(kubeconfig: Path | None = None, context: str | None = None) -> str:
    async with await Api.as_kubectl(str(kubeconfig) if kubeconfig else None, context, clock=clock()) as api:
        return api.namespace


async def test_contexts_are_chosen_as_kubectl_chooses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = contexts(tmp_path / "one", "a", "b", current="b")
    two = contexts(tmp_path / "two", "c", "a", current="c")
    none = contexts(tmp_path / "none", "d", current="")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/absent::{none}:{one}:{two}")
    assert await found() == "in-b", "the first current context that is named"
    assert await found(context="c") == "in-c"
    assert await found(two) == "in-c", "a flag wins"
    assert await found(one, "a") == "in-a"
    with pytest.raises(Unauthorized, match="nowhere"):
        await found(one, "nowhere")
    with pytest.raises(Unauthorized, match=r"there is no kubeconfig at .*/absent"):
        await found(tmp_path / "absent")


async def test_the_users_kubeconfig_is_the_last_to_be_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(Unauthorized, match=r"\.kube/config"):
        await found()
    (tmp_path / ".kube").mkdir()
    contexts(tmp_path / ".kube" / "config", "mine", current="mine")
    assert await found() == "in-mine"


async def test_in_a_pod_without_a_kubeconfig_its_account_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    made = credentials.Credentials.plain("http://127.0.0.1:1", "pods")
    monkeypatch.setattr(credentials.Credentials, "in_cluster", lambda: made)
    for name in ("token", "namespace"):
        (tmp_path / name).write_text(f"the-{name}")
    monkeypatch.setattr(credentials, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(credentials, "NAMESPACE_FILE", str(tmp_path / "namespace"))
    assert await found() == "the-namespace"
    with pytest.raises(Unauthorized):
        await found(context="typo")
    monkeypatch.setenv("KUBECONFIG", str(contexts(tmp_path / "config", "a", current="a")))
    assert await found() == "in-a"


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", "current-context: x\ncontexts: 7\n", "contexts: [null]"])
async def test_one_broken_kubeconfig_among_several_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "broken").write_text(text)
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/broken:{tmp_path}/broken")
    with pytest.raises(Unauthorized):
        await found()
