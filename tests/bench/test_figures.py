"""The benchmark's arithmetic: a wrong percentile or total would make every figure a story."""

from collections import Counter

import msgspec
import pytest

from hack.bench import figures, proc, server, world
from hack.bench.eyes import View
from hack.bench.figures import Row
from hack.bench.rows import big, rest
from hack.bench.rows.renewals import backdated
from hack.bench.world import Key


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert figures.percentile(reversed(range(1, 101)), share) == expected


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        figures.percentile([], 0.5)


def test_the_greatest_of_few_values_is_their_p99() -> None:
    assert figures.milliseconds([0.1, 0.3, 0.2]) == {"p50": 200.0, "p99": 300.0, "max": 300.0, "n": 3}


def test_a_family_that_failed_leaves_no_row_out() -> None:
    rows = figures.failed([("a", "<= 1"), ("b", "<= 2")], "TimeoutError: x")
    assert [(row.what, row.holds) for row in rows] == [("a", None), ("b", None)]
    assert "TimeoutError: x" in figures.table(rows)
    assert all(row.dump()["error"] for row in rows)


def test_the_table_says_what_does_not_hold() -> None:
    shown = figures.table([Row("a", "<= 1", "2", holds=False), Row("b", "<= 1", "1", holds=True)])
    assert [line.split()[-1] for line in shown.splitlines()[2:]] == ["NO", "yes"]


def test_figures_of_two_rows_under_one_key_are_merged() -> None:
    rows = [Row("a", "", "", None, {"k": {"x": 1}, "n": 1}), Row("b", "", "", None, {"k": {"y": 2}})]
    assert figures.collected(rows) == {"k": {"x": 1, "y": 2}, "n": 1}


def test_cpu_of_a_process_whose_name_looks_like_fields() -> None:
    stat = "42 (a b) 1 2) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 7 8 20 0 4 0 100 0 0"
    assert proc.cpu_of(stat, 100) == 3.0


def test_memory_now_and_at_most() -> None:
    status = "Name:\treadiness\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n"
    assert proc.memory_of(status) == {"rss": 100.0, "peak": 200.0}


def test_requests_are_summed_over_codes_and_versions() -> None:
    page = (
        'apiserver_request_total{code="200",resource="pods",subresource="",verb="LIST",version="v1"} 3\n'
        'apiserver_request_total{code="410",resource="pods",subresource="",verb="LIST",version="v1"} 1\n'
        'apiserver_request_total{code="200",resource="readinessreviews",subresource="status",verb="PUT"} 1e+03\n'
        'apiserver_request_total{code="200",resource="leases",subresource="",verb="LIST"} 9\n'
    )
    found = server.requests(page)
    assert (server.lists(found), server.status_writes(found)) == (4, 1000)
    assert server.lists(found - Counter(found)) == 0


def _view(status: dict[str, object]) -> View:
    raw = msgspec.json.encode({"spec": {}, "status": status})
    return View(1, 1, 1, "True", "Certified", 0, 0.0, raw)


def test_a_write_of_nothing_but_the_time_of_the_look_is_a_no_op() -> None:
    areas = [{"name": "a", "expectations": [{"name": "b", "outcome": "Met", "evidenceTime": "x"}]}]
    before = _view({"lastEvaluationTime": "1", "validUntil": "9", "areas": areas})
    later = [{"name": "a", "expectations": [{"name": "b", "outcome": "Met", "evidenceTime": "y"}]}]
    assert rest.changes_nothing(before, _view({"lastEvaluationTime": "2", "validUntil": "9", "areas": later}))
    assert not rest.changes_nothing(before, _view({"lastEvaluationTime": "2", "validUntil": "10", "areas": areas}))


def test_totals_are_exact_only_where_counts_and_omissions_add_up() -> None:
    one = {"name": "x", "counts": {"unmet": 100}, "findings": [{}, {}], "findingsOmitted": 98}
    assert not big.inexact({"areas": [{"expectations": [one]}]}, 100)
    assert big.inexact({"areas": [{"expectations": [{**one, "findingsOmitted": 97}]}]}, 100)
    assert big.inexact({"areas": [{"expectations": [{"name": "x", "outcome": "Met", "met": 100}]}]}, 100)


def test_only_certificates_are_set_back() -> None:
    certified = backdated({"status": {"validUntil": "2030-01-01T00:00:00Z", "specDigest": "d"}})["status"]
    assert certified["lastEvaluationTime"] < certified["validUntil"] < "2030"
    assert certified["specDigest"] == "d"
    assert backdated({"status": {"specDigest": "d"}})["status"] == {"specDigest": "d"}


def test_a_review_of_the_world_has_ten_expectations_and_a_marker_in_its_own_slice() -> None:
    key = Key("bench-000", "review-3")
    areas = world.review(key, "s3")["spec"]["areas"]
    assert sum(len(area["expectations"]) for area in areas) == 10
    assert world.marker(key).endswith("/bench-000/deployments/app-0003")
    assert world.deployment("bench-000", 3, "s3")["metadata"]["labels"]["part"] == "s3"
    assert len(world.token(10)) <= 15
