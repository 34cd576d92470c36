"""Where helm and kubectl come from.

helm is built from Go modules, as the control plane's binaries are: helm/go.mod and helm/go.sum pin every source. Its
Kubernetes modules have the control plane's version, so that what one build compiled the other finds compiled.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hack.localcluster import cache, versions
from hack.localcluster.errors import NotHereError
from hack.localcluster.processes import Family, last_lines

MODULE = Path(__file__).parent / "helm"
PACKAGE = "helm.sh/helm/v4/cmd/helm"
FOREIGN = frozenset({"GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT"})
"""Settings of the caller that would change what is built."""


def helm(environment: Mapping[str, str], progress: Callable[[str], None]) -> Path:
    """The cached binary, built first where there is none; NotHereError says why it cannot be had."""
    store = _store(environment)
    if store.missing(["helm"]):
        with store.filling(progress):
            if store.missing(["helm"]):
                _build(store, environment, progress)
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


def _build(store: cache.Cache, environment: Mapping[str, str], progress: Callable[[str], None]) -> None:
    go = shutil.which("go", path=environment.get("PATH", os.defpath))
    if go is None:
        raise NotHereError("there is no go command on PATH, which builds helm")
    settings = {key: value for key, value in environment.items() if key not in FOREIGN}
    settings |= {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    started = time.monotonic()
    family = Family()
    with store.scratch() as folder:
        try:
            family.owns(folder)
            target, log = folder / "helm", folder / "build.log"
            command: list[str | Path] = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", target, PACKAGE]
            child = family.start(command, log, cwd=MODULE, environment=settings)
            while child.poll() is None:
                progress(f"helm: building … {time.monotonic() - started:.0f} s")
                _wait(child)
        finally:
            family.close()
        if child.returncode or not target.is_file():
            raise NotHereError(f"building helm ended with {child.returncode}:\n{last_lines(log)}")
        store.put("helm", target)
    progress(f"helm: built in {time.monotonic() - started:.0f} s")


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(1.0)
    except subprocess.TimeoutExpired:
        return
