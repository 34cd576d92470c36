"""Where a control plane comes from: five providers, the first that works."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import cache, versions
from .cluster import Cluster
from .errors import NoControlPlaneError, NotHereError
from .versions import Binaries


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted, and where to look."""

    environment: Mapping[str, str]
    controllers: bool
    progress: Callable[[str], None]

    @property
    def names(self) -> tuple[str, ...]:
        """The binaries wanted."""
        return versions.needed(controllers=self.controllers)


Provider = Callable[[Request], Cluster | Binaries]


def at_hand(request: Request) -> Binaries:
    """Binaries of KUBEBUILDER_ASSETS, or of the cache."""
    reasons = []
    if assets := request.environment.get("KUBEBUILDER_ASSETS"):
        found = {name: Path(assets).absolute() / name for name in request.names}
        missing = [name for name, path in found.items() if not os.access(path, os.X_OK)]
        if not missing:
            return found
        reasons.append(f"KUBEBUILDER_ASSETS={assets} has no {', '.join(missing)}")
    store = cache.here(request.environment)
    if missing := store.missing(request.names):
        reasons.append(f"the cache {store.folder} has no {', '.join(missing)}")
        raise NotHereError("; ".join(reasons))
    return store.at_hand(request.names)


PROVIDERS: tuple[tuple[str, Provider], ...] = (("binaries at hand", at_hand),)


def find(request: Request, providers: tuple[tuple[str, Provider], ...] = PROVIDERS) -> Cluster | Binaries:
    """Ask one provider after the other; say why one was skipped."""
    skipped = []
    for name, provider in providers:
        try:
            return provider(request)
        except NotHereError as reason:
            skipped.append(f"{name}: {reason}")
            request.progress(f"skipped {name}: {reason}")
    raise NoControlPlaneError("no control plane on this machine\n  " + "\n  ".join(skipped))
