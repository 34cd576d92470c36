"""The one call: find a provider, start a control plane."""

from __future__ import annotations

import os
from collections.abc import Callable

from . import controlplane, providers
from .cluster import Cluster


def start(*, controllers: bool = True, nodes: int = 1, progress: Callable[[str], None] | None = None) -> Cluster:
    """Start a control plane with the first provider that works here; the caller stops it.

    Without `controllers` there are only etcd and kube-apiserver: no Pod ever runs, no ServiceAccount is made.
    """
    request = providers.Request(os.environ, progress or _silent, controllers=controllers, nodes=nodes)
    found = providers.find(request)
    if isinstance(found, Cluster):
        return found
    return controlplane.start(found, controllers=controllers, nodes=nodes)


def _silent(_line: str) -> None:
    """Progress that nobody asked for."""
