"""
Which Secrets the live templates of workloads refer to, and who refers to them.

A template is all that is looked at: no Secret is read, and what a Pod gets from its ServiceAccount is not in it.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from readiness.evidence.objects import Ref
from readiness.evidence.workloads import Container, Template, Workload, templates


@dataclass(frozen=True, slots=True)
class Use:
    """One place of one workload that refers to a Secret: `env DB_PASS`, `volume tls`."""

    workload: Ref
    place: str
    optional: bool = False
    older: str = ""  # `revision api-5d9c`: only an older live template refers to it there

    def __str__(self) -> str:
        """`Deployment/api (env DB_PASS)`."""
        return f"{self.workload} ({self.place}{f' in {self.older}' if self.older else ''})"


@dataclass(frozen=True, slots=True)
class Reference:
    """A Secret, and every use of it, in the order of the workloads' names."""

    secret: str
    uses: tuple[Use, ...]

    @property
    def required(self) -> bool:
        """Whether any use cannot do without it."""
        return not all(use.optional for use in self.uses)

    def __str__(self) -> str:
        """`used by Deployment/api (env DB_PASS) and 4 more`."""
        more = len(self.uses) - 1
        return f"used by {self.uses[0]}" + (f" and {more} more" if more else "")


Mention = tuple[str, Use]
"""A Secret, and a place of one workload that refers to it."""


def references(workloads: Iterable[Workload]) -> tuple[Reference, ...]:
    """Every Secret that any live template of the workloads refers to, by name."""
    return joined(map(mentions, workloads))


def mentions(workload: Workload) -> tuple[Mention, ...]:
    """Every Secret that any live template of this workload refers to."""
    found: list[Mention] = []
    for revision, template in templates(workload):
        older = f"{_made(workload)} {revision}" if revision else ""
        for secret, place, optional in _of_template(template):
            found.append((secret, Use(workload.subject, sys.intern(place), optional, older)))
    return tuple(found)


def joined(mentioned: Iterable[tuple[Mention, ...]]) -> tuple[Reference, ...]:
    """The mentions of several workloads, in the order of the workloads' names."""
    found: defaultdict[str, dict[tuple[str, str], Use]] = defaultdict(dict)
    named = ((str(one[0][1].workload), one) for one in mentioned if one)
    for name, one in sorted(named, key=lambda pair: pair[0]):
        for secret, use in one:
            known = found[secret].setdefault((name, use.place), use)
            if known.optional and not use.optional:
                found[secret][name, use.place] = use
    return tuple(Reference(secret, tuple(found[secret].values())) for secret in sorted(found))


def _made(workload: Workload) -> str:
    return "Job" if workload.object.kind == "CronJob" else "revision"


def _of_template(template: Template) -> Iterator[tuple[str, str, bool]]:
    """(Secret, where, optional)."""
    for container in template.containers:
        yield from _of_container(container)
    for volume in template.volumes:
        for source in volume.sources:
            if source.kind != "ConfigMap":
                yield source.name, f"volume {volume.name}", source.optional
    for name in template.pull_secrets:
        yield name, "imagePullSecrets", False


def _of_container(container: Container) -> Iterator[tuple[str, str, bool]]:
    for variable in container.env:
        if variable.source is not None and variable.source.kind == "Secret":
            yield variable.source.name, f"env {variable.name}", variable.source.optional
    for source in container.env_from:
        if source.kind == "Secret":
            yield source.name, "envFrom", source.optional
