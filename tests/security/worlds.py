"""The examples' worlds, to be judged again after something was done to them; every kind's examples come in by themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from readiness.collectors.projections import BY_RESOURCE
from readiness.evidence.resources import Resource
from readiness.expectations import table
from readiness.expectations.finding import Finding, Outcome
from readiness.judgement import areas
from readiness.judgement.assess import Assessed
from tests.expectations.example import Example, all_examples, judge

EXAMPLES = all_examples()
Document = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """What came of a world; findings in no order."""

    assessed: Assessed
    outcome: Outcome

    @property
    def findings(self) -> frozenset[Finding]:
        return frozenset(self.assessed.findings)


def judged(example: Example, objects: Iterable[Document] | None = None, **head: Any) -> Judged:
    """The example judged with other objects, or with another head."""
    changed = replace(
        example,
        objects=example.objects if objects is None else tuple(objects),
        head={**example.head, **head},
    )
    assessed = judge(changed)
    return Judged(assessed, areas.judge(changed.expectation, assessed, changed.now).outcome)


def seen_by(example: Example) -> list[Resource]:
    """What the example's kind reads with these parameters and could see, in a fixed order."""
    name, want = example.expectation.check.one()
    read = (one for one in table.by_name(name).reads(want) if one.name not in unseen(example))
    return sorted(read, key=lambda one: one.name)


def unseen(example: Example) -> Mapping[str, str]:
    found: Mapping[str, str] = example.head.get("unseen", {})
    return found


def resource_of(document: Document) -> Resource:
    group = str(document["apiVersion"]).rpartition("/")[0]
    return next(one for one in BY_RESOURCE if (one.group, one.kind) == (group, document["kind"]))


def namespaced(document: Document) -> bool:
    """Whether the object stands in a namespace."""
    return resource_of(document).namespaced
