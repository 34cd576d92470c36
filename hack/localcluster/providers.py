"""Where a control plane comes from: five providers, the first that works.

A provider that cannot serve says why; an explicit choice that is unsafe stops the search.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import cache, download, foreign, gobuild, kind, versions
from .cluster import Cluster
from .errors import NoControlPlaneError, NotHereError
from .versions import Binaries


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted, and where to look."""

    environment: Mapping[str, str]
    progress: Callable[[str], None]
    controllers: bool = True
    nodes: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The binaries wanted."""
        return versions.needed(controllers=self.controllers)


Provider = Callable[[Request], Cluster | Binaries]


def explicit(request: Request) -> Cluster:
    """1: the cluster that READINESS_TEST_KUBECONFIG names."""
    return foreign.explicit(request.environment)


def at_hand(request: Request) -> Binaries:
    """2: binaries of KUBEBUILDER_ASSETS, or of the cache."""
    reasons = []
    if assets := request.environment.get("KUBEBUILDER_ASSETS"):
        found = {name: Path(assets).absolute() / name for name in request.names}
        missing = [name for name, path in found.items() if not (path.is_file() and os.access(path, os.X_OK))]
        if not missing:
            return found
        reasons.append(f"KUBEBUILDER_ASSETS={assets} has no {', '.join(missing)}")
    store = cache.here(request.environment)
    if missing := store.missing(request.names):
        reasons.append(f"the cache {store.folder} has no {', '.join(missing)}")
        raise NotHereError("; ".join(reasons))
    return store.at_hand(request.names)


def docker_kind(request: Request) -> Cluster:
    """3: kind, if a Docker engine answers."""
    return kind.create(request.environment, request.progress, request.nodes, controllers=request.controllers)


def released(request: Request) -> Binaries:
    """4: the official release binaries."""
    return download.download(request.names, request.environment, request.progress)


def built(request: Request) -> Binaries:
    """5: built from Go modules."""
    return gobuild.build(request.names, request.environment, request.progress)


BINARIES: Mapping[str, Provider] = {"binaries at hand": at_hand, "download": released, "Go build": built}
PROVIDERS: Mapping[str, Provider] = {
    "explicit kubeconfig": explicit,
    "binaries at hand": at_hand,
    "kind": docker_kind,
    "download": released,
    "Go build": built,
}


def find(request: Request, providers: Mapping[str, Provider] = PROVIDERS) -> Cluster | Binaries:
    """Ask one provider after the other; say why one was skipped."""
    skipped = []
    for name, provider in providers.items():
        try:
            return provider(request)
        except NotHereError as reason:
            skipped.append(f"{name}: {reason}")
            request.progress(f"skipped {name}: {reason}")
    raise NoControlPlaneError("no control plane on this machine\n  " + "\n  ".join(skipped))
