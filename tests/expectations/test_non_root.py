"""nonRoot equals the Pod Security profile: the real checks of Kubernetes and ours answer the same specs."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.api.v1alpha1.expectations.non_root import NonRootExpectation
from readiness.collectors.projections import BODIES
from readiness.evidence.objects import Meta, Ref
from readiness.evidence.resources import PODS
from readiness.evidence.workloads import Template, Workload
from readiness.expectations.finding import Outcome
from readiness.expectations.kinds import non_root

SOURCE = Path(__file__).parents[2] / "hack" / "podsecurity"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Profile:
    """The Pod Security checks, as a process that answers line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def says(self, spec: dict[str, Any]) -> tuple[bool, set[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"spec": spec}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["allowed"], set(answer["reasons"])


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no go command on PATH, which builds the Pod Security checks")
    settings = {key: value for key, value in os.environ.items() if key not in {"GOOS", "GOARCH", "GOFLAGS"}}
    settings |= {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    listed = subprocess.run(
        [go, "list", "-deps", "."], cwd=SOURCE, env=settings, capture_output=True, text=True, timeout=240, check=False
    )
    if listed.returncode:
        pytest.skip(f"the Pod Security checks cannot be built here: {' '.join(listed.stderr.split())[-200:]}")
    binary = tmp_path_factory.mktemp("podsecurity") / "podsecurity"
    subprocess.run([go, "build", "-o", binary, "."], cwd=SOURCE, env=settings, timeout=240, check=True)
    with subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Profile(process)


def sometimes(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values, or null; the key may be left out as well."""
    return st.sampled_from([None, *values])


USERS = sometimes(0, 1, 1000, 2**31)
SECURITY = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "runAsUser": USERS,
            "runAsNonRoot": sometimes(True, False),
            "runAsGroup": USERS,
            "windowsOptions": st.fixed_dictionaries(
                {}, optional={"runAsUserName": st.sampled_from(["", "ContainerUser", "ContainerAdministrator"])}
            ),
        },
    ),
)


def containers(prefix: str, least: int, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {"image": st.just("registry.example.com/a:1")}, optional={"securityContext": SECURITY, **more}
    )
    many = st.lists(one, min_size=least, max_size=3)
    return many.map(lambda found: [{**each, "name": f"{prefix}{index}"} for index, each in enumerate(found)])


SPECS = st.fixed_dictionaries(
    {"containers": containers("c", 1)},
    optional={
        "initContainers": containers("i", 0, restartPolicy=st.just("Always")),
        "ephemeralContainers": containers("e", 0),
        "securityContext": SECURITY,
        "hostUsers": sometimes(True, False),
        "os": st.sampled_from([None, {"name": "windows"}, {"name": "linux"}]),
    },
)


def ours(spec: dict[str, Any]) -> tuple[bool, set[str]]:
    template = BODIES[PODS](json.dumps({"metadata": {}, "spec": spec}).encode())
    assert isinstance(template, Template)
    pod = Ref("Pod", "a")
    workload = Workload("u", pod, pod, Meta("u", "a"), template)
    found = list(non_root.evaluate(NonRootExpectation(), workload, NOW))
    assert len(found) >= len(spec["containers"])
    reasons = {finding.reason for finding in found if finding.outcome is Outcome.UNMET}
    return not reasons, reasons


@given(spec=SPECS)
@settings(max_examples=1000, deadline=None)
def test_it_is_met_exactly_where_the_profile_allows(profile: Profile, spec: dict[str, Any]) -> None:
    allowed, refused = profile.says(spec)
    met, reasons = ours(spec)
    assert met == allowed
    assert (non_root.RUNS_AS_ROOT in reasons) == ("runAsUser=0" in refused)
    if non_root.NOT_ENFORCED in reasons:
        assert "runAsNonRoot != true" in refused
