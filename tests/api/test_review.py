"""Reading a review: whole, or everything that is wrong with it."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from readiness.api.v1alpha1 import explained, review
from readiness.api.v1alpha1.expectations.backups import BackupCronJob, Covered
from readiness.api.v1alpha1.expectations.configuration import FileLocation
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.api.v1alpha1.selector import LabelSelector, SelectorRequirement
from tests.api import samples
from tests.api.samples import CHECK, Json


def read(spec: object) -> review.Review:
    outcome = review.read(samples.review(spec))
    assert isinstance(outcome, review.Review), outcome
    return outcome


def problems(raw: Json) -> tuple[review.Problem, ...]:
    outcome = review.read(raw)
    assert isinstance(outcome, review.Invalid), outcome
    return outcome.problems


@pytest.mark.parametrize("case", samples.REFUSED, ids=lambda case: case.why)
def test_refuses_with_a_path_and_plain_words(case: samples.Refused) -> None:
    first = problems(samples.review(case.spec))[0]
    assert first.path == case.path
    assert case.said in first.said
    assert first.fix
    assert "pydantic" not in str(first)


@pytest.mark.parametrize("spec", samples.ACCEPTED.values(), ids=samples.ACCEPTED)
def test_accepts_an_empty_list_like_an_absent_one(spec: Any) -> None:
    read(spec)


def test_one_mistake_is_one_problem() -> None:
    several = {case.why: found for case in samples.REFUSED if len(found := problems(samples.review(case.spec))) > 1}
    assert several == {}


def test_reads_every_field() -> None:
    outcome = review.read(samples.review(samples.FULL, uid="u-1", generation=4, resourceVersion="17"))
    assert isinstance(outcome, review.Review)
    assert outcome.meta == review.Meta("sample", "default", "u-1", 4, "17", deleting=False)
    spec = outcome.spec
    assert spec.owner == "team-orders"
    assert (spec.valid_for, spec.grace_period, spec.suspend) == (timedelta(minutes=90), timedelta(0), False)
    assert spec.subject is not None
    assert spec.subject.images == (review.SubjectImage(image="registry.example.com/orders/api@sha256:abc"),)
    assert spec.scope is not None
    assert spec.scope.kinds == ("Deployment", "StatefulSet", "Rollout")
    assert spec.scope.selector is not None
    assert spec.scope.selector.match_expressions == (
        SelectorRequirement(key="tier", operator="NotIn", values=("test", "")),
        SelectorRequirement(key="legacy", operator="DoesNotExist"),
    )
    assert [area.condition_type for area in spec.areas] == [
        "ArchitectureAndDeploymentReady",
        "SecurityAndComplianceReady",
    ]
    probes, simulation, backups = spec.areas[0].expectations
    assert simulation.enforce_from == datetime(2026, 12, 1, tzinfo=UTC)
    assert probes.severity == "Advisory"
    assert backups.exceptions[0].item == "cache-redis-*"
    assert backups.when_nothing_selected == "NotApplicable"


def test_each_kind_is_read_with_its_own_parameters() -> None:
    spec = read(samples.FULL).spec
    checks = {
        kind: parameters for area in spec.areas for e in area.expectations for kind, parameters in [e.check.one()]
    }
    assert tuple(sorted(checks)) == tuple(sorted(review.KINDS))
    rules: Any = checks["configuration"]
    assert rules.applies_to == "AnyContainer"
    assert [r.wildcard for r in rules.rules] == [False, True, False, False]
    assert rules.rules[3].file == FileLocation(mount_path="/etc/app/system.yaml", key=r"a.b\.c.0", format="yaml")
    backups: Any = checks["backups"]
    assert backups.cron_jobs == (BackupCronJob(name="dump", covers=(Covered(kind="StatefulSet", name="timescaledb"),)),)
    secrets: Any = checks["externalSecrets"]
    assert secrets.max_age == timedelta(hours=2)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b.yml", "yaml"),
        ("/a/b.YAML", "yaml"),
        ("/a/application.properties", "properties"),
        ("/a/.env", "env"),
        ("/a.json", "json"),
    ],
)
def test_a_file_s_ending_says_its_format(path: str, expected: str) -> None:
    assert FileLocation(mount_path=path, key="k").written_in == expected


def test_absent_parameters_mean_their_strictest_reading() -> None:
    spec = read(
        samples.spec(
            *(
                samples.area(f"area-{kind.lower()}", samples.expectation(check={kind: {}}))
                for kind in ("probes", "nonRoot", "externalSecrets", "backups")
            )
        )
    ).spec
    dumped = [
        e.check.model_dump(mode="json", by_alias=True, exclude_none=True) for a in spec.areas for e in a.expectations
    ]
    assert dumped == [
        {"probes": {"require": ["Liveness", "Readiness"]}},
        {"nonRoot": {}},
        {
            "externalSecrets": {
                "minimum": 0,
                "judge": "Namespace",
                "references": "All",
                "alsoManagedBy": [],
                "allowOneShot": False,
            }
        },
        {
            "backups": {
                "maxAge": "26h",
                "claims": "Mounted",
                "replicas": "Every",
                "offCluster": False,
                "acceptIndirect": False,
                "cronJobs": [],
            }
        },
    ]
    [expectation] = spec.areas[0].expectations
    assert (expectation.severity, expectation.when_nothing_selected, expectation.exceptions) == (
        "Blocking",
        "Unknown",
        (),
    )
    assert (spec.valid_for, spec.grace_period, spec.suspend) == (timedelta(hours=1), timedelta(minutes=10), False)


def test_every_problem_is_told_at_once() -> None:
    spec = copy.deepcopy(samples.FULL)
    spec["suspend"] = "yes"
    spec["areas"][0]["expectations"][0]["check"] = {"probes": {"require": ["Live"], "require2": []}, "nonRoot": {}}
    spec["areas"][0]["expectations"][1]["check"]["configuration"]["rules"][1] |= {"mustBeSet": True, "reloads": True}
    spec["areas"][1]["name"] = "architecture-and-deploy-ment"
    found = problems({**samples.review(spec), "spek": {}})
    assert [problem.path for problem in found] == [
        '"spek"',
        "spec.areas[1].name",
        CHECK,
        "spec.suspend",
        f"{CHECK}.probes.require[0]",
        f"{CHECK}.probes.require2",
        "spec.areas[0].expectations[1].check.configuration.rules[1].env",
        "spec.areas[0].expectations[1].check.configuration.rules[1].mustBeUnset",
        "spec.areas[0].expectations[1].check.configuration.rules[1].reloads",
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("requires", "write require"),
        ("REQUIRE", "write require"),
        ("xyzzy", "remove it, or write require; a newer field needs a newer operator"),
    ],
)
def test_the_closest_known_field_is_named(field: str, expected: str) -> None:
    [problem] = problems(samples.review(samples.checking(probes={field: []})))
    assert problem.fix == expected


def test_python_s_spelling_leads_to_yaml_s() -> None:
    [problem] = problems(samples.review(samples.checking(backups={"max_age": "1h"})))
    assert problem.fix == "write maxAge"


@pytest.mark.parametrize(
    ("check", "fix"),
    [
        ({"nonRoot": True}, "write {}"),
        ({"probes": "Liveness"}, "write a mapping with require"),
        (samples.rule(file="/etc/app.yaml"), "write a mapping with mountPath, key or format"),
    ],
)
def test_what_should_be_a_mapping_is_told_what_stands_in_it(check: Json, fix: str) -> None:
    spec = check if "areas" in check else samples.checking(**check)
    assert fix in [problem.fix for problem in problems(samples.review(spec))]


def test_a_strange_key_is_escaped_and_cut() -> None:
    [problem] = problems(samples.review(samples.checking(probes={"\x1b[31m" + "x" * 1000: 1})))
    assert problem.path.startswith(f'{CHECK}.probes["\\u001b[31mxxx')
    assert len(problem.path) < 130


def test_a_key_that_is_no_text_is_a_problem() -> None:
    [problem] = problems(samples.review(samples.checking(probes={1: "x"})))
    assert problem.path == f"{CHECK}.probes[1]"


def test_a_stranger_s_error_is_passed_on() -> None:
    """What pydantic may say in a later version is told in its words rather than left out."""
    try:
        ExternalSecretsExpectation.model_validate_json("[")
    except ValidationError as error:
        [problem] = explained.problems(error, "spec", ExternalSecretsExpectation)
    assert problem.said.startswith("Invalid JSON")


def test_a_problem_reads_as_one_line() -> None:
    assert str(review.Problem("spec.areas", "is required", "set it")) == "spec.areas: is required; set it"


def test_a_review_without_metadata_is_still_answered() -> None:
    outcome = review.read({"spec": {}, "metadata": "x"})
    assert isinstance(outcome, review.Invalid)
    assert outcome.meta == review.Meta("", "", "", 0, "", deleting=False)


def test_a_deletion_is_seen() -> None:
    outcome = review.read(samples.review(samples.spec(), deletionTimestamp="2026-12-01T00:00:00Z"))
    assert outcome.meta.deleting


def test_no_area_becomes_a_condition_of_the_review_itself() -> None:
    for name in ("ready", "reconciling", "stalled", "evidence-fresh", "evidencefresh", "r"):
        [area] = read(samples.spec(samples.area(name))).spec.areas
        assert area.condition_type.casefold() not in {"ready", "reconciling", "stalled", "evidencefresh"}


def test_check_answers_for_exactly_one_kind() -> None:
    with pytest.raises(ValueError, match="not enough"):
        review.Check().one()


def test_equal_selectors_are_equal_keys() -> None:
    one = LabelSelector(match_labels={"a": "1", "b": "2"})
    other = LabelSelector(match_labels={"b": "2", "a": "1"})
    assert {one: "seen"}[other] == "seen"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "areas", "expectations", "check", "probes", "scope"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_no_json_whatever_escapes_as_an_error(anything: object) -> None:
    for raw in (
        samples.review(anything),
        samples.review({"areas": anything}),
        samples.review(samples.checking(configuration=anything)),
        {"metadata": anything, "spec": {}},
    ):
        assert isinstance(review.read(raw), review.Invalid)


def nested(depth: int) -> object:
    found: object = []
    for _ in range(depth):
        found = [found]
    return found


HOSTILE = {
    "half a character": "\ud800",
    "an endless number": 10**5000,
    "no number": float("nan"),
    "a deep list": nested(100_000),
    "half a key": {"\ud800": 1},
    "an endless key": {10**5000: 1, 1: 2},
    "keys that are no text": {None: 1, True: 2, 1.5: 3, (1, 2): 4},
}


@pytest.mark.parametrize("thing", HOSTILE.values(), ids=HOSTILE)
def test_nothing_that_a_parser_can_make_escapes_as_an_error(thing: object) -> None:
    specs = [
        thing,
        samples.spec() | {"areas": thing},
        samples.spec(scope={"selector": {"matchLabels": thing}}),
        samples.spec(scope={"selector": {"matchLabels": {"a": thing}}}),
        samples.spec(validFor=thing),
        samples.spec(samples.area("a", samples.expectation(check=thing, enforceFrom=thing))),
        samples.checking(probes=thing),
        samples.checking(externalSecrets={"minimum": thing}),
        samples.rule(env=thing, oneOf=[thing]),
    ]
    for spec in specs:
        assert all(str(problem) for problem in problems({"metadata": thing, "spec": spec}))
    if isinstance(thing, dict):
        assert problems(samples.review(samples.spec()) | thing)


def test_the_digest_follows_what_is_judged_alone() -> None:
    base = review.digest(read(samples.FULL).spec)

    def changed(change: Any) -> bool:
        spec = copy.deepcopy(samples.FULL)
        change(spec)
        return review.digest(read(spec).spec) != base

    for_people = (
        lambda s: s.pop("owner"),
        lambda s: s.update(description="other"),
        lambda s: s["areas"][0].update(title="other", owner="other"),
        lambda s: s["areas"][0]["expectations"][0].pop("runbook"),
        lambda s: s.update(validFor="1h30m"),
        lambda s: s["areas"][0]["expectations"][1].update(enforceFrom="2026-12-01T01:00:00+01:00"),
        lambda s: s["areas"][1]["expectations"][1]["check"]["externalSecrets"].update(maxAge="120m"),
        lambda s: s["areas"][0]["expectations"][1].pop("severity"),
    )
    assert not any(changed(change) for change in for_people)
    judged = (
        lambda s: s.update(validFor="2h"),
        lambda s: s["subject"].update(revision="v2"),
        lambda s: s["areas"][0].update(name="other"),
        lambda s: s["areas"][0]["expectations"][0]["check"]["probes"].pop("require"),
        lambda s: s["areas"][0]["expectations"][0].pop("severity"),
        lambda s: s["areas"][0]["expectations"][2].pop("except"),
    )
    assert all(changed(change) for change in judged)


def test_an_upgrade_changes_no_digest() -> None:
    """Else every certificate would end with it, and no fleet could be upgraded calmly."""
    assert (
        review.digest(read(samples.spec()).spec) == "e3d0f1cf7fbfb9cb32fd9629c55c7f971bdb3d5be5a132d90ace90102441f8a6"
    )
