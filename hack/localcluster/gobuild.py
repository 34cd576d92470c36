"""Provider 5: the binaries built from Go modules; the go.mod and go.sum beside this module pin every source.

`go` runs in a session of its own, so that Ctrl-C reaches us first: we end it, and nothing half built remains.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import cache, processes, versions
from .errors import NotHereError
from .versions import Binaries

OLDEST = (1, 26)
MODULES = Path(__file__).parent
TICK = 1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """One `go build`: the folder of our go.mod, the package, what is written into the binary."""

    module: Path
    package: str
    flags: str = "-s -w"


def recipe(name: str) -> Recipe:
    """How one binary is built."""
    if name == "etcd":
        return Recipe(MODULES / "etcd", "go.etcd.io/etcd/server/v3")
    if name == "kwok":
        return Recipe(MODULES / "kwok", "sigs.k8s.io/kwok/cmd/kwok")
    major, minor = versions.KUBERNETES.removeprefix("v").split(".")[:2]
    stamp = {"gitVersion": versions.KUBERNETES, "gitMajor": major, "gitMinor": minor}
    stamps = " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamp.items())
    return Recipe(MODULES / "kubernetes", f"k8s.io/kubernetes/cmd/{name}", f"-s -w {stamps}")


def build(names: tuple[str, ...], environment: Mapping[str, str], progress: Callable[[str], None]) -> Binaries:
    """Build what the cache lacks."""
    go = compiler(environment)
    store = cache.here(environment)
    with store.filling(progress):
        missing = store.missing(names)
        if missing:
            progress(f"building {', '.join(missing)} with {go}: about eight minutes on two cores, once")
        for name in missing:
            with store.scratch() as folder:
                store.put(name, compiled(name, recipe(name), go, folder, environment, progress))
    return store.at_hand(names)


def compiler(environment: Mapping[str, str]) -> str:
    """The go command, if it is new enough."""
    go = shutil.which("go", path=environment.get("PATH", os.defpath))
    if go is None:
        raise NotHereError("there is no go command on PATH")
    try:
        asked = subprocess.run(
            [go, "version"], env=_settings(environment), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHereError(f"{go} version: {error}") from error
    found = re.search(r"\bgo(\d+)\.(\d+)", asked.stdout)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise NotHereError(f"go {OLDEST[0]}.{OLDEST[1]} or newer is needed, {go} is: {asked.stdout.strip() or '?'}")
    return go


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's settings, without those that would change what is built."""
    kept = {
        key: value for key, value in environment.items() if key not in {"GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT"}
    }
    return kept | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def compiled(
    name: str, how: Recipe, go: str, folder: Path, environment: Mapping[str, str], progress: Callable[[str], None]
) -> Path:
    """Run one build to its end, telling the seconds; end it when we are interrupted."""
    target = folder / name
    log = folder / "build.log"
    started = time.monotonic()
    family = processes.Family()
    try:
        family.owns(folder)
        child = family.start(
            [go, "build", "-trimpath", "-ldflags", how.flags, "-o", target, how.package],
            log,
            cwd=how.module,
            environment=_settings(environment),
        )
        while child.returncode is None:
            progress(f"{name}: building … {time.monotonic() - started:.0f} s")
            _wait(child)
    finally:
        family.close()
    if child.returncode or not target.is_file():
        raise NotHereError(f"building {name} ended with {child.returncode}:\n{processes.last_lines(log)}")
    progress(f"{name}: built in {time.monotonic() - started:.0f} s")
    return target


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(TICK)
    except subprocess.TimeoutExpired:
        return
