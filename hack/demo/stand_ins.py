"""The parts of External Secrets, the snapshot controller and Velero: they do not run here, so this writes what they would.

Each writes the objects and the status that the real controller writes, with the real instants, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime

from .session import NAMESPACE, Session
from .view import Json

VAULT = {"features/timescaledb", "features/redis", "features/feast", "features/kafka"}
"""What the external store holds."""
DAY = 86_400


def validate_store(session: Session) -> None:
    """External Secrets validates the ClusterSecretStore."""
    ready = _condition("Ready", "True", "Valid", "store validated")
    _status(session, "clustersecretstore", "vault", {"capabilities": "ReadWrite", "conditions": [ready]})


def sync(session: Session, *names: str) -> None:
    """External Secrets reads from the store and writes Secrets, or says why it cannot."""
    for name in names:
        external = _get(session, "externalsecret", name)
        keys = {entry["remoteRef"]["key"] for entry in external["spec"]["data"]}
        if keys <= VAULT:
            _write_secret(session, external)
            ready = _condition("Ready", "True", "SecretSynced", "secret synced")
            version = f"{external['metadata']['generation']}-{hashlib.sha256(name.encode()).hexdigest()[:56]}"
            status = {"refreshTime": instant(), "syncedResourceVersion": version, "binding": {"name": name}}
        else:
            said = "could not get secret data from provider"
            ready, status = _condition("Ready", "False", "SecretSyncedError", said), {}
        _status(session, "externalsecret", name, {**status, "conditions": [ready]})


def take_snapshot(session: Session, name: str) -> None:
    """The CSI driver cuts a snapshot; the snapshot controller binds it."""
    snapshot = _get(session, "volumesnapshot", name)
    uid, taken, content = snapshot["metadata"]["uid"], time.time_ns(), f"snapcontent-{snapshot['metadata']['uid']}"
    claim = _get(session, "persistentvolumeclaim", snapshot["spec"]["source"]["persistentVolumeClaimName"])
    reference = {"kind": "VolumeSnapshot", "namespace": NAMESPACE, "name": name, "uid": uid}
    _create(
        session,
        {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotContent",
            "metadata": {"name": content},
            "spec": {
                "deletionPolicy": "Retain",
                "driver": "csi.example.com",
                "source": {"volumeHandle": claim["spec"]["volumeName"]},
                "volumeSnapshotRef": {"apiVersion": "snapshot.storage.k8s.io/v1", **reference},
            },
        },
    )
    handle = {"snapshotHandle": f"snap-{uid[:8]}", "creationTime": taken, "readyToUse": True, "restoreSize": 10 << 30}
    _status(session, "volumesnapshotcontent", content, handle)
    bound = {"boundVolumeSnapshotContentName": content, "readyToUse": True, "restoreSize": "10Gi"}
    _status(session, "volumesnapshot", name, {**bound, "creationTime": instant(taken // 1_000_000_000)})


def back_up(session: Session, backup: str, claims: dict[str, str]) -> None:
    """Velero runs a Backup of the namespace: one PodVolumeBackup for each claim, named with the Pod that mounts it."""
    location = {
        "apiVersion": "velero.io/v1",
        "kind": "BackupStorageLocation",
        "metadata": {"name": "default", "namespace": "velero"},
        "spec": {"provider": "aws", "default": True, "objectStorage": {"bucket": "features-backups"}},
        "status": {"phase": "Available", "lastValidationTime": instant()},
    }
    run = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": backup, "namespace": "velero", "labels": {"velero.io/schedule-name": "features-nightly"}},
        "spec": {"includedNamespaces": [NAMESPACE], "storageLocation": "default", "defaultVolumesToFsBackup": True},
    }
    _create(session, location, run)
    began = time.time()  # after the object was made: one that is younger than its own end came from another cluster
    uid = json.loads(session.kubectl("get", "backup", backup, "-n=velero", "-o=json", shown=False))["metadata"]["uid"]
    _create(session, *(_volume_backup(session, backup, uid, claim, pod, began) for claim, pod in claims.items()))
    ends = {"completionTimestamp": instant(), "expiration": instant(began + 30 * DAY)}
    patch = json.dumps({"status": {"phase": "Completed", "startTimestamp": instant(began), **ends}})
    session.kubectl("patch", "backup", backup, "-n=velero", "--type=merge", "-p", patch, shown=False)


def instant(seconds: float | None = None) -> str:
    """RFC 3339, as Kubernetes writes it."""
    at = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _volume_backup(session: Session, backup: str, uid: str, claim: str, pod: str, began: float) -> Json:
    found = _get(session, "persistentvolumeclaim", claim)["metadata"]
    labels = {"velero.io/backup-name": backup, "velero.io/backup-uid": uid, "velero.io/pvc-uid": found["uid"]}
    owner = {"apiVersion": "velero.io/v1", "kind": "Backup", "name": backup, "uid": uid, "controller": True}
    return {
        "apiVersion": "velero.io/v1",
        "kind": "PodVolumeBackup",
        "metadata": {
            "name": f"{backup}-{claim}",
            "namespace": "velero",
            "labels": labels,
            "annotations": {"velero.io/pvc-name": claim},
            "ownerReferences": [owner],
        },
        "spec": {
            "backupStorageLocation": "default",
            "node": "node-0",
            "pod": {"kind": "Pod", "namespace": NAMESPACE, "name": pod},
            "repoIdentifier": "",
            "uploaderType": "kopia",
            "volume": claim.partition("-")[0],
        },
        "status": {
            "phase": "Completed",
            "snapshotID": found["uid"].replace("-", ""),
            "startTimestamp": instant(began),
            "completionTimestamp": instant(),
            "progress": {"bytesDone": 7 << 30, "totalBytes": 7 << 30},
        },
    }


def _write_secret(session: Session, external: Json) -> None:
    """The Secret that it owns; one that was made by hand is taken over."""
    metadata = external["metadata"]
    owner = {
        **{key: external[key] for key in ("apiVersion", "kind")},
        **{key: metadata[key] for key in ("name", "uid")},
        "controller": True,
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": external["spec"]["target"].get("name", metadata["name"]),
            "namespace": NAMESPACE,
            "labels": {"reconcile.external-secrets.io/managed": "true"},
            "ownerReferences": [owner],
        },
        "stringData": {entry["secretKey"]: "from-vault" for entry in external["spec"]["data"]},
    }
    session.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=json.dumps(secret), shown=False)


def _get(session: Session, kind: str, name: str) -> Json:
    found: Json = json.loads(session.kubectl("get", kind, name, "-o=json", shown=False))
    return found


def _create(session: Session, *objects: Json) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    session.kubectl("create", "-f", "-", text=json.dumps(listed), shown=False)


def _status(session: Session, kind: str, name: str, status: Json) -> None:
    patch = json.dumps({"status": status})
    session.kubectl("patch", kind, name, "--subresource=status", "--type=merge", "-p", patch, shown=False)


def _condition(kind: str, status: str, reason: str, message: str) -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": instant()}
