import time
from datetime import timedelta
from typing import Any

import pytest

from readiness.evidence.objects import Ref
from readiness.evidence.seen import Unseen, Why
from readiness.expectations.finding import Finding, Outcome, met, unmet, unseen
from readiness.judgement import areas
from readiness.judgement.areas import AreaVerdict, ExpectationVerdict, Severity
from readiness.judgement.assess import Assessed
from tests.judgement.facts import NOW, area, at, bad, doubtful, expectation, good, lost, review

API = Ref("Deployment", "api", "web")


def judge(assessed: Assessed, **fields: Any) -> ExpectationVerdict:
    [where] = review(area("only", expectation(**fields))).spec.areas
    return areas.judge(where.expectations[0], assessed, NOW)


def roll_up(*expectations: tuple[dict[str, Any], Assessed], **fields: Any) -> AreaVerdict:
    named = [(expectation(f"e{index}", **given), found) for index, (given, found) in enumerate(expectations)]
    [where] = review(area("only", *(given for given, _ in named), **fields)).spec.areas
    verdicts = tuple(areas.judge(one, found, NOW) for one, (_, found) in zip(where.expectations, named, strict=True))
    return areas.roll_up(where, "team", verdicts)


GONE = Assessed(unseen=lost(Why.STALE))
NOTHING = Assessed(hint="12 workloads here")
MET = Assessed((good(),))
UNMET = Assessed((bad(),))
UNKNOWN = Assessed((doubtful(),))


@pytest.mark.parametrize(
    ("assessed", "outcome", "reason", "message"),
    [
        (MET, "Met", "ProbesDefined", ""),
        (Assessed((good("a"), bad("b"), doubtful("c"))), "Unmet", "ProbeMissing", "1 of 3 containers unmet, 1 unknown"),
        (Assessed((good("a"), doubtful("b"))), "Unknown", "RolloutInProgress", "1 of 2 containers unknown"),
        (GONE, "Unknown", "Stale", "no contact with pods"),
        (NOTHING, "Unknown", "NothingSelected", "nothing to judge: 12 workloads here"),
        (Assessed(), "Unknown", "NothingSelected", "nothing to judge"),
        (
            Assessed(raised=ValueError("a Secret's value")),
            "Unknown",
            "EvaluationFailed",
            "the check itself failed (ValueError): report this defect",
        ),
        (Assessed((bad(),), unseen=lost()), "Unmet", "ProbeMissing", "1 of 1 container unmet"),
        (Assessed((bad(),), raised=ValueError()), "Unmet", "ProbeMissing", "1 of 1 container unmet"),
        (Assessed((good(),), unseen=lost()), "Unknown", "Stale", "no contact with pods"),
        (Assessed((good(),), raised=ValueError()), "Unknown", "EvaluationFailed", None),
    ],
)
def test_an_expectation_is_as_good_as_its_worst_finding(
    assessed: Assessed, outcome: str, reason: str, message: str | None
) -> None:
    verdict = judge(assessed)

    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert message is None or verdict.message == message


def test_nothing_selected_is_not_applicable_only_where_the_author_asked() -> None:
    assert judge(NOTHING, whenNothingSelected="NotApplicable").outcome is Outcome.NOT_APPLICABLE
    assert judge(GONE, whenNothingSelected="NotApplicable").outcome is Outcome.UNKNOWN
    assert judge(Assessed(raised=OSError()), whenNothingSelected="NotApplicable").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        (
            (unmet(Ref("Deployment", "a"), "ProbeMissing", ""), met(Ref("Deployment", "b"), "x")),
            "1 of 2 Deployments unmet",
        ),
        ((unmet(Ref("Deployment", "a"), "ProbeMissing", ""),), "1 of 1 Deployment unmet"),
        ((unmet(Ref("Deployment", "a"), "ProbeMissing", ""), met(Ref("Pod", "b"), "x")), "1 of 2 subjects unmet"),
        ((unmet(Ref("Pod", "a", item="i"), "ProbeMissing", ""), met(Ref("Pod", "b"), "x")), "1 of 2 subjects unmet"),
        (
            (unmet(Ref("Pod", "a", "c", "MODE"), "ProbeMissing", ""), met(Ref("Pod", "a", "c", "DEBUG"), "x")),
            "1 of 2 settings unmet",
        ),
        ((unmet(Ref("Pod", "a", "c", "MODE"), "ProbeMissing", ""),), "1 of 1 setting unmet"),
        (
            (unmet(Ref("Pod", "a", "c", "MODE"), "ProbeMissing", ""), met(Ref("Pod", "a", "d"), "x")),
            "1 of 2 subjects unmet",
        ),
    ],
)
def test_subjects_are_called_what_they_are(findings: tuple[Finding, ...], message: str) -> None:
    assert judge(Assessed(findings)).message == message


def test_the_weakest_reason_of_a_met_expectation_is_told() -> None:
    weak = met(API, "AnythingNotListed")

    assert judge(Assessed((good("a"), weak))).reason == "AnythingNotListed"


def test_the_worst_finding_comes_first_whatever_the_order_of_objects() -> None:
    found = (doubtful("a"), bad("c"), bad("b"), good("d"))

    names = [finding.subject.name for finding in judge(Assessed(found)).findings]

    assert names == ["b", "c", "a"]
    assert judge(Assessed(found[::-1])) == judge(Assessed(found))


def test_no_more_findings_are_kept_than_a_status_lists_and_counts_stay_exact() -> None:
    verdict = judge(Assessed(tuple(bad(f"w{index:03}") for index in range(500))))

    assert len(verdict.findings) == 40
    assert verdict.counts.unmet == 500


EXCEPT = [
    {"kind": "Deployment", "name": "cache*", "reason": "a cache; rebuilt"},
    {"name": "gone-*", "container": "web", "reason": "a thing of the past"},
]


@pytest.mark.parametrize(
    ("assessed", "entries", "outcome", "message"),
    [
        (Assessed((bad("cache-1"), good("api"))), EXCEPT[:1], "Met", ""),
        (
            Assessed((bad("cache-1"), bad("api"))),
            EXCEPT[:1],
            "Unmet",
            "1 of 1 container unmet; 1 excepted",
        ),
        (
            Assessed((good("api"),)),
            EXCEPT[1:],
            "Met",
            "except gone-* web matches nothing",
        ),
        (
            Assessed((good("api"),)),
            EXCEPT,
            "Met",
            "except Deployment cache* and 1 more match nothing",
        ),
        (
            Assessed((bad("cache-1"), bad("cache-2"))),
            EXCEPT[:1],
            "Unknown",
            "all 2 subjects are excepted: nothing is left to judge",
        ),
        (GONE, EXCEPT, "Unknown", "no contact with pods"),
        (
            Assessed(raised=OSError()),
            EXCEPT,
            "Unknown",
            "the check itself failed (OSError): report this defect",
        ),
    ],
)
def test_what_is_excepted_decides_nothing_and_idle_entries_are_told(
    assessed: Assessed, entries: list[dict[str, str]], outcome: str, message: str
) -> None:
    verdict = judge(assessed, **{"except": entries})

    assert (verdict.outcome, verdict.message) == (outcome, message)


def test_an_exception_may_name_container_and_item() -> None:
    claim = unmet(Ref("StatefulSet", "db", item="data-db-0"), "BackupMissing", "")

    assert (
        judge(Assessed((claim,)), **{"except": [{"item": "data-*", "reason": "kept elsewhere"}]}).counts.excepted == 1
    )
    assert (
        judge(Assessed((claim,)), **{"except": [{"item": "data-db", "reason": "kept elsewhere"}]}).counts.excepted == 0
    )
    assert (
        judge(Assessed((bad(),)), **{"except": [{"container": "web", "reason": "kept as it is"}]}).counts.excepted == 1
    )
    assert judge(Assessed((bad(),)), **{"except": [{"kind": "Pod", "reason": "kept as it is"}]}).counts.excepted == 0


def test_an_excepted_finding_moves_no_deadline() -> None:
    soon = bad("cache-1", holds_until=at(minutes=1))

    assert judge(Assessed((soon, good())), **{"except": EXCEPT[:1]}).changes_at is None


@pytest.mark.parametrize(
    ("enforce_from", "severity"),
    [(at(seconds=1), Severity.ADVISORY), (NOW, Severity.BLOCKING), (at(seconds=-1), Severity.BLOCKING)],
)
def test_an_announced_expectation_blocks_from_the_instant_it_names(enforce_from: object, severity: Severity) -> None:
    verdict = judge(UNMET, enforceFrom=f"{enforce_from:%Y-%m-%dT%H:%M:%SZ}")

    assert verdict.severity is severity
    assert verdict.enforce_from == (enforce_from if severity is Severity.ADVISORY else None)
    assert ("advisory until" in verdict.message) == (severity is Severity.ADVISORY)


def test_deadlines_are_those_of_the_findings() -> None:
    verdict = judge(
        Assessed(
            (
                good("a", holds_until=at(minutes=5), evidence_time=at(hours=-2)),
                good("b", holds_until=at(minutes=9), evidence_time=at(hours=-1)),
                bad("c", holds_until=at(minutes=3)),
                bad("d", holds_until=at(minutes=-3)),
            )
        )
    )

    assert verdict.met_until == at(minutes=5)
    assert verdict.changes_at == at(minutes=3)
    assert verdict.oldest_proof == at(hours=-2)


@pytest.mark.parametrize(
    ("assessed", "is_lost", "person"),
    [
        (MET, False, False),
        (UNMET, False, False),
        (UNKNOWN, False, False),
        (NOTHING, False, False),
        (Assessed(raised=OSError()), False, True),
        *((Assessed(unseen=lost(why)), why.holds, why in {"Forbidden", "NotInstalled", "NotAllowed"}) for why in Why),
        *(
            (Assessed((unseen(API, lost(why)),)), why.holds, why in {"Forbidden", "NotInstalled", "NotAllowed"})
            for why in Why
        ),
        (Assessed((unseen(API, lost()), doubtful("b"))), False, False),
        (Assessed((unseen(API, lost()), unseen(API, lost(Why.NOT_ALLOWED)))), False, True),
        (Assessed((unseen(API, lost()),), raised=OSError()), False, True),
    ],
)
def test_only_lost_evidence_counts_as_lost(assessed: Assessed, is_lost: bool, person: bool) -> None:
    verdict = judge(assessed)

    assert (verdict.lost, verdict.needs_a_person) == (is_lost, person)


def test_a_lost_source_is_named_once_with_its_earliest_contact() -> None:
    gaps = [
        Unseen(Why.STALE, "m", "pods", None),
        Unseen(Why.STALE, "m", "pods", at(minutes=2)),
        Unseen(Why.STALE, "m", "pods", at(minutes=1)),
        Unseen(Why.STALE, "m", "pods", at(minutes=3)),
    ]

    for shuffled in (gaps, gaps[::-1]):
        found = tuple(unseen(API.at("c", str(index)), gap) for index, gap in enumerate(shuffled))
        assert judge(Assessed(found)).gaps == (gaps[2],)


@pytest.mark.parametrize(
    ("given", "outcome", "reason", "message"),
    [
        ([({}, MET), ({}, MET)], "Met", "ExpectationsMet", "2 of 2 met"),
        ([({}, MET), ({}, UNMET), ({}, UNKNOWN)], "Unmet", "BlockingFindings", "e1 (1 of 1 container unmet)"),
        (
            [({}, GONE), ({}, MET), ({}, UNKNOWN)],
            "Unknown",
            "EvidenceUnavailable",
            "e0 (no contact with pods); e2 (1 of 1 container unknown)",
        ),
        (
            [({}, MET), ({"severity": "Advisory"}, UNMET)],
            "Met",
            "ExpectationsMet",
            "1 of 1 met; advisory: e1 (1 of 1 container unmet)",
        ),
        ([({"severity": "Advisory"}, MET)], "Met", "AdvisoryOnly", "no expectation of this area blocks"),
        (
            [({"severity": "Advisory"}, UNMET), ({"whenNothingSelected": "NotApplicable"}, NOTHING)],
            "Met",
            "AdvisoryOnly",
            "no expectation of this area blocks; advisory: e0 (1 of 1 container unmet)",
        ),
        ([({"whenNothingSelected": "NotApplicable"}, NOTHING), ({}, MET)], "Met", "ExpectationsMet", "1 of 1 met"),
        ([({}, Assessed(unseen=Unseen(Why.STALE, "")))], "Unknown", "EvidenceUnavailable", "e0"),
    ],
)
def test_an_area_is_as_good_as_the_worst_that_blocks(
    given: list[tuple[dict[str, Any], Assessed]], outcome: str, reason: str, message: str
) -> None:
    verdict = roll_up(*given)

    assert (verdict.outcome, verdict.reason, verdict.message) == (outcome, reason, message)
    assert verdict.condition == "OnlyReady"


def test_an_area_without_an_owner_is_the_reviews() -> None:
    assert roll_up(({}, MET)).owner == "team"
    assert roll_up(({}, MET), owner="sre").owner == "sre"


def test_ten_thousand_subjects_are_counted_in_little_time() -> None:
    found = Assessed(tuple(good(f"w{index}") for index in range(10_000)))
    begun = time.perf_counter()
    verdict = judge(found)

    assert verdict.counts.met == 10_000
    assert timedelta(seconds=time.perf_counter() - begun) < timedelta(milliseconds=500)
