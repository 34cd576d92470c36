"""What the API server says of itself: requests answered, CPU used."""

from __future__ import annotations

import re
from collections import Counter

from .client import Client
from .proc import cpu_seconds

_REQUEST = re.compile(r"^apiserver_request_total\{([^}]*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
EVIDENCE = frozenset(
    {
        "deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions", "cronjobs", "jobs", "pods",
        "configmaps", "persistentvolumeclaims", "externalsecrets", "secretstores", "clustersecretstores",
        "volumesnapshots", "volumesnapshotcontents", "backups", "backupstoragelocations",
    }
)  # fmt: skip
"""Resources that nobody but the operator lists here."""


def requests(page: str) -> Counter[tuple[str, str, str]]:
    """How many by (verb, resource, subresource), from the text of /metrics."""
    found: Counter[tuple[str, str, str]] = Counter()
    for labels, value in _REQUEST.findall(page):
        known = dict(_LABEL.findall(labels))
        found[known.get("verb", ""), known.get("resource", ""), known.get("subresource", "")] += int(float(value))
    return found


async def counted(client: Client) -> Counter[tuple[str, str, str]]:
    """The same of the running server."""
    return requests((await client.request("GET", "/metrics", accept="text/plain")).decode())


def lists(between: Counter[tuple[str, str, str]]) -> int:
    """Lists of evidence."""
    return sum(count for (verb, resource, _), count in between.items() if verb == "LIST" and resource in EVIDENCE)


def status_writes(between: Counter[tuple[str, str, str]]) -> int:
    """Attempts to write a review's status."""
    return sum(
        count
        for (verb, resource, part), count in between.items()
        if verb == "PUT" and (resource, part) == ("readinessreviews", "status")
    )


class Meter:
    """CPU of the API server from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = cpu_seconds(pid)

    @property
    def seconds(self) -> float:
        return cpu_seconds(self._pid) - self._began
