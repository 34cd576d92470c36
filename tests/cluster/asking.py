"""`readiness status` as people call it: a process with a kubeconfig, asked once or followed."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final, Self

import yaml
from click.testing import Result

from hack.localcluster import Cluster
from tests.cli.support import run
from tests.cluster.conftest import Space
from tests.cluster.kube import Json, eventually

COMMAND: Final = (sys.executable, "-m", "readiness", "status")


def environment(kubeconfig: Path | str) -> dict[str, str]:
    left = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "NO_COLOR", "KUBECONFIG"}}
    return {**left, "KUBECONFIG": str(kubeconfig)}


def status(kubeconfig: Path | str, *args: str) -> Result:
    """Asked once, without a process of its own."""
    return run("status", *args, env={"KUBECONFIG": str(kubeconfig)})


def edited(original: Path, folder: Path, **context: Any) -> Path:
    """The same access with another context."""
    content = yaml.safe_load(original.read_text())
    content["contexts"][0]["context"].update(context)
    path = folder / f"edited-{len(list(folder.iterdir()))}.kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


def outsider(cluster: Cluster, space: Space) -> Path:
    """Of an account without any right."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": space.name}}
    space.kube.create(account)
    return cluster.kubeconfig_for("nobody", space.name)


def grant(space: Space, verbs: list[str], names: list[str]) -> None:
    rules = [
        {"apiGroups": ["readiness.dev"], "resources": ["readinessreviews"], "verbs": verbs, "resourceNames": names}
    ]
    role: Json = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "one", "namespace": space.name}}
    subject = {"kind": "ServiceAccount", "name": "nobody", "namespace": space.name}
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space.name}"
    space.kube.request("POST", f"{path}/roles", {**role, "kind": "Role", "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"}
    binding = {**role, "kind": "RoleBinding", "subjects": [subject], "roleRef": reference}
    space.kube.request("POST", f"{path}/rolebindings", binding)


def certificate(until: str) -> Json:
    ready = {"type": "Ready", "status": "True", "reason": "Certified", "message": "certified", "observedGeneration": 1}
    return {
        "observedGeneration": 1,
        "validUntil": until,
        "conditions": [{**ready, "lastTransitionTime": "2026-11-21T10:00:00Z"}],
    }


class Following:
    """A process that goes on; what it has said so far."""

    def __init__(self, kubeconfig: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "-w", *args],
            env=environment(kubeconfig),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._reader.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line

    @property
    def pages(self) -> list[str]:
        return re.split(r"^--- \S+Z\n", self.text, flags=re.MULTILINE)[1:]

    def says(self, pattern: str, seconds: float = 25) -> None:
        eventually(
            lambda: self.pages and re.search(pattern, self.pages[-1], re.MULTILINE),
            f"{pattern} in {self.text}",
            seconds,
        )

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(10)
        self._reader.join(10)
        assert self.process.stderr is not None
        return code, self.process.stderr.read()
