"""
Every regular container and sidecar of a long-running workload declares the probes its review asks for.

Without them the kubelet cannot tell a hung process from a healthy one, and a rollout shifts traffic to
Pods that are not up yet.

Reads: the live templates of the selected workloads, except Jobs, CronJobs and Pods that are meant to end.
Unmet: one finding per container, naming the probe that is missing or cannot work.
Silent: on init and ephemeral containers, which never serve; lifecycle hooks are no probes, and a startup
probe is no liveness probe. A sidecar's readiness does not stand for the application's.

Example:
    - name: explicit-probes
      check: {probes: {require: [Liveness, Readiness]}}
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from readiness.api.v1alpha1.expectations.probes import ProbesExpectation
from readiness.evidence.objects import Ref
from readiness.evidence.workloads import Container, Workload, container_path, pod_spec, templates
from readiness.expectations.finding import Finding, at_revision, gaps, met, unmet

MISSING: Final = "ProbeMissing"  # a probe that the review asks for is not declared
HANDLER_MISSING: Final = "ProbeHandlerMissing"  # it has no handler, or port 0: it can never succeed
PORT_UNDEFINED: Final = "ProbePortUndefined"  # it names a port that its container does not declare
DEFINED: Final = "ProbesDefined"  # every probe asked for is declared
REASONS: Final = (MISSING, HANDLER_MISSING, PORT_UNDEFINED, DEFINED)


def evaluate(want: ProbesExpectation, seen: Workload, _now: datetime) -> Iterator[Finding]:
    """Judge each serving container on its own, so that a fix clears its own finding."""
    if not seen.long_running:
        return
    yield from gaps(seen)
    for revision, template in templates(seen):
        for container in template.containers:
            if container.role in {"regular", "sidecar"}:
                found = _container(want, seen.subject.at(container.name), container, pod_spec(seen))
                yield from at_revision([found], seen, revision)


def _container(want: ProbesExpectation, subject: Ref, container: Container, path: str) -> Finding:
    every = {"Liveness": container.liveness, "Readiness": container.readiness, "Startup": container.startup}
    asked = {f"{name.lower()}Probe": every[name] for name in want.require}
    place = container_path(path, container)
    if absent := [field for field, probe in asked.items() if probe is None]:
        return unmet(subject, MISSING, f"no {' and no '.join(absent)}: declare under {place}")
    declared = {field: probe for field, probe in asked.items() if probe is not None}
    for field, probe in declared.items():
        if not probe.handler or (probe.handler != "exec" and probe.port in {None, 0}):
            lacks = "no port" if probe.handler else "no httpGet, tcpSocket, grpc or exec"
            return unmet(subject, HANDLER_MISSING, f"{field} can never succeed, it has {lacks}: set {place}.{field}")
    for field, probe in declared.items():
        if isinstance(probe.port, str) and probe.port not in {port.name for port in container.ports}:
            said = f"{field} names port {probe.port!r}, which this container does not declare"
            return unmet(subject, PORT_UNDEFINED, f"{said}: add it to {place}.ports, or name another")
    return met(subject, DEFINED)
