"""A namespace in which every right that ships is used: each kind, each source of evidence, each fetched body.

What other controllers would write is written here, with the real instants; none of them runs.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.cluster import objects as world
from tests.cluster.kube import Json, Kube

VELERO: Final = "velero"
EXTERNAL: Final = "external-secrets.io/v1"
SNAPSHOTS: Final = "snapshot.storage.k8s.io/v1"
PROOFS: Final = {
    VELERO: tuple(
        f"{plural}.velero.io" for plural in ("backups", "backupstoragelocations", "podvolumebackups", "datauploads")
    )
}
CLAIM: Final = "data-db-0"
OLD: Final = "db-old"
"""The revision of the StatefulSet's Pod: its template is in a ControllerRevision."""


def prepare(kube: Kube) -> None:
    """What stands once for all namespaces."""
    _with_status(
        kube,
        {
            "apiVersion": EXTERNAL,
            "kind": "ClusterSecretStore",
            "metadata": {"name": "vault"},
            "spec": {"provider": {"vault": {"server": "https://vault.example.com"}}},
        },
        {"conditions": [_ready("Valid")]},
    )
    kube.create(
        {
            "apiVersion": "velero.io/v1",
            "kind": "BackupStorageLocation",
            "metadata": {"name": "default", "namespace": VELERO},
            "spec": {"provider": "aws", "default": True, "objectStorage": {"bucket": "backups"}},
            "status": {"phase": "Available", "lastValidationTime": _instant()},
        }
    )


def fill(kube: Kube, namespace: str) -> None:
    """Make the namespace and all that its review is about."""
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    claim = _with_status(kube, _claim(namespace), {"phase": "Bound"})
    _workloads(kube, namespace)
    _secrets(kube, namespace)
    _snapshot(kube, namespace)
    _velero(kube, namespace, claim["metadata"]["uid"])


def review(namespace: str, name: str) -> Json:
    """One expectation for each kind and source, named after what it needs."""
    dump = {"name": "dump", "covers": [{"kind": "StatefulSet", "name": "db"}]}
    switch = {"rules": [{"env": "SIMULATION", "oneOf": ["off"]}]}
    only = {"selector": {"matchLabels": {"app": "api"}}}
    managers = {"alsoManagedBy": ["Certificate", "SealedSecret"]}
    body = world.review(
        name,
        world.area("delivery", world.expectation("probes"), world.expectation("non-root", "nonRoot")),
        world.area("switches", world.expectation("simulation", "configuration", switch, scope=only)),
        world.area("secrets", world.expectation("synced", "externalSecrets", managers)),
        world.area(
            "backups",
            world.expectation("snapshots", "backups", {"provenBy": ["VolumeSnapshot"]}),
            world.expectation("velero", "backups", {"provenBy": ["Velero"]}),
            world.expectation("dumps", "backups", {"provenBy": ["CronJob"], "cronJobs": [dump]}),
        ),
    )
    return _in(namespace, body)


# --- workloads


def _workloads(kube: Kube, namespace: str) -> None:
    """One of each kind; the Pods and the ReplicaSet that nobody's template speaks for are fetched by name."""
    kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}})
    switches = {**world.config_map("switches"), "data": {"SIMULATION": "off"}}
    for body in (switches, _api(), _daemon_set(), _job(), _replica_set(), _pod("solo")):
        kube.create(_in(namespace, body))
    _with_status(kube, _in(namespace, _cron_job()), {"lastScheduleTime": _instant(), "lastSuccessfulTime": _instant()})
    owner = kube.create(_in(namespace, _stateful_set()))["metadata"]
    made_by = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": owner["uid"], "controller": True}
    labels = {"app": "db", "controller-revision-hash": OLD}
    revision = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": OLD, "ownerReferences": [made_by]},
        "data": {"spec": {"template": _template("db")}},
        "revision": 1,
    }
    pod = {**_pod("db-0"), "metadata": {"name": "db-0", "labels": labels, "ownerReferences": [made_by]}}
    for body in (revision, pod):
        kube.create(_in(namespace, body))


def _api() -> Json:
    """Takes its switch from a ConfigMap and a secret from each manager."""
    body = world.deployment("api")
    spec = body["spec"]["template"]["spec"]
    spec["containers"][0]["envFrom"] = [
        *({"secretRef": {"name": name}} for name in ("own", "shared", "tls", "sealed")),
        {"configMapRef": {"name": "switches"}},  # the last one wins: a Secret after it could set the switch too
    ]
    return body


def _template(name: str, **more: object) -> Json:
    return {"metadata": {"labels": {"app": name}}, "spec": {**_spec(), **more}}


def _spec() -> Json:
    container = {"name": "app", "image": "registry.example.com/app:1", **world.PROBES}
    return {"securityContext": world.NON_ROOT, "containers": [container], "automountServiceAccountToken": False}


def _set(kind: str, name: str, **more: object) -> Json:
    spec = {"selector": {"matchLabels": {"app": name}}, "template": _template(name), **more}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _daemon_set() -> Json:
    return _set("DaemonSet", "agent")


def _replica_set() -> Json:
    return _set("ReplicaSet", "workers")


def _stateful_set() -> Json:
    storage = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claims = [{"metadata": {"name": "data"}, "spec": storage}]
    return _set("StatefulSet", "db", serviceName="db", replicas=1, volumeClaimTemplates=claims)


def _pod(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": _spec()}


def _job() -> Json:
    spec = {"template": {"spec": {**_spec_of_job(), "restartPolicy": "Never"}}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": spec}


def _cron_job() -> Json:
    job = {"spec": {"template": {"spec": {**_spec_of_job(), "restartPolicy": "Never"}}}}
    spec = {"schedule": "0 3 * * *", "jobTemplate": job}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "dump"}, "spec": spec}


def _spec_of_job() -> Json:
    return {**_spec(), "containers": [{"name": "app", "image": "registry.example.com/app:1"}]}


# --- what stands behind Secrets


def _secrets(kube: Kube, namespace: str) -> None:
    store = {"kind": "SecretStore", "spec": {"provider": {"vault": {"server": "https://vault.example.com"}}}}
    store |= {"apiVersion": EXTERNAL, "metadata": {"name": "own"}}
    _with_status(kube, _in(namespace, store), {"conditions": [_ready("Valid")]})
    for name, kind, behind in (("own", "SecretStore", "own"), ("shared", "ClusterSecretStore", "vault")):
        external = {
            "apiVersion": EXTERNAL,
            "kind": "ExternalSecret",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "refreshInterval": "1h0m0s",
                "secretStoreRef": {"kind": kind, "name": behind},
                "target": {"creationPolicy": "Owner"},
                "data": [{"secretKey": "password", "remoteRef": {"key": f"shop/{name}"}}],
            },
        }
        synced = {"binding": {"name": name}, "refreshTime": _instant(), "syncedResourceVersion": "1-8b1c2f5e"}
        _with_status(kube, external, {**synced, "conditions": [_ready("SecretSynced")]})
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"secretName": "tls", "dnsNames": ["shop.example.com"], "issuerRef": {"name": "internal"}},
    }
    ready = {**_ready("Ready"), "observedGeneration": 1}
    _with_status(kube, certificate, {"conditions": [ready], "notAfter": _instant(timedelta(days=90)), "revision": 1})
    sealed = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "sealed", "namespace": namespace},
        "spec": {"encryptedData": {"password": "AgBq"}},
    }
    synced = {"type": "Synced", "status": "True", "lastTransitionTime": _instant(), "lastUpdateTime": _instant()}
    _with_status(kube, sealed, {"observedGeneration": 1, "conditions": [synced]})


# --- proofs of backups


def _claim(namespace: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": CLAIM, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def _snapshot(kube: Kube, namespace: str) -> None:
    content, taken = f"content-{namespace}", time.time_ns()
    snapshot = {
        "apiVersion": SNAPSHOTS,
        "kind": "VolumeSnapshot",
        "metadata": {"name": "nightly", "namespace": namespace},
        "spec": {"source": {"persistentVolumeClaimName": CLAIM}},
    }
    bound = {"boundVolumeSnapshotContentName": content, "creationTime": _instant(), "readyToUse": True}
    uid = _with_status(kube, snapshot, bound)["metadata"]["uid"]
    reference = {
        "apiVersion": SNAPSHOTS,
        "kind": "VolumeSnapshot",
        "namespace": namespace,
        "name": "nightly",
        "uid": uid,
    }
    holding = {
        "apiVersion": SNAPSHOTS,
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": content},
        "spec": {
            "deletionPolicy": "Retain",
            "driver": "csi.example.com",
            "source": {"volumeHandle": "volume"},
            "volumeSnapshotRef": reference,
        },
    }
    _with_status(kube, holding, {"snapshotHandle": "snap", "creationTime": taken, "readyToUse": True})


def _velero(kube: Kube, namespace: str, claim: str) -> None:
    """A Backup of the namespace, and a copy of the volume made in each of Velero's two ways."""
    backup = kube.create(
        {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": namespace, "namespace": VELERO},
            "spec": {"includedNamespaces": [namespace], "storageLocation": "default"},
        }
    )
    labels = {"velero.io/backup-uid": backup["metadata"]["uid"], "velero.io/pvc-uid": claim}
    meta = {"name": namespace, "namespace": VELERO, "labels": labels, "annotations": {"velero.io/pvc-name": CLAIM}}
    by_pod = {
        "backupStorageLocation": "default",
        "node": "node-0",
        "pod": {"kind": "Pod", "namespace": namespace, "name": "db-0"},
        "repoIdentifier": "",
        "uploaderType": "kopia",
        "volume": "data",
    }
    by_move = {
        "backupStorageLocation": "default",
        "snapshotType": "CSI",
        "csiSnapshot": {"volumeSnapshot": "moved", "storageClass": "fast"},
        "sourceNamespace": namespace,
        "sourcePVC": CLAIM,
        "operationTimeout": "10m0s",
    }
    for version, kind, spec in (("v1", "PodVolumeBackup", by_pod), ("v2alpha1", "DataUpload", by_move)):
        done = {"phase": "Completed", "snapshotID": "4f2a"}
        kube.create(
            {"apiVersion": f"velero.io/{version}", "kind": kind, "metadata": meta, "spec": spec, "status": done}
        )
    times = {
        "startTimestamp": _instant(),
        "completionTimestamp": _instant(),
        "expiration": _instant(timedelta(days=30)),
    }
    kube.merge(backup, {"status": {"phase": "Completed", **times}})


# --- small things


def _with_status(kube: Kube, body: Json, status: Json) -> Json:
    return kube.put_status({**kube.create(body), "status": status})


def _in(namespace: str, body: Json) -> Json:
    return {**body, "metadata": {**body["metadata"], "namespace": namespace}}


def _ready(reason: str) -> Json:
    return {"type": "Ready", "status": "True", "reason": reason, "lastTransitionTime": _instant()}


def _instant(ahead: timedelta = timedelta(0)) -> str:
    return (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
