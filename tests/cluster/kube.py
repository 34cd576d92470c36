"""Plain requests to the API server of a test, as an administrator: what kubectl does, without a process for each."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from hack.localcluster import Cluster

Json = dict[str, Any]

_PLURALS: Final = {"NetworkPolicy": "networkpolicies", "ValidatingAdmissionPolicy": "validatingadmissionpolicies"}
_CLUSTER_SCOPED: Final = {
    "Namespace",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ClusterSecretStore",
    "VolumeSnapshotContent",
}
THROTTLED: Final = 20  # attempts, a second apart
MERGE: Final = "application/merge-patch+json"


class Failed(Exception):  # noqa: N818  # an answer, named after what it says
    """An answer that is no success."""

    def __init__(self, code: int, body: Json) -> None:
        super().__init__(f"{code}: {body.get('message')}")
        self.code = code


@contextmanager
def tolerating(code: int) -> Iterator[None]:
    """An answer of this code ends the block; any other failure is raised."""
    try:
        yield
    except Failed as failed:
        if failed.code != code:
            raise


class Connection(http.client.HTTPSConnection):
    """Closed at the latest when nobody has it any more: threads end without a word."""

    def __del__(self) -> None:
        self.close()


class Kube:
    """One API server. Threads may share it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._address = urlsplit(cluster.url)
        self._trust = ssl.create_default_context(cafile=str(cluster.ca_file))
        self._kept = threading.local()  # a connection for each thread

    def connection(self, timeout: float | None = 30.0) -> Connection:
        assert self._address.hostname is not None
        return Connection(self._address.hostname, self._address.port, context=self._trust, timeout=timeout)

    def headers(self, content: str = "application/json") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.cluster.admin_token}", "Content-Type": content}

    def request(self, method: str, path: str, body: object = None, content: str = "application/json") -> Json:
        """429 is waited out, as client-go does: a server that has just started says it of custom resources."""
        text = None if body is None else json.dumps(body)
        for _ in range(THROTTLED):
            status, found = self._exchange(method, path, text, self.headers(content))
            if status != 429:
                break
            time.sleep(1)
        if status >= 300:
            raise Failed(status, found)
        return found

    def _exchange(self, method: str, path: str, text: str | None, headers: dict[str, str]) -> tuple[int, Json]:
        """A handshake takes longer than a request: the connection is kept, and replaced where the server has closed it."""
        kept = getattr(self._kept, "connection", None)
        connection: Connection = kept or self.connection()
        self._kept.connection = None
        try:
            connection.request(method, path, body=text, headers=headers)
            answer = connection.getresponse()
            found = _decoded(answer.read())
        except (http.client.HTTPException, OSError):
            connection.close()
            if kept is None:
                raise
            return self._exchange(method, path, text, headers)
        self._kept.connection = connection
        return answer.status, found

    def get(self, kind: str, namespace: str, name: str, api: str = "") -> Json:
        return self.request("GET", path_of({"apiVersion": api or _api(kind), "kind": kind}, namespace, name))

    def create(self, body: Json) -> Json:
        """Create, waiting a moment for a ServiceAccount or a definition that is not known everywhere yet."""
        meta = body["metadata"]
        return self.request("POST", path_of(body, meta.get("namespace", "")), body)

    def put(self, body: Json) -> Json:
        meta = body["metadata"]
        return self.request("PUT", path_of(body, meta.get("namespace", ""), meta["name"]), body)

    def put_status(self, body: Json, manager: str = "somebody-else") -> Json:
        meta = body["metadata"]
        path = path_of(body, meta.get("namespace", ""), meta["name"])
        return self.request("PUT", f"{path}/status?fieldManager={manager}", body)

    def merge(self, body: Json, patch: Json) -> Json:
        """A merge patch of the object that `body` names."""
        meta = body["metadata"]
        return self.request("PATCH", path_of(body, meta.get("namespace", ""), meta["name"]), patch, MERGE)

    def apply(self, body: Json) -> Json:
        """Create, or replace the spec of what is there."""
        with tolerating(409):
            return self.create(body)
        return self.merge(body, {key: value for key, value in body.items() if key not in {"apiVersion", "kind"}})

    def delete(self, body: Json) -> bool:
        """Whether it was there."""
        meta = body["metadata"]
        with suppress(Failed):
            self.request("DELETE", path_of(body, meta.get("namespace", ""), meta["name"]))
            return True
        return False

    def list(self, path: str) -> list[Json]:
        return self.request("GET", path)["items"]  # type: ignore[no-any-return]

    def watch(self, path: str, version: str, opened: Callable[[socket.socket], None]) -> Iterator[Json]:
        """Frames until the server ends the watch, or somebody shuts the socket that `opened` was given."""
        with closing(self.connection(timeout=None)) as connection:
            connection.request("GET", f"{path}?watch=true&resourceVersion={version}", headers=self.headers())
            opened(connection.sock)
            with connection.getresponse() as answer:
                if answer.status != 200:
                    raise Failed(answer.status, _decoded(answer.read()))
                while line := answer.readline():
                    yield json.loads(line)


def _decoded(body: bytes) -> Json:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = {"message": body.decode(errors="replace")}
    return found if isinstance(found, dict) else {"message": str(found)}


def path_of(body: Json, namespace: str, name: str = "") -> str:
    version, kind = body["apiVersion"], body["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = "" if kind in _CLUSTER_SCOPED else f"/namespaces/{namespace}"
    return f"{root}{inside}/{_PLURALS.get(kind, kind.lower() + 's')}" + (f"/{name}" if name else "")


def _api(kind: str) -> str:
    return {
        "ReadinessReview": "readiness.dev/v1alpha1",
        "Deployment": "apps/v1",
        "ReplicaSet": "apps/v1",
        "ClusterRole": "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
        "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    }.get(kind, "v1")


def eventually(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Poll until it holds; the only way in which these tests wait."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f}s: {what}")
        time.sleep(0.02)


@contextmanager
def without(kube: Kube, resource: str) -> Iterator[None]:
    """The operator's role without its rule for a resource."""
    role = kube.get("ClusterRole", "", "readiness-operator")
    kept: list[Json] = []
    for rule in role["rules"]:
        resources = [one for one in rule["resources"] if one != resource]
        if resources:
            kept.append({**rule, "resources": resources})
    kube.merge(role, {"rules": kept})
    try:
        yield
    finally:
        kube.merge(role, {"rules": role["rules"]})
