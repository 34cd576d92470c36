"""
Kubernetes' LabelSelector as authors write it, with Kubernetes' own rules: what a Deployment's selector would refuse is
refused here too, since a selector that matches nothing looks like an empty namespace.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from readiness.api.v1alpha1.parameters import Parameters, cel, schema
from readiness.api.v1alpha1.problems import Flaw
from readiness.api.v1alpha1.words import LabelKey, LabelValue

_VALUES = "In and NotIn need values, Exists and DoesNotExist take none"


class SelectorRequirement(Parameters):
    """One requirement on one label."""

    model_config = schema(
        cel(("(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)", _VALUES))
    )

    key: LabelKey
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label relates to the values. NotIn holds for an absent label too."""
    values: Annotated[tuple[LabelValue, ...], Field(max_length=64)] = ()
    """The values of In and NotIn; absent for Exists and DoesNotExist."""

    def flaws(self) -> Iterator[Flaw]:
        if (self.operator in ("In", "NotIn")) != bool(self.values):
            yield Flaw("values", f"does not fit operator {self.operator}: {_VALUES}", "add or remove the values")


class LabelSelector(Parameters):
    """Selects by labels; every entry must hold. An empty selector selects everything."""

    model_config = schema({"x-kubernetes-map-type": "atomic"})

    match_labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=64)] = Field(default_factory=dict)
    """Labels that must be there with exactly these values."""
    match_expressions: Annotated[tuple[SelectorRequirement, ...], Field(max_length=64)] = ()
    """Requirements beyond equality."""

    def __hash__(self) -> int:
        """A dict has none of its own; selectors are part of memo keys."""
        return hash((frozenset(self.match_labels.items()), self.match_expressions))
