"""
One example: a YAML file whose first document says what is expected of the objects that follow.

    expectation: {check: {probes: {}}}     # as under spec.areas[].expectations[]; name is filled in
    now: "2026-11-21T10:00:00Z"
    namespace: default                     # of the review; optional
    reviewScope: {...}                     # spec.scope of the review; optional
    settings: {evidenceNamespaces: {velero: [backups.velero.io]}}          # optional
    unseen: {backups.velero.io: Forbidden} # optional: resources that could not be seen
    observed:                              # optional: versions of ConfigMaps that a running operator saw, oldest first,
      - {at: "2026-11-21T08:00:00Z", configMap: {...}}                     # and when; the last one is that below, if seen
    expect:
      outcome: Unmet                       # of the expectation
      reason: ProbeMissing                 # its own: that of the worst finding
      findings: {"Deployment/api (container web)": ProbeMissing}           # every finding, met ones too
      says: {"Deployment/api (container web)": "no readinessProbe"}        # optional: part of a message
      holdsUntil: {...}                    # optional: by subject
    ---
    (objects, exactly as the API server serves them)
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from readiness.api.v1alpha1.spec import Expectation, Scope
from readiness.collectors.access import Gate
from readiness.collectors.files import FileWorld
from readiness.collectors.gather import gather
from readiness.evidence.seen import Unseen, Why
from readiness.evidence.selecting import Scope as Selection
from readiness.evidence.selecting import compiled
from readiness.expectations import table
from readiness.judgement.assess import Assessed, assess

EXAMPLES = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """One file, read."""

    path: Path
    head: dict[str, Any]
    objects: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def kind(self) -> str:
        """As in YAML: the folder's name."""
        return self.path.parent.name

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.head["now"])

    @property
    def expectation(self) -> Expectation:
        return Expectation.model_validate({"name": "example", **self.head["expectation"]})

    @property
    def reasons(self) -> frozenset[str]:
        """Every reason that the example expects."""
        expect = self.head["expect"]
        return frozenset({expect["reason"], *expect.get("findings", {}).values()})


def read(path: Path) -> Example:
    """Strict about nothing but the head: objects are the world as it is."""
    head, *objects = yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader)
    return Example(path, head, tuple(one for one in objects if one))


@functools.cache
def all_examples() -> tuple[Example, ...]:
    return tuple(read(path) for path in sorted(EXAMPLES.glob("*/*.yaml")))


def judge(example: Example) -> Assessed:
    """The example's expectation, judged over its objects by the same path that the operator takes."""
    settings = example.head.get("settings", {})
    listed = {ns: frozenset(names) for ns, names in settings.get("evidenceNamespaces", {}).items()}
    namespace = example.head.get("namespace", "default")
    world = FileWorld(
        example.now,
        namespace=namespace,
        allowed=[name for names in listed.values() for name in names],
        unseen={
            name: Unseen(Why(why), f"{name} is {why}", name) for name, why in example.head.get("unseen", {}).items()
        },
    )
    for document in example.objects:
        assert world.add(document), f"{document.get('kind')} is no evidence: remove it from {example.name}"
    look_back(example, world)
    view = Gate(world.sealed(), listed).view(namespace)
    name, want = example.expectation.check.one()
    kind = table.by_name(name)
    gathered = gather(kind.evidence, want, view, _scope(example))
    assert not gathered.pending
    return assess(kind, want, gathered.evidence, example.now)


def look_back(example: Example, world: FileWorld) -> None:
    """Gather evidence at each instant at which the operator saw an earlier version, as it was then."""
    current = {one["metadata"]["name"]: one for one in example.objects if one["kind"] == "ConfigMap"}
    for version in example.head.get("observed", ()):
        world.bodies.as_of = datetime.fromisoformat(version["at"])
        assert world.add(version["configMap"])
        name, want = example.expectation.check.one()
        view = Gate(world.sealed()).view(example.head.get("namespace", "default"))
        gather(table.by_name(name).evidence, want, view, _scope(example))
        assert world.add(current[version["configMap"]["metadata"]["name"]])
    world.bodies.as_of = example.now


def _scope(example: Example) -> Selection:
    scopes = [Scope.model_validate(example.head["reviewScope"])] if "reviewScope" in example.head else []
    if example.expectation.scope is not None:
        scopes.append(example.expectation.scope)
    return Selection(
        tuple(compiled(one.selector) for one in scopes if one.selector is not None),
        tuple(frozenset(one.kinds) for one in scopes if one.kinds),
    )
