"""
No container of a workload's template can run as root on its node.

A process that runs as root and leaves its container is root on the node. Whether that can happen is decided
before the image is known, by what the template enforces; the image's USER cannot be seen and is no proof.

Reads: the live templates of every selected workload, Jobs and CronJobs included, and in them every container:
regular ones, sidecars, init containers, and the ephemeral ones of Pods that are themselves judged.
Unmet: what the runAsNonRoot and runAsUser controls of the Pod Security profile "restricted" refuse, in their
newest version: one finding per container, and one of the workload itself where its Pod-level settings are
wrong, whatever its containers say.
Silent: on a runAsUser that is not 0: by itself it enforces nothing. With `hostUsers: false` root in the
container is nobody on the node, which the profile accepts since v1.35. Windows Pods are judged like any other,
as the profile does.
Known limits: containers that are injected into Pods and stand in no template are not judged.

Example:
    - name: non-root
      check: {nonRoot: {}}
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from readiness.api.v1alpha1.expectations.non_root import NonRootExpectation
from readiness.evidence.objects import Ref
from readiness.evidence.workloads import Container, Template, Workload, container_path, pod_spec, templates
from readiness.expectations.finding import Finding, at_revision, gaps, met, unmet

RUNS_AS_ROOT: Final = "RunsAsRoot"  # runAsUser is 0
NOT_ENFORCED: Final = "NonRootNotEnforced"  # runAsNonRoot is not true: the image decides who it runs as
USER_NAMESPACE: Final = "UserNamespace"  # hostUsers is false: root in the container is not root on the node
ENFORCED: Final = "NonRootEnforced"  # runAsNonRoot is true, and no runAsUser contradicts it
REASONS: Final = (RUNS_AS_ROOT, NOT_ENFORCED, USER_NAMESPACE, ENFORCED)


def evaluate(_want: NonRootExpectation, seen: Workload, _now: datetime) -> Iterator[Finding]:
    """Judge each container on its own, and the Pod's own settings, so that a fix clears its own finding."""
    yield from gaps(seen)
    for revision, template in templates(seen):
        yield from at_revision(_template(seen, template), seen, revision)


def _template(seen: Workload, template: Template) -> Iterator[Finding]:
    path = pod_spec(seen)
    if template.host_users is not False:
        yield from _pod(seen.subject, template, path)
    for container in template.containers:
        subject = seen.subject.at(container.name)
        if template.host_users is False:
            yield met(subject, USER_NAMESPACE)
        else:
            yield _container(subject, template, container, path)


def _pod(subject: Ref, template: Template, path: str) -> Iterator[Finding]:
    """What the Pod itself says counts even where each of its containers says otherwise."""
    context = f"{path}.securityContext"
    if template.run_as_user == 0:
        yield unmet(subject, RUNS_AS_ROOT, f"runAsUser is 0: set {context}.runAsUser to another user, or remove it")
    elif template.run_as_non_root is False:
        yield unmet(subject, NOT_ENFORCED, f"runAsNonRoot is false: set {context}.runAsNonRoot: true")


def _container(subject: Ref, template: Template, container: Container, path: str) -> Finding:
    context = f"{container_path(path, container)}.securityContext"
    user = template.run_as_user if container.run_as_user is None else container.run_as_user
    enforced = template.run_as_non_root if container.run_as_non_root is None else container.run_as_non_root
    if container.run_as_user == 0:
        return unmet(subject, RUNS_AS_ROOT, f"runAsUser is 0: set {context}.runAsUser to another user, or remove it")
    if user == 0:
        return unmet(subject, RUNS_AS_ROOT, f"runAsUser is 0, from {path}.securityContext: set another user there")
    if enforced:
        return met(subject, ENFORCED)
    if container.run_as_non_root is False:
        return unmet(subject, NOT_ENFORCED, f"runAsNonRoot is false: set {context}.runAsNonRoot: true")
    said = "false in the Pod's securityContext" if enforced is False else "not set"
    alone = "" if user is None else f" (runAsUser {user} alone is no proof)"
    return unmet(subject, NOT_ENFORCED, f"runAsNonRoot is {said}{alone}: set {path}.securityContext.runAsNonRoot: true")
