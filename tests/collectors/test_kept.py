"""What gatherers remember of a namespace never shows: after any changes they hand out what a fresh look would."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.collectors.access import Gate, View
from readiness.collectors.gatherers import configuration, secrets, workloads
from readiness.collectors.inventory import Inventory
from readiness.collectors.kept import Derived, Kept
from readiness.collectors.projections import BY_RESOURCE
from readiness.evidence.resources import DEPLOYMENTS
from readiness.evidence.seen import MANY, Seen
from readiness.evidence.selecting import Requirement, Scope
from readiness.evidence.workloads import Workload
from tests.collectors.test_configuration import World
from tests.judgement.facts import workload

SCOPES = (
    Scope(),
    Scope(((Requirement("part", "In", frozenset({"a"})),),)),
    Scope((), (frozenset({"StatefulSet"}),)),
)
MODE = ConfigurationExpectation.model_validate({"rules": [{"env": "MODE", "oneOf": ["live"]}]})
STEPS = st.lists(
    st.dictionaries(
        st.sampled_from(["w1", "w2", "w3", "w4"]),
        st.none() | st.tuples(st.sampled_from("ab"), st.sampled_from(["s1", "s2", ""])),
        max_size=3,
    ),
    max_size=6,
)


def _deployment(name: str, part: str, secret: str) -> dict[str, Any]:
    source = [{"secretRef": {"name": secret}}] if secret else []
    container = {"name": "app", "env": [{"name": "MODE", "value": part}], "envFrom": source}
    meta = {"name": name, "uid": name, "namespace": "shop", "labels": {"part": part}}
    return {"metadata": meta, "spec": {"template": {"spec": {"containers": [container]}}}}


def _apply(inventory: Inventory, name: str, made: tuple[str, str] | None) -> None:
    before = inventory.named(DEPLOYMENTS, "shop", name)
    after = None if made is None else BY_RESOURCE[DEPLOYMENTS].decode(msgspec.json.encode(_deployment(name, *made)))
    if before is not None or after is not None:
        inventory.apply(DEPLOYMENTS, name, before, after)


def _gathered(view: View, scope: Scope) -> tuple[object, ...]:
    chosen = workloads.gather(view, MODE, scope)
    configured = configuration.gather(view, MODE, scope)
    secret = secrets.gather(view, ExternalSecretsExpectation(), scope)
    assert isinstance(configured.evidence, Seen)
    assert isinstance(secret.evidence, Seen)
    items = [(one.workload, one.config_maps, one.documents) for one in configured.evidence.value.items]
    return chosen, items, secret.evidence.value


@pytest.mark.parametrize("many", [0, MANY])
@given(STEPS)
def test_what_is_kept_never_shows(many: int, steps: list[dict[str, tuple[str, str] | None]]) -> None:
    world = World()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(configuration, "MANY", many)
        patched.setattr(secrets, "MANY", many)
        _never_shows(world, steps)


def _never_shows(world: World, steps: list[dict[str, tuple[str, str] | None]]) -> None:
    for changes in steps:
        for name, made in changes.items():
            _apply(world.inventory, name, made)
        for scope in SCOPES:
            known, fresh = Gate(world.inventory).view("shop"), Gate(world.inventory).view("shop")
            fresh.__dict__["kept"] = Kept()
            assert _gathered(known, scope) == _gathered(fresh, scope)


def test_only_another_object_is_looked_at_again() -> None:
    looked: list[str] = []

    def name(one: Workload) -> str:
        looked.append(one.subject.name)
        return one.subject.name

    one, two, three = workload("one"), workload("two"), workload("three")
    derived = Derived[str]()
    first = derived.of((one, two, three), name)
    assert derived.of((one, workload("two"), three), name) is first
    assert derived.of((one, three), name) == ("one", "three")
    assert looked == ["one", "two", "three", "two", "three"]
