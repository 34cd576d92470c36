"""Provider 1: a cluster named by READINESS_TEST_KUBECONFIG, and what every cluster that is not ours shares.

Tests delete and create at will, so an explicit kubeconfig must be recognisably one for tests: any doubt is a
refusal, never a silent step to the next provider.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from . import cache
from .access import Access
from .cluster import Cluster
from .errors import NotHereError, RefusedError

VARIABLE = "READINESS_TEST_KUBECONFIG"
ADMIN = "readiness-test-admin"
_ACCOUNT = f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {ADMIN}, namespace: kube-system}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {ADMIN}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects: [{{kind: ServiceAccount, name: {ADMIN}, namespace: kube-system}}]
"""


class ForeignCluster(Cluster):
    """A cluster whose servers are not our processes; the kubeconfig may hold any kind of credential."""

    @functools.cached_property
    def admin_token(self) -> str:
        """A token of an administrator, made when first asked for: many kubeconfigs hold certificates instead."""
        self.kubectl("apply", "-f", "-", input=_ACCOUNT)
        return self.kubectl("create", "token", ADMIN, "--namespace=kube-system", "--duration=12h").stdout.strip()


def explicit(environment: Mapping[str, str]) -> Cluster:
    """The cluster of the explicit kubeconfig, if it is one for tests."""
    chosen = environment.get(VARIABLE)
    if not chosen:
        raise NotHereError(f"{VARIABLE} is not set")
    path = Path(chosen).expanduser().absolute()
    context = current_context(path)
    if not (context.startswith("kind-") or "readiness-test" in context):
        raise RefusedError(
            f"{VARIABLE}={chosen}: the context {context!r} neither starts with 'kind-' nor contains 'readiness-test'"
        )
    folder = Path(tempfile.mkdtemp(prefix="readiness-localcluster-"))
    try:
        cluster = connect(path, folder, kubectl(environment))
        cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=5s")
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RefusedError(f"{VARIABLE}={chosen} does not work: {error.stderr.strip()}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return cluster


def current_context(path: Path) -> str:
    """The context that kubectl would use."""
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RefusedError(f"{path} is no readable kubeconfig: {error}") from error
    context = content.get("current-context") if isinstance(content, dict) else None
    if not isinstance(context, str) or not context:
        raise RefusedError(f"{path} names no current-context")
    return context


def kubectl(environment: Mapping[str, str]) -> Path:
    """The kubectl at hand: of the cache, or of PATH."""
    store = cache.here(environment).at_hand(["kubectl"])
    found = store.get("kubectl") or shutil.which("kubectl", path=environment.get("PATH"))
    if not found:
        raise NotHereError("there is no kubectl, neither in the cache nor on PATH")
    return Path(found)


def connect(kubeconfig: Path, folder: Path, client: Path) -> ForeignCluster:
    """Copy the kubeconfig's current context, with all it refers to, into `folder`."""
    command: list[str | Path] = [
        client,
        f"--kubeconfig={kubeconfig}",
        "config",
        "view",
        "--raw",
        "--minify",
        "--flatten",
        "-o",
        "json",
    ]
    view = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    copy = folder / "admin.kubeconfig"
    copy.touch(mode=0o600)
    copy.write_text(view)
    server, authority = _server(view, kubeconfig)
    ca_file = folder / "ca.crt"
    ca_file.write_bytes(authority)
    return ForeignCluster(folder, Access(server, ca_file, ""), copy, {"kubectl": client})


def _server(view: str, origin: Path) -> tuple[str, bytes]:
    try:
        cluster = json.loads(view)["clusters"][0]["cluster"]
        return cluster["server"], base64.b64decode(cluster["certificate-authority-data"])
    except (ValueError, LookupError, TypeError, binascii.Error) as error:
        raise RefusedError(f"{origin} names no server with a certificate authority: {error!r}") from error
