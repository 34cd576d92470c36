"""What ships, rendered by the real tools, as objects."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hack import manifest
from hack.localcluster.errors import NotHereError
from hack.tools import binary

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts" / "readiness-operator"
CI: Final = {path.name.removesuffix("-values.yaml"): path for path in sorted(CHART.glob("ci/*-values.yaml"))}
RELEASE: Final = "readiness-operator"
NAMESPACE: Final = "readiness-system"

Object = dict[str, Any]


@cache
def kustomized() -> str:
    """`kubectl kustomize deploy`; skipped, with the reason, where there is no kubectl, which on CI is a failure."""
    try:
        return manifest.rendered()
    except NotHereError as reason:
        _absent(str(reason))
        raise


@cache
def helm() -> Path:
    """The helm binary, which `make test` has built: a test's own time is too short for that. As above."""
    found = binary.helm_at_hand(os.environ)
    if found is None:
        _absent("helm is not built: python -m hack.tools helm")
    assert found is not None
    return found


def _absent(why: str) -> None:
    if not os.environ.get("CI"):
        pytest.skip(why)


def run_helm(*words: object) -> "subprocess.CompletedProcess[str]":
    """One helm call, away from the caller's own configuration."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
    command = [str(helm()), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def template(values: str | Path | None = None, *words: object) -> str:
    """The chart, rendered; `values` is a name of ci/, or a file."""
    file = CI[values] if isinstance(values, str) else values
    given = [] if file is None else [f"--values={file}"]
    done = run_helm("template", RELEASE, CHART, f"--namespace={NAMESPACE}", *given, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(text: str) -> list[Object]:
    return [one for one in yaml.safe_load_all(text) if one]


def of_kind(found: Iterable[Object], kind: str) -> dict[str, Object]:
    """By name, or namespace/name where the namespace is not the release's."""
    named = [one for one in found if one["kind"] == kind]
    return {_key(one["metadata"]): one for one in named}


def _key(meta: Mapping[str, Any]) -> str:
    namespace = meta.get("namespace", NAMESPACE)
    return str(meta["name"]) if namespace == NAMESPACE else f"{namespace}/{meta['name']}"


Rights = dict[str, list[str]]
"""`deployments.apps` -> its verbs, sorted."""


def rights(role: Object) -> Rights:
    """A role's rules, one line a resource; only these three fields may stand in a rule."""
    granted: dict[str, set[str]] = {}
    for rule in role["rules"]:
        assert rule.keys() == {"apiGroups", "resources", "verbs"}
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                granted.setdefault(f"{resource}.{group}" if group else resource, set()).update(rule["verbs"])
    return {name: sorted(verbs) for name, verbs in granted.items()}
