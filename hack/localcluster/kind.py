"""Provider 3: a kind cluster, where a Docker engine answers.

Its real node cannot pull the images that tests and the demo name, so it is cordoned, and kwok plays further
nodes beside it. A client on PATH says nothing: the engine is asked, and must answer at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from . import cache, components, foreign
from .access import Access
from .cluster import Cluster
from .errors import NotHereError
from .processes import Family
from .versions import Binaries

ENGINE = 3.0
CREATION = 300.0


class KindCluster(foreign.ForeignCluster):
    """A kind cluster of our own: deleted when it is stopped."""

    def __init__(self, folder: Path, access: Access, kubeconfig: Path, binaries: Binaries) -> None:
        super().__init__(folder, access, kubeconfig, binaries)
        self._family: Family | None = None
        self.delete: Callable[[], None] = _nothing

    def play_nodes(self, count: int) -> None:
        """Cordon the real node and let kwok play `count` others."""
        self.kubectl("cordon", "--selector=node-role.kubernetes.io/control-plane")
        self._family = Family()
        self._family.start(components.kwok_beside(self.binaries["kwok"], self.kubeconfig), self.folder / "kwok.log")
        nodes = [components.node(f"node-{number}") for number in range(count)]
        self.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))
        names = [f"node/{node['metadata']['name']}" for node in nodes]
        self.kubectl("wait", "--for=condition=Ready", "--timeout=60s", *names)

    def stop(self) -> None:
        """Delete the cluster."""
        if self._family is not None:
            self._family.close()
        self.delete()
        super().stop()


def create(
    environment: Mapping[str, str], progress: Callable[[str], None], nodes: int, *, controllers: bool
) -> Cluster:
    """Create a kind cluster; whatever fails leaves none behind."""
    kind, binaries = _tools(environment, controllers=controllers)
    name = f"readiness-test-{os.getpid()}-{secrets.token_hex(3)}"
    folder = Path(tempfile.mkdtemp(prefix="readiness-localcluster-"))

    def delete() -> None:
        _run([kind, "delete", "cluster", "--name", name], environment, CREATION)

    progress(f"kind: creating the cluster {name}")
    try:
        kubeconfig = folder / "kind.kubeconfig"
        _run(
            [kind, "create", "cluster", "--name", name, "--kubeconfig", kubeconfig, "--wait", "120s"],
            environment,
            CREATION,
        )
        base = foreign.connect(kubeconfig, folder, binaries["kubectl"])
        cluster = KindCluster(folder, Access(base.url, base.ca_file, ""), base.kubeconfig, binaries)
        cluster.delete = delete
    except BaseException:
        with contextlib.suppress(NotHereError):
            delete()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        if controllers:
            cluster.play_nodes(nodes)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _tools(environment: Mapping[str, str], *, controllers: bool) -> tuple[str, dict[str, Path]]:
    """kind, kubectl and kwok, once the engine has answered."""
    path = environment.get("PATH", os.defpath)
    docker, kind = shutil.which("docker", path=path), shutil.which("kind", path=path)
    if docker is None:
        raise NotHereError("there is no docker client on PATH")
    _run([docker, "version", "--format", "{{.Server.Version}}"], environment, ENGINE)
    if kind is None:
        raise NotHereError("a Docker engine answers, but there is no kind on PATH")
    binaries = {"kubectl": foreign.kubectl(environment)}
    if controllers:
        kwok = cache.here(environment).at_hand(["kwok"]).get("kwok") or shutil.which("kwok", path=path)
        if kwok is None:
            raise NotHereError("a Docker engine answers, but there is no kwok to play nodes")
        binaries["kwok"] = Path(kwok)
    return kind, binaries


def _run(command: list[str | Path], environment: Mapping[str, str], seconds: float) -> None:
    """Run a tool in a group of its own; one that fails or hangs means: not here."""
    words = [str(part) for part in command]
    what = " ".join([Path(words[0]).name, *words[1:3]])
    with tempfile.TemporaryDirectory(prefix="readiness-localcluster-") as scratch:
        log = Path(scratch) / "log"
        family = Family()
        try:
            code = family.start(words, log, environment=environment).wait(seconds)
        except subprocess.TimeoutExpired:
            raise NotHereError(f"`{what}` did not answer within {seconds:.0f} s") from None
        except OSError as error:
            raise NotHereError(f"`{what}`: {error}") from error
        finally:
            family.close(patience=1.0)
        if code:
            raise NotHereError(f"`{what}` ended with {code}: {log.read_text(errors='replace').strip()[-300:]}")


def _nothing() -> None:
    """There is nothing to delete yet."""
