"""The cluster that tests and the demo use, whoever provides it.

Only what every provider can do is done here; servers that are ours to stop come with `controlplane.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from .access import Access
from .errors import UnsupportedError
from .versions import Binaries


class Cluster:
    """An API server with an administrator's access; a context manager that stops it."""

    def __init__(self, folder: Path, access: Access, kubeconfig: Path, binaries: Binaries) -> None:
        """Take over `folder`: it is removed by `stop()`."""
        self.folder = folder
        self.kubeconfig = kubeconfig
        self.url = access.url
        self.ca_file = access.ca_file
        self._token = access.token
        self.binaries = binaries

    def __enter__(self) -> Self:
        """Enter: the cluster runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    @property
    def admin_token(self) -> str:
        """A token of an administrator."""
        return self._token

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:  # noqa: A002 - as in subprocess.run
        """Run kubectl as the administrator; a failure's note carries what kubectl said."""
        command: list[str | Path] = [
            self.binaries["kubectl"],
            f"--kubeconfig={self.kubeconfig}",
            f"--cache-dir={self.folder / 'cache'}",
        ]
        done = subprocess.run([*command, *args], input=input, text=True, capture_output=True, check=False)
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, ["kubectl", *args], done.stdout, done.stderr)
            error.add_note(done.stderr.strip())
            raise error
        return done

    def kubeconfig_for(self, service_account: str, namespace: str) -> Path:
        """A kubeconfig with a fresh token (TokenRequest, one hour) of an existing ServiceAccount."""
        token = self.kubectl("create", "token", service_account, f"--namespace={namespace}", "--duration=1h")
        access = Access(self.url, self.ca_file, token.stdout.strip())
        handle, name = tempfile.mkstemp(prefix=f"{namespace}-{service_account}-", suffix=".kubeconfig", dir=self.folder)
        os.close(handle)
        return access.write_kubeconfig(Path(name), f"{namespace}-{service_account}", namespace)

    @property
    def server_pid(self) -> int:
        """The API server's process."""
        raise UnsupportedError("this cluster's API server is not our process")

    def stop(self) -> None:
        """Release what this object holds; the cluster of an explicit kubeconfig goes on."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_apiserver(self) -> None:
        """Begin an outage."""
        raise UnsupportedError("this cluster's API server is not ours to stop")

    def start_apiserver(self) -> None:
        """End an outage: same port, same data."""
        raise UnsupportedError("this cluster's API server is not ours to start")

    def snapshot_etcd(self, path: Path) -> None:  # noqa: ARG002 - the signature is ControlPlane's
        """Copy etcd's data to a new folder."""
        raise UnsupportedError("this cluster's etcd is not ours to copy")

    def restore_etcd(self, path: Path, *, restart_apiserver: bool = True) -> None:  # noqa: ARG002 - as above
        """Put etcd back to a copy; the API server is restarted so that it shows the copy."""
        raise UnsupportedError("this cluster's etcd is not ours to restore")
