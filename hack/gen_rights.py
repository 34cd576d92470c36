"""
The table of rights in docs/security.md, from the role that ships: every resource with its verbs, and why they are needed.

That the role is the least that the code needs is proven elsewhere (tests/deploy/test_rbac.py and test_each_rule.py); here it
only gets its reasons, and a right without one, or a reason without its right, ends the generation.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from hack import blocks
from readiness.collectors.projections import BY_RESOURCE
from readiness.evidence.resources import CRDS, ELSEWHERE

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = "docs/security.md"
ROLE: Final = ROOT / "deploy" / "rbac" / "cluster-role.yaml"
FETCHED: Final = "`get`: only metadata is watched, and what changed is read by name."
WHY: Final = {
    "readinessreviews.readiness.dev": "The reviews. `get`: what is there now, after somebody else's write won.",
    "readinessreviews/status.readiness.dev": "The verdict, in one request. The spec is never written.",
    "events.events.k8s.io": "Events on transitions. None is read or changed.",
    "deployments.apps": "Workloads that are judged.",
    "statefulsets.apps": "Workloads that are judged, and the claims that they make.",
    "daemonsets.apps": "Workloads that are judged.",
    "replicasets.apps": f"Older templates of Deployments that Pods still carry. {FETCHED}",
    "controllerrevisions.apps": f"The same of StatefulSets and DaemonSets. {FETCHED}",
    "cronjobs.batch": "Workloads that are judged, and CronJobs that make backups.",
    "jobs.batch": "Workloads that are judged, and runs of CronJobs that make backups.",
    "pods": f"Which templates are live, since when; Pods of foreign controllers are judged themselves. {FETCHED}",
    "configmaps": f"Values that `configuration` asks for. {FETCHED}",
    "persistentvolumeclaims": "The volumes that `backups` is about.",
    "customresourcedefinitions.apiextensions.k8s.io": "Which evidence is installed: names, by metadata alone.",
    "externalsecrets.external-secrets.io": "Whether Secrets are synced.",
    "secretstores.external-secrets.io": "Whether the store behind an ExternalSecret works, and its provider's name.",
    "clustersecretstores.external-secrets.io": "The same; shown only to namespaces whose ExternalSecrets name it.",
    "certificates.cert-manager.io": "Secrets that a Certificate makes (`alsoManagedBy`).",
    "sealedsecrets.bitnami.com": "Secrets that a SealedSecret makes (`alsoManagedBy`).",
    "volumesnapshots.snapshot.storage.k8s.io": "Proofs of backups.",
    "volumesnapshotcontents.snapshot.storage.k8s.io": "Whether a snapshot can be used, and of which volume it is.",
    "backups.velero.io": "Proofs of backups.",
    "backupstoragelocations.velero.io": "Whether the place that a Backup is kept in is there.",
    "podvolumebackups.velero.io": "Which single volumes a Backup holds.",
    "datauploads.velero.io": "Which single volumes a Backup holds.",
}
EVERYWHERE: Final = "reviews' namespaces"
LISTED: Final = "listed namespaces"
CLUSTER: Final = "the cluster"


class UnexplainedError(Exception):
    """A right without a reason, or a reason without a right."""


def pages() -> Iterator[tuple[str, str]]:
    """The page with its table renewed."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    yield PAGE, blocks.replaced(page, "rights", "python -m hack.generate", table(yaml.safe_load(ROLE.read_text())))


def table(role: dict[str, Any]) -> str:
    """One row a resource, in the order of the role."""
    granted = dict(_granted(role))
    differing = sorted(granted.keys() ^ WHY.keys())
    if differing:
        raise UnexplainedError(f"{', '.join(differing)} in only one of {ROLE.name} and {Path(__file__).name}")
    rows = [f"| `{name}` | {', '.join(verbs)} | {_where(name)} | {WHY[name]} |" for name, verbs in granted.items()]
    return "\n".join(["| resource | verbs | where | why |", "|---|---|---|---|", *rows])


def _granted(role: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield f"{resource}.{group}" if group else resource, rule["verbs"]


def _where(name: str) -> str:
    """Where Roles grant it, when there is no ClusterRole."""
    if name in {one.name for one in ELSEWHERE}:
        return LISTED
    return CLUSTER if name in {one.name for one in (*BY_RESOURCE, CRDS) if not one.namespaced} else EVERYWHERE
