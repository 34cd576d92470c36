"""The command line of every server, and nothing else: what a reader compares with the Kubernetes manual.

Everything listens on 127.0.0.1 and speaks TLS under the control plane's own authority.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .pki import Keys
from .versions import Binaries

SERVICE_RANGE = "10.96.0.0/16"
SERVICE_IP = "10.96.0.1"
POD_RANGE = "10.244.0.1/16"
ISSUER = "https://kubernetes.default.svc.cluster.local"
STAGES = Path(__file__).with_name("stages.yaml")


@dataclass(frozen=True, slots=True)
class Ports:
    """The three ports of one control plane."""

    apiserver: int
    etcd: int
    etcd_peer: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the command lines are made from."""

    folder: Path
    binaries: Binaries
    keys: Keys
    ports: Ports
    controllers: bool

    @property
    def data(self) -> Path:
        """The folder of etcd's data."""
        return self.folder / "etcd"

    @property
    def tokens(self) -> Path:
        """The API server's static tokens."""
        return self.folder / "tokens.csv"

    def kubeconfig(self, user: str) -> Path:
        """Where a user's kubeconfig lies."""
        return self.folder / f"{user}.kubeconfig"


def etcd(plan: Plan) -> list[str | Path]:
    """One member; data is thrown away with the folder, so it never waits for the disk."""
    client = f"https://127.0.0.1:{plan.ports.etcd}"
    peer = f"https://127.0.0.1:{plan.ports.etcd_peer}"
    files = plan.keys
    return [
        plan.binaries["etcd"],
        "--name=local",
        f"--data-dir={plan.data}",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=local={peer}",
        f"--cert-file={files.serving_cert}",
        f"--key-file={files.serving_key}",
        f"--trusted-ca-file={files.ca}",
        "--client-cert-auth",
        f"--peer-cert-file={files.serving_cert}",
        f"--peer-key-file={files.serving_key}",
        f"--peer-trusted-ca-file={files.ca}",
        "--peer-client-cert-auth",
    ]


def apiserver(plan: Plan) -> list[str | Path]:
    """RBAC on; ServiceAccount admission off only where no controller would ever create the accounts.

    Without a grace period for watches, one open watch keeps a stopping server alive for a minute.
    """
    files = plan.keys
    command: list[str | Path] = [
        plan.binaries["kube-apiserver"],
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={plan.ports.apiserver}",
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--etcd-servers=https://127.0.0.1:{plan.ports.etcd}",
        f"--etcd-cafile={files.ca}",
        f"--etcd-certfile={files.serving_cert}",
        f"--etcd-keyfile={files.serving_key}",
        f"--tls-cert-file={files.serving_cert}",
        f"--tls-private-key-file={files.serving_key}",
        f"--cert-dir={plan.folder}",
        f"--token-auth-file={plan.tokens}",
        "--authorization-mode=RBAC",
        "--shutdown-watch-termination-grace-period=1s",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={files.account_public}",
        f"--service-account-signing-key-file={files.account_key}",
        "--allow-privileged=true",
        "--profiling=false",
    ]
    if not plan.controllers:
        command.append("--disable-admission-plugins=ServiceAccount")
    return command


def controller_manager(plan: Plan) -> list[str | Path]:
    """Its own users and RBAC roles, as in a real cluster; nobody to compete with for leadership."""
    return [
        plan.binaries["kube-controller-manager"],
        f"--kubeconfig={plan.kubeconfig('controller-manager')}",
        f"--service-account-private-key-file={plan.keys.account_key}",
        f"--root-ca-file={plan.keys.ca}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]


def scheduler(plan: Plan) -> list[str | Path]:
    """The default profile."""
    return [
        plan.binaries["kube-scheduler"],
        f"--kubeconfig={plan.kubeconfig('scheduler')}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]


def kwok(plan: Plan) -> list[str | Path]:
    """In place of kubelets: every node is played."""
    return [*_kwok(plan.binaries["kwok"], plan.kubeconfig("admin")), "--manage-all-nodes=true"]


def kwok_beside(binary: Path, kubeconfig: Path) -> list[str | Path]:
    """Beside real kubelets: only the nodes made by `node()` are played."""
    chosen = "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"
    return [*_kwok(binary, kubeconfig), "--manage-all-nodes=false", chosen]


def node(name: str) -> dict[str, Any]:
    """A node for kwok to play."""
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    metadata = {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata}


def _kwok(binary: Path, kubeconfig: Path) -> list[str | Path]:
    """It plays the lives of nodes and Pods that stages.yaml describes."""
    return [
        binary,
        f"--kubeconfig={kubeconfig}",
        f"--config={STAGES}",
        f"--cidr={POD_RANGE}",
        "--node-ip=127.0.0.1",
        "--server-address=",
        "--node-lease-duration-seconds=40",
    ]
