"""What runs during the demo: a control plane, the operator under its own ServiceAccount, and a client that watches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hack.localcluster import Cluster
from hack.localcluster.processes import Family, last_lines

from .screen import Screen
from .view import View
from .watching import Watcher

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "features"
REVIEW = "feature-platform"
REVIEWS = f"/apis/readiness.dev/v1alpha1/namespaces/{NAMESPACE}/readinessreviews"
PATIENCE = 30.0


class DemoError(Exception):
    """Something that the demo shows is not so."""


class Session:
    """kubectl, the operator's process and the watch, all ended by `close()`."""

    def __init__(self, cluster: Cluster, screen: Screen) -> None:
        self.cluster = cluster
        self.screen = screen
        self._family = Family()
        self._log = cluster.folder / "operator.log"
        self._operator: subprocess.Popen[bytes] | None = None
        self._watcher: Watcher | None = None
        self.view: View | None = None

    def close(self) -> None:
        """End the operator and the watch; the control plane is its owner's to stop."""
        if self._watcher is not None:
            self._watcher.close()
        self._family.close()

    def kubectl(self, *words: str, text: str | None = None, shown: bool = True) -> str:
        """Run kubectl as an administrator, and say so."""
        if shown:
            self.screen.command(["kubectl", *words], text)
        try:
            return self.cluster.kubectl(*words, input=text).stdout
        except subprocess.CalledProcessError as error:
            raise DemoError(f"kubectl {' '.join(words)}: {error.stderr.strip()}") from error

    def run_operator(self, service_account: str, namespace: str, settings: Path) -> None:
        """Start `readiness run` with a token of the ServiceAccount that ships."""
        kubeconfig = self.cluster.kubeconfig_for(service_account, namespace)
        words = ["run", f"--kubeconfig={kubeconfig}", f"--settings={settings}", "--listen-host=127.0.0.1"]
        words += ["--listen-port=0", "--log-format=console"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("READINESS_", "KUBE"))}
        self._operator = self._family.start(
            [sys.executable, "-m", "readiness", *words], self._log, cwd=ROOT, environment=environment
        )

    def watch(self) -> None:
        """Begin to watch the review."""
        self._watcher = Watcher(self.cluster, REVIEWS, REVIEW)

    def wait(self, what: str, holds: Callable[[View], bool], seconds: float = PATIENCE) -> View:
        """Follow the review until `holds`, showing each change of its columns; DemoError when it does not come."""
        if self.view is not None and holds(self.view):
            return self.view
        assert self._watcher is not None
        for state in self._watcher.states(seconds, self._lives):
            before, self.view = self.view, state
            if before is None or (before.row, before.ready) != (state.row, state.ready):
                self.screen.row(state.ready.get("status", ""), state.row)
            if holds(state):
                return state
        why = f"not within {seconds:.0f} s" if self._lives() else "the operator has ended"
        raise DemoError(f"{what}: {why}\n{self.evidence()}")

    def _lives(self) -> bool:
        """Whether the operator was not started yet, or runs."""
        return self._operator is None or self._operator.poll() is None

    def evidence(self) -> str:
        """What a developer needs when the demo fails."""
        found = self.view.findings() if self.view is not None else ()
        seen = [f"{one.expectation}: {one.reason} {one.subject}: {one.message}" for one in found]
        if self._operator is not None and not self._lives():
            seen.append(f"exit code {self._operator.returncode}")
        return "\n".join([*seen, f"--- the operator's log ({self._log})", last_lines(self._log, 40)])

    def keep_log(self, target: Path) -> None:
        """Save the operator's log: the folder of the control plane is removed."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists():
            shutil.copy(self._log, target)


def since(started: float, view: View) -> float:
    """Seconds from pressing Enter until a watching client saw the answer."""
    return max(0.0, view.at - started)


def now() -> float:
    """The clock of all latencies."""
    return time.monotonic()
