import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from readiness.evidence.seen import SourceState, Why
from readiness.judgement import verdict
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import Verdict
from readiness.outputs.metrics import Counters, Exposition
from tests.judgement.facts import NEVER, NOW, area, at, bad, doubtful, expectation, judged, lost, review

REVIEW = review(
    area("deployment", expectation("one"), owner="sre"),
    area("security", expectation("two"), expectation("three", severity="Advisory")),
    subject={"revision": "r1"},
)


def exposed(verdicts: Iterable[Verdict], sources: Iterable[SourceState] = ()) -> dict[str, float]:
    """`name{label=value,...}` without the prefix, labels in their order; and Prometheus reads as many."""
    registry = CollectorRegistry()
    registry.register(Exposition(lambda: verdicts, lambda: sources))
    text = generate_latest(registry).decode()
    samples = [sample for family in registry.collect() for sample in family.samples]
    assert sum(len(family.samples) for family in text_string_to_metric_families(text)) == len(samples)
    found = {
        f"{sample.name.removeprefix('readiness_')}{{{','.join(sample.labels.values())}}}": sample.value
        for sample in samples
    }
    assert len(found) == len(samples)
    return found


def test_a_certified_review() -> None:
    assert exposed([judged(REVIEW)[0]]) == {
        "review_ready{shop,orders,team}": 1,
        "review_unknown{shop,orders,team}": 0,
        "review_valid_until_timestamp_seconds{shop,orders}": at(hours=1).timestamp(),
        "review_last_evaluation_timestamp_seconds{shop,orders}": NOW.timestamp(),
        "review_info{shop,orders,r1,Certified}": 1,
        "area_ready{shop,orders,deployment,sre}": 1,
        "area_ready{shop,orders,security,team}": 1,
        "area_unknown{shop,orders,deployment,sre}": 0,
        "area_unknown{shop,orders,security,team}": 0,
    }


def test_unmet_subjects_and_unknown_expectations_appear_while_there_are_any() -> None:
    found = exposed(
        [
            judged(
                REVIEW,
                {
                    "one": Assessed((bad("a"), bad("b"))),
                    "two": Assessed((doubtful(),)),
                    "three": Assessed((bad(), doubtful("x"))),
                },
            )[0]
        ]
    )

    assert found["review_ready{shop,orders,team}"] == 0
    assert found["review_unknown{shop,orders,team}"] == 0
    assert found["area_ready{shop,orders,deployment,sre}"] == 0
    assert found["area_unknown{shop,orders,security,team}"] == 1
    assert found["area_unknown_expectations{shop,orders,security,team}"] == 1
    assert found["expectation_unmet_subjects{shop,orders,deployment,one,probes,Blocking}"] == 2
    assert found["expectation_unmet_subjects{shop,orders,security,three,probes,Advisory}"] == 1
    assert not any(name.startswith("review_valid_until") for name in found)


def test_a_review_without_areas_or_subject() -> None:
    found = exposed([verdict.internal_error(REVIEW.meta, NEVER, NOW, "refused")])

    assert found["review_unknown{shop,orders,}"] == 1
    assert found["review_info{shop,orders,,InternalError}"] == 1
    assert found["review_info{shop,orders,,InternalError}"] == 1
    assert not any(name.startswith("area") for name in found)


def test_of_two_reviews_of_one_name_the_newer_is_shown() -> None:
    old, new = judged(REVIEW)[0], judged(REVIEW, {"one": Assessed((bad(),))}, now=at(minutes=1))[0]

    for both in ([old, new], [new, old]):
        assert exposed(both)["review_ready{shop,orders,team}"] == 0


def test_sources_are_summed_by_resource_and_the_oldest_contact_counts() -> None:
    sources = [
        SourceState("pods", None, 5, at(minutes=2)),
        SourceState("pods", Why.STALE, 3, at(minutes=1)),
        SourceState("pods", Why.STALE, 0, None),
        SourceState("jobs.batch", Why.NOT_INSTALLED, 0, None),
    ]

    assert exposed([], sources) == {
        "watch_last_contact_timestamp_seconds{pods}": at(minutes=1).timestamp(),
        "watch_objects{pods}": 8,
        "watch_objects{jobs.batch}": 0,
        "evidence_unseen{pods,Stale}": 2,
        "evidence_unseen{jobs.batch,NotInstalled}": 1,
    }


def test_owners_of_strangers_are_plain_text() -> None:
    hostile = review(area("a", expectation("one"), owner="\x1b[31m\nx\u202e"), owner='"\\')

    found = exposed([judged(hostile)[0]])

    assert 'review_ready{shop,orders,"\\}' in found
    assert "area_ready{shop,orders,a,x}" in found


def test_nothing_is_looked_at_while_registering() -> None:
    def refuse() -> list[Verdict]:
        raise AssertionError

    registry = CollectorRegistry()
    registry.register(Exposition(refuse, list))

    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(Exposition(refuse, list))


@pytest.mark.parametrize("why", ["unseen", "unmet"])
def test_a_thousand_reviews_of_which_nothing_is_known_stay_within_the_budget(why: str) -> None:
    of = review(
        *(area(f"a{n}", expectation("one"), expectation("two")) for n in range(3)),
        area("b", *(expectation(f"e{n}") for n in range(4))),
    )
    found = Assessed(unseen=lost()) if why == "unseen" else Assessed((bad(),))
    one = judged(of, {e.name: found for where in of.spec.areas for e in where.expectations})[0]
    many = 1_000 if why == "unseen" else 800

    verdicts = [_named(one, f"r{index}") for index in range(many)]
    sources = [SourceState(f"r{n}", why_, 0, NOW) for n in range(30) for why_ in Why]

    assert len(exposed(verdicts, sources)) <= 20_000


def _named(one: Verdict, name: str) -> Verdict:
    return replace(one, name=name)


def text_of_everything() -> str:
    registry = CollectorRegistry()
    registry.register(Exposition(lambda: [judged(REVIEW)[0]], lambda: [SourceState("pods", Why.STALE, 1, NOW)]))
    counters = Counters(registry, "1.2.3")
    counters.evaluations.labels(result="True").inc()
    counters.status_writes.labels(outcome="ok").inc()
    counters.status_conflicts.inc()
    counters.watch_restarts.labels(resource="pods", reason="gone").inc()
    counters.kind_errors.labels(kind="probes").inc()
    counters.evaluation_duration.observe(0.01)
    counters.event_to_status.observe(0.2)
    return generate_latest(registry).decode()


def test_counters_count_on_the_registry_they_are_given() -> None:
    text = text_of_everything()

    for line in (
        'readiness_evaluations_total{result="True"} 1.0',
        'readiness_status_writes_total{outcome="ok"} 1.0',
        "readiness_status_conflicts_total 1.0",
        'readiness_watch_restarts_total{reason="gone",resource="pods"} 1.0',
        'readiness_kind_errors_total{kind="probes"} 1.0',
        'readiness_evaluation_duration_seconds_bucket{le="0.01"} 1.0',
        "readiness_event_to_status_seconds_count 1.0",
        'readiness_build_info{version="1.2.3"} 1.0',
    ):
        assert line in text


def test_names_pass_the_rules_of_promtool_check_metrics() -> None:
    """The rules of prometheus/client_golang's promlint, by name and type."""
    families = list(text_string_to_metric_families(text_of_everything()))
    units = "ms|us|ns|sec|min|hour|day|kb|mb|gb|milliseconds|minutes|hours"

    for family in families:
        name = family.name + ("_total" if family.type == "counter" else "")
        assert family.documentation, name
        assert re.fullmatch(r"readiness_[a-z_]+", name), name
        assert (family.type == "counter") == name.endswith("_total"), name
        assert not re.search(r"_(bucket|count|sum)$", name), name
        assert not re.search(r"(^|_)(gauge|counter|histogram|summary)(_|$)", name), name
        assert not re.search(rf"(^|_)({units})(_|$)", name), name
        for sample in family.samples:
            assert all(re.fullmatch(r"[a-z_]+", label) for label in sample.labels), sample


def test_times_are_seconds_since_the_epoch() -> None:
    assert (
        datetime.fromtimestamp(
            exposed([judged(REVIEW)[0]])["review_last_evaluation_timestamp_seconds{shop,orders}"], UTC
        )
        == NOW
    )
