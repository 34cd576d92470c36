"""Label selectors, requirement by requirement, as the API server answers them."""

import pytest

from readiness.api.v1alpha1.selector import LabelSelector
from readiness.evidence.selecting import Labels, Scope, compiled, matches

TIER_DATA: Labels = (("tier", "data"),)
CASES = [
    ({"operator": "In", "values": ["data", "cache"]}, True, False),
    ({"operator": "In", "values": ["cache"]}, False, False),
    ({"operator": "NotIn", "values": ["data"]}, False, True),
    ({"operator": "NotIn", "values": ["cache"]}, True, True),
    ({"operator": "Exists"}, True, False),
    ({"operator": "DoesNotExist"}, False, True),
]


@pytest.mark.parametrize(("requirement", "labelled", "bare"), CASES)
def test_a_requirement_holds_as_in_kubernetes(requirement: dict[str, object], labelled: bool, bare: bool) -> None:
    selector = compiled(LabelSelector.model_validate({"matchExpressions": [{"key": "tier", **requirement}]}))

    assert matches(selector, TIER_DATA) is labelled
    assert matches(selector, ()) is bare


def test_every_requirement_must_hold_and_none_selects_all() -> None:
    both = compiled(
        LabelSelector.model_validate(
            {"matchLabels": {"tier": "data"}, "matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]}
        )
    )

    assert matches(both, TIER_DATA)
    assert not matches(both, (("old", ""), *TIER_DATA))
    assert matches(compiled(None), ())
    assert matches(compiled(LabelSelector()), TIER_DATA)


def test_a_scope_needs_the_kind_and_every_selector() -> None:
    data = compiled(LabelSelector.model_validate({"matchLabels": {"tier": "data"}}))
    scope = Scope((data,), (frozenset({"StatefulSet"}),))

    assert scope.selects(frozenset({"StatefulSet"}), TIER_DATA)
    assert not scope.selects(frozenset({"Deployment"}), TIER_DATA)
    assert not scope.selects(frozenset({"StatefulSet"}), ())
    assert Scope().selects(frozenset({"Pod"}), ())
