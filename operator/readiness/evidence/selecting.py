"""Label selectors as Kubernetes reads them: every requirement must hold; an empty selector selects everything."""

from dataclasses import dataclass
from typing import Literal

from readiness.api.v1alpha1.selector import LabelSelector

Labels = tuple[tuple[str, str], ...]
"""Sorted by key, so that equal label sets are equal tuples and can be shared."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One `matchExpressions` entry; values are empty for Exists and DoesNotExist."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: frozenset[str] = frozenset()

    def holds(self, labels: dict[str, str]) -> bool:
        """As in Kubernetes: NotIn holds for a label that is absent."""
        value = labels.get(self.key)
        if self.operator == "In":
            return value is not None and value in self.values
        if self.operator == "NotIn":
            return value is None or value not in self.values
        return (value is not None) == (self.operator == "Exists")


Selector = tuple[Requirement, ...]


def matches(selector: Selector | None, labels: Labels) -> bool:
    """Whether the labels satisfy every requirement; no selector selects everything."""
    if not selector:
        return True
    as_dict = dict(labels)
    return all(requirement.holds(as_dict) for requirement in selector)


def compiled(selector: LabelSelector | None) -> Selector:
    """An author's selector as requirements; none, or an empty one, selects everything."""
    if selector is None:
        return ()
    return (
        *(Requirement(key, "In", frozenset({value})) for key, value in sorted(selector.match_labels.items())),
        *(Requirement(one.key, one.operator, frozenset(one.values)) for one in selector.match_expressions),
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """Which workloads are meant; a review's and an expectation's must both select one."""

    selectors: tuple[Selector, ...] = ()
    kinds: tuple[frozenset[str], ...] = ()

    def selects(self, kinds: frozenset[str], labels: Labels) -> bool:
        """Whether a workload known under these kinds, with these labels, is meant."""
        return all(kinds & wanted for wanted in self.kinds) and all(matches(one, labels) for one in self.selectors)
