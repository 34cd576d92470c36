"""
The resources that evidence is read from, by name only: versions are a matter of discovery.

Each is watched in full, or by metadata alone where the body is large and rarely needed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Shape(StrEnum):
    """How much of an object a watch delivers."""

    FULL = "Full"
    METADATA = "Metadata"  # PartialObjectMetadata


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource of the API server; `group` is empty for core. A constant, known by identity: it is a key everywhere."""

    group: str
    plural: str
    kind: str
    shape: Shape = Shape.FULL
    namespaced: bool = True
    field_selector: str = ""

    @property
    def name(self) -> str:
        """`deployments.apps`, `pods`: as RBAC and kubectl write it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


DEPLOYMENTS: Final = Resource("apps", "deployments", "Deployment")
STATEFUL_SETS: Final = Resource("apps", "statefulsets", "StatefulSet")
DAEMON_SETS: Final = Resource("apps", "daemonsets", "DaemonSet")
CRON_JOBS: Final = Resource("batch", "cronjobs", "CronJob")
JOBS: Final = Resource("batch", "jobs", "Job")
REPLICA_SETS: Final = Resource("apps", "replicasets", "ReplicaSet", Shape.METADATA)
CONTROLLER_REVISIONS: Final = Resource("apps", "controllerrevisions", "ControllerRevision", Shape.METADATA)
PODS: Final = Resource("", "pods", "Pod", Shape.METADATA, field_selector="status.phase!=Succeeded,status.phase!=Failed")
CONFIG_MAPS: Final = Resource("", "configmaps", "ConfigMap", Shape.METADATA)
CLAIMS: Final = Resource("", "persistentvolumeclaims", "PersistentVolumeClaim")
CRDS: Final = Resource(
    "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", Shape.METADATA, namespaced=False
)

EXTERNAL_SECRETS: Final = Resource("external-secrets.io", "externalsecrets", "ExternalSecret")
SECRET_STORES: Final = Resource("external-secrets.io", "secretstores", "SecretStore")
CLUSTER_SECRET_STORES: Final = Resource(
    "external-secrets.io", "clustersecretstores", "ClusterSecretStore", namespaced=False
)
CERTIFICATES: Final = Resource("cert-manager.io", "certificates", "Certificate")
SEALED_SECRETS: Final = Resource("bitnami.com", "sealedsecrets", "SealedSecret")

VOLUME_SNAPSHOTS: Final = Resource("snapshot.storage.k8s.io", "volumesnapshots", "VolumeSnapshot")
VOLUME_SNAPSHOT_CONTENTS: Final = Resource(
    "snapshot.storage.k8s.io", "volumesnapshotcontents", "VolumeSnapshotContent", namespaced=False
)
VELERO_BACKUPS: Final = Resource("velero.io", "backups", "Backup")
VELERO_LOCATIONS: Final = Resource("velero.io", "backupstoragelocations", "BackupStorageLocation")
VELERO_POD_VOLUME_BACKUPS: Final = Resource("velero.io", "podvolumebackups", "PodVolumeBackup")
VELERO_DATA_UPLOADS: Final = Resource("velero.io", "datauploads", "DataUpload")
VELERO_SCHEDULES: Final = Resource("velero.io", "schedules", "Schedule")

WORKLOADS: Final = frozenset({DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, CRON_JOBS, JOBS, REPLICA_SETS, PODS})
"""What is needed to know every workload of a namespace, whatever controller stands behind it."""

LIVE_TEMPLATES: Final = WORKLOADS | {CONTROLLER_REVISIONS}
"""What is needed to know every template that a live Pod still carries."""

ELSEWHERE: Final = frozenset(
    {VELERO_BACKUPS, VELERO_LOCATIONS, VELERO_POD_VOLUME_BACKUPS, VELERO_DATA_UPLOADS, VELERO_SCHEDULES}
)
"""What counts only from namespaces that an administrator listed: whoever writes in the review's own could forge it."""
