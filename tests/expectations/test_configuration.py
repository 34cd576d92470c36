"""What examples do not show of `configuration`: no value leaks, and no evidence makes it greener by going missing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.evidence.config_maps import Changes, ConfigMap
from readiness.evidence.configuration import Configurations, Configured, Document
from readiness.evidence.objects import Meta, Ref
from readiness.evidence.resources import CONFIG_MAPS, LIVE_TEMPLATES
from readiness.evidence.seen import Unseen, Why
from readiness.evidence.workloads import (
    Container,
    Mount,
    Template,
    ValueSource,
    Variable,
    VariablesFrom,
    Volume,
    VolumeSource,
    Workload,
)
from readiness.expectations.finding import Finding, Outcome
from readiness.expectations.table import by_name

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
OLD = datetime(2026, 11, 1, tzinfo=UTC)
LOST = Unseen(Why.STALE, "no contact", "configmaps")
SECRET = "hunter2"  # stands for whatever must not be shown


def want(*rules: dict[str, Any], **more: Any) -> ConfigurationExpectation:
    return ConfigurationExpectation.model_validate({"rules": list(rules), **more})


def workload(*containers: Container, volumes: tuple[Volume, ...] = ()) -> Workload:
    subject = Ref("Deployment", "api")
    return Workload("u", subject, subject, Meta("u", "api"), Template((), containers, volumes), oldest_pod=OLD, pods=1)


def judge(parameters: ConfigurationExpectation, seen: Configured) -> tuple[Finding, ...]:
    return by_name("configuration").judge(parameters, Configurations((seen,)), NOW, None)


sources = st.sampled_from(
    [
        None,
        ValueSource("Secret", "db", "k"),
        ValueSource("Secret", "db", "k", optional=True),
        ValueSource("ConfigMap", "one", "A"),
        ValueSource("ConfigMap", "one", "gone", optional=True),
        ValueSource("ConfigMap", "two", "A"),
        ValueSource("Field"),
    ]
)
values = st.sampled_from(["", SECRET, f"$(A){SECRET}", f"{SECRET}$(B)"])
variables = st.builds(
    lambda n, v, s: Variable(n, "" if s else v, s), st.sampled_from(["A", "B", "X_A"]), values, sources
)
froms = st.builds(
    VariablesFrom,
    st.sampled_from(["Secret", "ConfigMap"]),
    st.sampled_from(["one", "two"]),
    st.sampled_from(["", "X_"]),
    st.booleans(),
)
containers = st.builds(
    Container,
    name=st.sampled_from(["web", "worker"]),
    env=st.lists(variables, max_size=4).map(tuple),
    env_from=st.lists(froms, max_size=3).map(tuple),
    mounts=st.just((Mount("v", "/etc/app"),)),
)
demands = st.sampled_from(
    [
        {"oneOf": ["live"]},
        {"notOneOf": ["x"], "unsetMeans": "y"},
        {"notOneOf": [SECRET]},
        {"oneOf": ["live"], "unsetMeans": "live", "mayBeUnset": True},
        {"mustBeSet": True},
        {"mustBeUnset": True},
    ]
)
places = st.sampled_from(
    [{"env": "A"}, {"env": "B"}, {"env": "X_A"}, {"file": {"mountPath": "/etc/app/f.yaml", "key": "a"}}]
)
rules = st.builds(lambda place, demand: {**place, **demand}, places, demands) | st.sampled_from(
    [{"env": "X_*", "mustBeUnset": True}, {"env": "*A", "notOneOf": ["x"]}, {"env": "A", "source": "Secret"}]
)
expectations = st.builds(
    lambda them, to: want(*them, appliesTo=to),
    st.lists(rules, min_size=1, max_size=3),
    st.sampled_from(["EveryContainer", "AnyContainer"]),
)
VOLUMES = (Volume("v", (VolumeSource("ConfigMap", "one"),)),)


def world(first: Container, second: Container, *, lost: frozenset[str] = frozenset()) -> Configured:
    data = {"A": SECRET, "f.yaml": f"a: {SECRET}"}
    maps: dict[str, ConfigMap | Unseen | None] = {"one": ConfigMap("one", data, changes=Changes(OLD)), "two": None}
    maps |= dict.fromkeys(lost, LOST)
    documents = {Document("one", "f.yaml", "yaml"): {"a": SECRET}}
    return Configured(workload(first, second, volumes=VOLUMES), maps, documents)


@given(expectations, containers, containers)
def test_no_value_is_shown_that_is_not_in_one_of(
    parameters: ConfigurationExpectation, first: Container, second: Container
) -> None:
    found = judge(parameters, world(first, second))
    assert SECRET not in "".join(f"{finding.message}{finding.subject}" for finding in found)
    assert all(len(finding.message) <= 256 for finding in found)


def greener(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> Iterator[Finding]:
    outcomes = {finding.subject: finding.outcome for finding in before}
    for finding in after:
        if finding.outcome is Outcome.MET and outcomes.get(finding.subject) is not Outcome.MET:
            yield finding


@given(expectations, containers, containers, st.frozensets(st.sampled_from(["one", "two"]), min_size=1))
def test_lost_config_maps_make_nothing_met(
    parameters: ConfigurationExpectation, first: Container, second: Container, lost: frozenset[str]
) -> None:
    before = judge(parameters, world(first, second))
    after = judge(parameters, world(first, second, lost=lost))
    whole = all(finding.outcome is Outcome.MET for finding in before) and bool(before)
    assert whole or not after or any(finding.outcome is not Outcome.MET for finding in after)
    if parameters.applies_to == "EveryContainer" and not any(rule.wildcard for rule in parameters.rules):
        assert not list(greener(before, after))


def test_reads() -> None:
    assert by_name("configuration").reads(want({"env": "A", "oneOf": ["x"]})) == LIVE_TEMPLATES | {CONFIG_MAPS}


def test_long_names_fit_into_a_message() -> None:
    long = "n" * 253
    env = (
        Variable(long, source=ValueSource("ConfigMap", long, long)),
        Variable("B", source=ValueSource("Secret", long, long)),
    )
    container = Container("web", env=env, env_from=(VariablesFrom("Secret", long),))
    parameters = want(
        {"env": long, "oneOf": ["x" * 900]},
        {"env": long, "source": "Secret"},
        {"env": "B", "oneOf": ["x"]},
        {"env": f"{long[:-1]}m", "oneOf": ["x"]},
        {"env": "B", "source": "ConfigMap"},
    )
    for held in (ConfigMap(long, {long: "y"}, changes=Changes(NOW)), None, ConfigMap(long, {}), LOST):
        found = judge(parameters, Configured(workload(container), {long: held}))
        assert found
        assert all(len(finding.message) <= 256 for finding in found)
    stale = want({"env": long, "notOneOf": ["x"]})
    (finding,) = judge(
        stale, Configured(workload(container), {long: ConfigMap(long, {long: "y"}, changes=Changes(NOW))})
    )
    assert finding.reason == "StaleConfig"
    assert len(finding.message) <= 256


def test_any_container_without_the_file_is_silent() -> None:
    parameters = want({"file": {"mountPath": "/etc/app/f.yaml", "key": "a"}, "oneOf": ["x"]}, appliesTo="AnyContainer")
    assert judge(parameters, Configured(workload(Container("web")))) == ()


@pytest.mark.parametrize("applies", ["EveryContainer", "AnyContainer"])
def test_two_rules_may_share_a_name(applies: str) -> None:
    parameters = want(
        {"env": "A", "oneOf": ["x"], "unsetMeans": "x", "mayBeUnset": True},
        {"env": "A", "notOneOf": ["y"], "unsetMeans": "x"},
        appliesTo=applies,
    )
    (finding,) = judge(parameters, Configured(workload(Container("web"))))
    assert finding.reason == "SettingNowhereSet"
