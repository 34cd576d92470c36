"""Where helm and kubectl come from.

helm is built from Go modules, as the control plane's binaries are: helm/go.mod and helm/go.sum pin every source. Its
Kubernetes modules have the control plane's version, so that what one build compiled the other finds compiled.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from hack.localcluster import cache, gobuild, versions
from hack.localcluster.errors import NotHereError
from hack.localcluster.gobuild import Recipe

MODULE = Path(__file__).parent / "helm"
RECIPE = Recipe(MODULE, "helm.sh/helm/v4/cmd/helm")


def helm(environment: Mapping[str, str], progress: Callable[[str], None]) -> Path:
    """The cached binary, built first where there is none; NotHereError says why it cannot be had."""
    store = _store(environment)
    if store.missing(["helm"]):
        go = gobuild.compiler(environment)
        with store.filling(progress):
            if store.missing(["helm"]):
                with store.scratch() as folder:
                    store.put("helm", gobuild.compiled("helm", RECIPE, go, folder, environment, progress))
    return store.at_hand(["helm"])["helm"]


def helm_at_hand(environment: Mapping[str, str]) -> Path | None:
    """The cached binary, if it is there already."""
    return _store(environment).at_hand(["helm"]).get("helm")


def kubectl(environment: Mapping[str, str]) -> Path:
    """The control plane's kubectl, or the one on PATH."""
    found = cache.here(environment).at_hand(["kubectl"]).get("kubectl")
    elsewhere = shutil.which("kubectl", path=environment.get("PATH", os.defpath))
    if found is None and elsewhere is None:
        raise NotHereError("there is no kubectl: neither on PATH nor in the cache (python -m hack.localcluster build)")
    return found or Path(str(elsewhere))


def _store(environment: Mapping[str, str]) -> cache.Cache:
    """Keyed by what pins the sources: another go.sum never meets an older binary."""
    pins = hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes()).hexdigest()[:12]
    return cache.Cache(cache.base(environment) / f"helm-{pins}-{versions.system()}-{versions.architecture()}")
