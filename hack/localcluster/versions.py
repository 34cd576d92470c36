"""Which binaries make up the control plane, in which versions, and for which platform.

One place, because the cache key, the download addresses and the Go build must agree; the go.mod files beside
this module name the same versions, and a test compares them.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

KUBERNETES = "v1.36.3"
ETCD = "v3.6.16"
KWOK = "v0.8.0"

SERVERS = ("etcd", "kube-apiserver", "kubectl")
CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kwok")

Binaries = Mapping[str, Path]

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def needed(*, controllers: bool) -> tuple[str, ...]:
    """The names of the binaries a control plane is started from."""
    return SERVERS + CONTROLLERS if controllers else SERVERS


def system() -> str:
    """The operating system as release addresses spell it."""
    return platform.system().lower()


def architecture() -> str:
    """The processor as release addresses spell it."""
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


def key() -> str:
    """The name of the cache folder: other versions or another platform never meet in one folder."""
    return f"kubernetes-{KUBERNETES}-etcd-{ETCD}-kwok-{KWOK}-{system()}-{architecture()}"
