"""The real servers: Pods live, Jobs end, outages begin and end, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hack.localcluster import (
    LocalClusterError,
    RefusedError,
    UnsupportedError,
    controlplane,
    foreign,
    kind,
    processes,
    start,
)
from hack.localcluster.controlplane import ControlPlane, PortTakenError
from hack.localcluster.versions import Binaries
from tests.localcluster.support import ROOT, command, gone, program, script, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

FAILING_JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: fails}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {localcluster.readiness.dev/exit-code: "3"}}
    spec: {restartPolicy: Never, containers: [{name: main, image: registry.example/x}]}
"""


@pytest.fixture
def namespace(plane: ControlPlane, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own."""
    name = str(abs(hash(request.node.name)))
    plane.kubectl("create", "namespace", name)
    return name


@pytest.fixture
def binaries(plane: ControlPlane) -> Binaries:
    return plane.binaries


def servers(cluster: ControlPlane) -> list[int]:
    return [child.pid for child in cluster._children.values()]


def test_a_deployment_rolls_out(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl("create", "deployment", "web", "--image=registry.example/x", "--replicas=3", f"-n={namespace}")
    plane.kubectl("rollout", "status", "deployment/web", "--timeout=30s", f"-n={namespace}")
    pods = json.loads(plane.kubectl("get", "pods", "-o=json", f"-n={namespace}").stdout)["items"]
    assert len(pods) == 3
    assert all(pod["status"]["phase"] == "Running" and pod["status"]["podIP"] for pod in pods)
    assert all(pod["spec"]["serviceAccountName"] == "default" for pod in pods)


def test_a_job_completes_and_another_fails_where_it_is_told_to(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl("create", "job", "works", "--image=registry.example/x", f"-n={namespace}")
    plane.kubectl("create", "-f", "-", f"-n={namespace}", input=FAILING_JOB)
    plane.kubectl("wait", "--for=condition=Complete", "job/works", "--timeout=30s", f"-n={namespace}")
    plane.kubectl("wait", "--for=condition=Failed", "job/fails", "--timeout=30s", f"-n={namespace}")
    pods = json.loads(plane.kubectl("get", "pods", "-l=job-name=fails", "-o=json", f"-n={namespace}").stdout)["items"]
    assert pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


def test_a_deleted_pod_goes_away(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl("run", "single", "--image=registry.example/x", f"-n={namespace}")
    plane.kubectl("wait", "--for=condition=Ready", "pod/single", "--timeout=30s", f"-n={namespace}")
    plane.kubectl("delete", "pod", "single", "--timeout=30s", f"-n={namespace}")


def test_a_service_account_may_do_what_rbac_says_and_no_more(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl("create", "serviceaccount", "reader", f"-n={namespace}")
    plane.kubectl("create", "role", "reader", "--verb=list", "--resource=pods", f"-n={namespace}")
    subject = f"--serviceaccount={namespace}:reader"
    plane.kubectl("create", "rolebinding", "reader", "--role=reader", subject, f"-n={namespace}")
    config = plane.kubeconfig_for("reader", namespace)

    def allowed(resource: str) -> bool:
        asked: list[str | Path] = [plane.binaries["kubectl"], f"--kubeconfig={config}", "get", resource]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    until(lambda: allowed("pods"), "the role is known to the authorizer")
    assert not allowed("secrets")
    assert config.stat().st_mode & 0o077 == 0


def test_a_failed_kubectl_says_why(plane: ControlPlane) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        plane.kubectl("get", "nothing-of-this-kind")
    assert any("nothing-of-this-kind" in note for note in caught.value.__notes__)
    assert plane.kubectl("get", "nothing-of-this-kind", check=False).returncode == 1


def test_an_outage_of_the_api_server(plane: ControlPlane) -> None:
    before = plane.server_pid
    plane.stop_apiserver()
    assert plane.kubectl("get", "namespaces", check=False).returncode != 0
    plane.start_apiserver()
    assert plane.server_pid != before
    assert "default" in plane.kubectl("get", "namespaces").stdout


def test_etcd_goes_back_to_a_snapshot(plane: ControlPlane, namespace: str, tmp_path: Path) -> None:
    plane.kubectl("create", "configmap", "before", f"-n={namespace}")
    plane.snapshot_etcd(tmp_path / "snapshot")
    plane.kubectl("create", "configmap", "after", f"-n={namespace}")
    plane.restore_etcd(tmp_path / "snapshot")
    left = plane.kubectl("get", "configmaps", "-o=name", f"-n={namespace}").stdout.split()
    assert "configmap/before" in left
    assert "configmap/after" not in left


def test_etcd_goes_back_under_a_running_api_server(plane: ControlPlane, tmp_path: Path) -> None:
    before = plane.server_pid
    plane.snapshot_etcd(tmp_path / "snapshot")
    plane.restore_etcd(tmp_path / "snapshot", restart_apiserver=False)
    assert plane.server_pid == before
    plane.stop_apiserver()
    plane.start_apiserver()


def test_everything_listens_on_loopback_only(plane: ControlPlane) -> None:
    own = {str(pid) for pid in servers(plane)}
    lines = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=False).stdout.splitlines()
    ours = [line.split()[3] for line in lines if any(f"pid={pid}," in line for pid in own)]
    if not ours:
        pytest.skip("there is no `ss` to ask, or it does not show processes")
    assert all(address.startswith("127.0.0.1:") for address in ours), ours


def test_a_restart_right_after_a_stop(binaries: Binaries) -> None:
    for _ in range(2):
        with controlplane.start(binaries, controllers=False, nodes=0) as cluster:
            pids = servers(cluster)
            assert "default" in cluster.kubectl("get", "namespaces").stdout
        gone(pids, 1)
        assert not cluster.folder.exists()
        cluster.stop()


def test_an_exception_stops_everything(binaries: Binaries) -> None:
    def fails() -> None:
        with controlplane.start(binaries, controllers=False, nodes=0) as cluster:
            pids.extend(servers(cluster))
            raise ZeroDivisionError

    pids: list[int] = []
    with pytest.raises(ZeroDivisionError):
        fails()
    assert len(pids) == 2
    gone(pids, 1)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["kube-apiserver", "etcd", "etcd-peer"])
def test_a_port_taken_in_between_is_replaced(binaries: Binaries, monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(processes, "free_port", ports(taken, lambda call: call == which))
        with controlplane.start(binaries, controllers=False, nodes=0) as cluster:
            assert str(taken.getsockname()[1]) not in cluster.url
            assert "default" in cluster.kubectl("get", "namespaces").stdout


def test_a_port_that_stays_taken_is_an_error_and_leaves_nothing(
    binaries: Binaries, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(processes, "free_port", ports(taken, lambda call: call % 3 == 0))
        with pytest.raises(PortTakenError, match="kube-apiserver ended"):
            controlplane.start(binaries, controllers=False, nodes=0)
    assert list(tmp_path.iterdir()) == []


def ports(taken: socket.socket, choose: Callable[[int], bool]) -> Callable[[], int]:
    """A choice of ports that names the taken one in some calls."""
    real, calls = processes.free_port, iter(range(1000))

    def chosen() -> int:
        port: int = taken.getsockname()[1] if choose(next(calls)) else real()
        return port

    return chosen


def test_a_missing_binary_is_an_error_and_leaves_nothing(
    binaries: Binaries, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        controlplane.start({**binaries, "kube-apiserver": tmp_path / "missing"}, controllers=False, nodes=0)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_dies_at_once_is_told_with_its_last_words(binaries: Binaries, tmp_path: Path) -> None:
    broken = script(tmp_path, "kube-apiserver", "#!/bin/sh\necho something is wrong\nexit 7\n")
    with pytest.raises(LocalClusterError, match=r"(?s)kube-apiserver ended with 7.*something is wrong"):
        controlplane.start({**binaries, "kube-apiserver": broken}, controllers=False, nodes=0)


PROGRAM = """
import time
from hack.localcluster import start
cluster = start(controllers=False)
print(cluster.folder, *[child.pid for child in cluster._children.values()], flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("plane")
def test_a_killed_program_leaves_nothing(number: signal.Signals) -> None:
    with program(os.environ, PROGRAM) as running:
        assert running.stdout is not None
        folder, *pids = running.stdout.readline().split()
        running.send_signal(number)
    assert len(pids) == 2
    gone([int(pid) for pid in pids])
    until(lambda: not Path(folder).exists(), "the folder is removed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_prints_the_kubeconfig_and_ends_when_told(plane: ControlPlane, number: signal.Signals) -> None:
    with command(os.environ, "up", "--no-controllers") as running:
        assert running.stdout is not None
        config = running.stdout.readline().strip().removeprefix("export KUBECONFIG=")
        asked: list[str | Path] = [plane.binaries["kubectl"], f"--kubeconfig={config}", "get", "--raw", "/readyz"]
        assert subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT).stdout == "ok"
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert not Path(config).exists()


def test_an_explicit_kubeconfig_is_used_and_its_servers_are_not_ours(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(foreign.VARIABLE, str(plane.kubeconfig))
    with start() as cluster:
        assert cluster.url == plane.url
        assert cluster.ca_file.read_bytes() == plane.ca_file.read_bytes()
        assert cluster.kubectl("auth", "can-i", "*", "*", f"--token={cluster.admin_token}").stdout.strip() == "yes"
        with pytest.raises(UnsupportedError):
            cluster.stop_apiserver()
    assert not cluster.folder.exists()
    assert "default" in plane.kubectl("get", "namespaces").stdout


def test_an_explicit_kubeconfig_of_a_dead_server_is_refused(binaries: Binaries, tmp_path: Path) -> None:
    with controlplane.start(binaries, controllers=False, nodes=0) as cluster:
        copy = tmp_path / "config"
        copy.write_text(cluster.kubeconfig.read_text())
    with pytest.raises(RefusedError, match="does not work"):
        foreign.explicit({**os.environ, foreign.VARIABLE: str(copy)})


def test_kind_gets_nodes_that_are_played(binaries: Binaries, tmp_path: Path) -> None:
    """Docker and kind are scripts; the cluster behind them is real, and has one node of its own."""
    calls = tmp_path / "calls"
    script(tmp_path / "bin", "docker", "#!/bin/sh\necho 29.1\n")
    with controlplane.start(binaries, controllers=False, nodes=0) as behind:
        behind.kubectl("create", "-f", "-", input=CONTROL_PLANE_NODE)
        copy = f'[ "$1" = delete ] || cp {behind.kubeconfig} "$6"'
        script(tmp_path / "bin", "kind", f'#!/bin/sh\necho "$1" >> {calls}\n{copy}\n')
        environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        with kind.create(environment, lambda _line: None, 2, controllers=True) as cluster:
            nodes = json.loads(cluster.kubectl("get", "nodes", "-o=json").stdout)["items"]
            cordoned = {node["metadata"]["name"]: node["spec"].get("unschedulable", False) for node in nodes}
            assert cordoned == {"real": True, "node-0": False, "node-1": False}
    assert calls.read_text().split() == ["create", "delete"]


CONTROL_PLANE_NODE = """
apiVersion: v1
kind: Node
metadata: {name: real, labels: {node-role.kubernetes.io/control-plane: ""}}
"""
