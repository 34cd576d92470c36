"""The control plane on this machine: its servers started side by side, stopped in the one order that works.

kube-apiserver is stopped before etcd, because it does not exit while etcd is gone.
"""

from __future__ import annotations

import atexit
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import components, pki, processes, records
from .access import Access
from .cluster import Cluster
from .components import Plan, Ports
from .errors import LocalClusterError
from .guard import PATIENCE
from .processes import Family, wait_until
from .versions import Binaries

READY = 60.0
FAILED = 1.0
RANKS = {"etcd": 0, "kube-apiserver": 1}
ATTEMPTS = 3
USERS = {
    "admin": ("readiness-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
}

Child = subprocess.Popen[bytes]


class PortTakenError(LocalClusterError):
    """Somebody else took a port between our choosing it and the server's using it."""


class ControlPlane(Cluster):
    """A cluster whose servers are our child processes."""

    def __init__(self, plan: Plan, access: Access, family: Family) -> None:
        """Nothing runs yet; `bring_up()` starts it."""
        super().__init__(plan.folder, access, plan.kubeconfig("admin"), plan.binaries)
        self._plan = plan
        self._access = access
        self._family = family
        self._children: dict[str, Child] = {}
        self._record = records.Record(plan.folder, self.kubeconfig)
        family.owns(self._record.path)
        atexit.register(self.stop)

    @property
    def server_pid(self) -> int:
        """The API server's process."""
        return self._children["kube-apiserver"].pid

    def bring_up(self, nodes: int) -> None:
        """Start every server and wait until Pods could run."""
        self._launch("etcd", components.etcd(self._plan))
        self.start_apiserver()
        if not self._plan.controllers:
            return
        self._launch("kube-controller-manager", components.controller_manager(self._plan))
        self._launch("kube-scheduler", components.scheduler(self._plan))
        self._launch("kwok", components.kwok(self._plan))
        names = [f"node-{number}" for number in range(nodes)]
        for name in names:
            self._create_node(name)
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._await(lambda: self._access.get(account)[0] == 200, "the default ServiceAccount")
        self._await(lambda: all(self._schedulable(name) for name in names), "nodes ready")

    def start_apiserver(self) -> None:
        """Start the API server (same port, same data) and wait until it is ready."""
        self._launch("kube-apiserver", components.apiserver(self._plan))
        self._await(lambda: self._access.get("/readyz")[0] == 200, "kube-apiserver ready")

    def stop_apiserver(self) -> None:
        """Stop the API server only; open watches are cut after a second."""
        self._end("kube-apiserver", PATIENCE)

    def snapshot_etcd(self, path: Path) -> None:
        """Copy etcd's data while it is held still: what a crash at this instant would leave."""
        etcd = self._children["etcd"]
        etcd.send_signal(signal.SIGSTOP)
        try:
            shutil.copytree(self._plan.data, path)
        finally:
            etcd.send_signal(signal.SIGCONT)

    def restore_etcd(self, path: Path, *, restart_apiserver: bool = True) -> None:
        """Put the copy in the place of etcd's data; objects made since are gone, versions go backwards.

        An API server that is not restarted goes on showing from its watch cache what etcd has lost.
        """
        running = "kube-apiserver" in self._children
        if running and restart_apiserver:
            self.stop_apiserver()
        self._end("etcd", 0)
        shutil.rmtree(self._plan.data)
        shutil.copytree(path, self._plan.data)
        self._launch("etcd", components.etcd(self._plan))
        if running and restart_apiserver:
            self.start_apiserver()
        elif running:
            self._await(lambda: self._access.get("/readyz/etcd")[0] == 200, "etcd ready")

    def stop(self) -> None:
        """End everything, kube-apiserver and then etcd last; harmless when repeated."""
        self._close(PATIENCE)

    def abandon(self) -> None:
        """End everything soon: a start that failed has nothing to finish."""
        self._close(FAILED)

    def _close(self, patience: float) -> None:
        atexit.unregister(self.stop)
        self._family.close(patience)
        self._children.clear()
        self._record.remove()
        super().stop()

    def _launch(self, name: str, command: list[str | Path]) -> None:
        if name in self._children:
            raise LocalClusterError(f"{name} runs already")
        self._children[name] = self._family.start(command, self._log(name), rank=RANKS.get(name, 2), cwd=self.folder)
        self._record.write(child.pid for child in self._children.values())

    def _end(self, name: str, patience: float) -> None:
        child = self._children.pop(name, None)
        if child is not None:
            self._family.end(child, patience)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        """Wait, but no longer than every server lives."""
        try:
            wait_until(lambda: self._all_alive() and condition(), what, READY)
        except PortTakenError:
            raise
        except LocalClusterError as error:
            logs = "\n".join(f"--- {name}\n{processes.last_lines(self._log(name))}" for name in self._children)
            raise LocalClusterError(f"{error}\n{logs}") from error

    def _all_alive(self) -> bool:
        for name, child in self._children.items():
            if child.poll() is None:
                continue
            ended = f"{name} ended with {child.returncode}"
            if "address already in use" in processes.last_lines(self._log(name), 40):
                raise PortTakenError(f"{ended}: a port was taken")
            raise LocalClusterError(ended)
        return True

    def _create_node(self, name: str) -> None:
        status, body = self._access.post("/api/v1/nodes", components.node(name))
        if status != 201:
            raise LocalClusterError(f"creating node {name}: {status} {body.decode(errors='replace')[:300]}")

    def _schedulable(self, name: str) -> bool:
        """Ready, and no longer tainted as not ready."""
        status, body = self._access.get(f"/api/v1/nodes/{name}")
        return status == 200 and b'"reason":"KubeletReady"' in body and b"node.kubernetes.io/not-ready" not in body


def start(binaries: Binaries, *, controllers: bool, nodes: int) -> ControlPlane:
    """Start a control plane; begin anew when a port was taken in between."""
    for attempt in range(1, ATTEMPTS + 1):
        plane = _prepare(binaries, controllers=controllers)
        try:
            plane.bring_up(nodes)
        except PortTakenError:
            plane.abandon()
            if attempt == ATTEMPTS:
                raise
        except BaseException:
            plane.abandon()
            raise
        else:
            return plane
    raise AssertionError("unreachable")


def _prepare(binaries: Binaries, *, controllers: bool) -> ControlPlane:
    """Lay out the folder: keys, tokens, kubeconfigs."""
    family = Family()
    folder = Path(tempfile.mkdtemp(prefix="readiness-localcluster-"))
    family.owns(folder)
    ports = Ports(*(processes.free_port() for _ in range(3)))
    keys = pki.write(folder / "pki", components.SERVICE_IP)
    plan = Plan(folder, binaries, keys, ports, controllers)
    url = f"https://127.0.0.1:{ports.apiserver}"
    accesses = {user: Access(url, keys.ca, secrets.token_urlsafe(32)) for user in USERS}
    plan.tokens.touch(mode=0o600)
    plan.tokens.write_text(
        "".join(f'{accesses[user].token},{name},{name},"{group}"\n' for user, (name, group) in USERS.items())
    )
    for user, access in accesses.items():
        access.write_kubeconfig(plan.kubeconfig(user), user)
    return ControlPlane(plan, accesses["admin"], family)
