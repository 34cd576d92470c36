"""Rules that must hold for every evidence whatever, tried on evidence at random."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.api.v1alpha1.review import Review, digest
from readiness.api.v1alpha1.status import Status
from readiness.evidence.objects import Meta, Ref
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Live, Template, Workload, Workloads
from readiness.expectations.finding import Finding, Outcome, unknown
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import Facts, Verdict, decide
from readiness.outputs.budget import BYTES, size
from readiness.outputs.conditions import check_invariant, render, same
from tests.judgement.facts import NEVER, NOW, area, at, expectation, review

settings.register_profile("judgement", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
settings.load_profile("judgement")

TEXT = st.text(max_size=300) | st.sampled_from(["", "\x1b[31mred\x1b[0m", "\u202eabc", "<" * 300, "\ud800", "a\nb"])
INSTANTS = st.none() | st.integers(-600, 7200).map(lambda seconds: at(seconds=seconds, milliseconds=seconds % 7 * 100))
UNSEEN = st.builds(Unseen, st.sampled_from(Why), TEXT, st.sampled_from(["pods", "jobs.batch", ""]), INSTANTS)
NAMES = st.sampled_from(["api", "web", "cache-1", "db"])
REFS = st.builds(
    Ref, st.sampled_from(["Deployment", "Pod"]), NAMES, st.sampled_from(["", "main"]), st.sampled_from(["", "data"])
)
FINDINGS = st.builds(
    Finding,
    REFS,
    st.sampled_from([Outcome.MET, Outcome.UNMET, Outcome.UNKNOWN]),
    st.sampled_from(["ProbesDefined", "ProbeMissing", "Stale", "Other"]),
    TEXT,
    INSTANTS,
    INSTANTS,
).map(lambda finding: replace(finding, evidence_time=finding.evidence_time and min(finding.evidence_time, NOW)))
UNKNOWNS = st.builds(lambda ref, gap: Finding(ref, Outcome.UNKNOWN, gap.reason, gap.message, unseen=gap), REFS, UNSEEN)
ASSESSED = st.one_of(
    st.builds(Assessed, st.lists(FINDINGS | UNKNOWNS, max_size=5, unique_by=lambda f: f.subject).map(tuple)),
    st.builds(Assessed, st.lists(FINDINGS.filter(lambda f: f.outcome is Outcome.MET), max_size=3).map(tuple)),
    st.builds(Assessed, unseen=UNSEEN),
    st.just(Assessed(raised=ValueError("x"))),
    st.builds(Assessed, hint=TEXT),
)
LATER = st.none() | st.integers(600, 7200).map(lambda seconds: at(seconds=seconds))
HEALTHY = st.lists(
    st.builds(Finding, REFS, st.just(Outcome.MET), st.just("ProbesDefined"), TEXT, LATER, st.just(NOW)),
    min_size=1,
    max_size=3,
    unique_by=lambda finding: finding.subject,
).map(lambda found: Assessed(tuple(found)))
EXPECTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.just("Advisory"),
        "whenNothingSelected": st.sampled_from(["Unknown", "NotApplicable"]),
        "except": st.just([{"name": "cache*", "reason": "a cache; rebuilt"}]),
    },
) | st.fixed_dictionaries({"enforceFrom": st.sampled_from(["2026-11-21T10:00:00Z", "2026-11-21T10:30:00Z"])})
TEMPLATES = st.builds(Template, st.sampled_from([(), (("version", "1"),), (("version", "2"),)]))
META, REF = Meta("u", "n"), Ref("Deployment", "api")
WORKLOAD = st.builds(
    lambda name, own, live: Workload(name, Ref("Deployment", name), Ref("Deployment", name), META, own, live),
    NAMES,
    TEMPLATES | UNSEEN | st.none(),
    st.sampled_from([(), (Live("1", Template()),)]),
)
SEEN = st.lists(WORKLOAD, max_size=3, unique_by=lambda w: w.uid).map(lambda items: Seen(Workloads(tuple(items)), NOW))
DEPLOYED = st.just(Seen(Workloads((Workload("api", REF, REF, META, Template((("version", "1"),))),), outside=2), NOW))
SPECS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.sampled_from([{"revision": "1", "versionLabel": "version"}, {"revision": "x"}]),
        "scope": st.just({"selector": {"matchLabels": {}}}),
        "gracePeriod": st.sampled_from(["0s", "10m"]),
    },
)


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    """Any facts about a review of one to three areas that nobody has judged before."""
    areas = draw(st.lists(st.lists(EXPECTATIONS, min_size=1, max_size=3), min_size=1, max_size=3))
    of = review(
        *(
            area(f"a{index}", *(expectation(f"e{number}", **one) for number, one in enumerate(within)))
            for index, within in enumerate(areas)
        ),
        **draw(SPECS),
    )
    kind = draw(st.sampled_from([ASSESSED, HEALTHY | ASSESSED, HEALTHY, HEALTHY]))
    assessed = {(a.name, e.name): draw(kind) for a in of.spec.areas for e in a.expectations}
    return Facts(
        of,
        digest(of.spec),
        assessed,
        draw(DEPLOYED | DEPLOYED | SEEN | UNSEEN),
        tuple(draw(st.lists(UNSEEN, max_size=2))),
        NEVER,
        at(milliseconds=draw(st.integers(0, 999))),
        proven=draw(st.sampled_from([True] * 9 + [False])),
        skewed=draw(st.sampled_from([None] * 9 + [timedelta(minutes=1)])),
    )


def good_things(verdict: Verdict) -> set[object]:
    """What a reader may rely on."""
    rely = {
        (area_.name, one.name, one.outcome)
        for area_ in verdict.areas
        for one in area_.expectations
        if one.outcome in {Outcome.MET, Outcome.NOT_APPLICABLE}
    }
    areas = {area_.name for area_ in verdict.areas if area_.outcome is Outcome.MET}
    return {*rely, *areas, *(["Ready"] if verdict.ready.status == "True" else [])}


def blinded(facts: Facts, data: st.DataObject) -> Facts:
    """The same facts with some evidence gone, some findings Unknown, or the workloads unseen."""

    def worse(one: Assessed) -> Assessed:
        choice = data.draw(st.sampled_from(["as it is", "unseen", "findings", "raised"]))
        if choice == "unseen":
            return Assessed(unseen=data.draw(UNSEEN))
        if choice == "raised":
            return Assessed(raised=OSError())
        if choice == "findings":
            flags = data.draw(st.lists(st.booleans(), min_size=len(one.findings), max_size=len(one.findings)))
            hidden = (
                unknown(finding.subject, "StatusNotUnderstood", "") if flag else finding
                for finding, flag in zip(one.findings, flags, strict=True)
            )
            return replace(one, findings=tuple(hidden))
        return one

    return replace(
        facts,
        assessed={key: worse(one) for key, one in facts.assessed.items()},
        workloads=data.draw(UNSEEN) if data.draw(st.booleans()) else facts.workloads,
    )


@given(situations(), st.data())
def test_seeing_less_never_makes_anything_better(facts: Facts, data: st.DataObject) -> None:
    assert good_things(decide(blinded(facts, data))) <= good_things(decide(facts))


@given(situations(), st.data())
def test_seeing_less_never_makes_a_standing_certificate_better_but_for_rule_hold(
    facts: Facts, data: st.DataObject
) -> None:
    first = render(decide(facts), NEVER, facts.now)
    later = replace(facts, before=first, now=facts.now + timedelta(minutes=data.draw(st.integers(0, 70))))
    seen, less = decide(later), decide(blinded(later, data))

    if less.ready.status == "True" and seen.ready.status != "True":
        assert less.certificate is not None
        assert less.certificate.held
    if less.certificate is not None and less.certificate.held:
        assert first.valid_until is not None
        assert less.certificate.valid_until <= first.valid_until
        assert less.certificate.valid_until > later.now
        assert less.evidence_fresh.status == "False"


def shuffled(facts: Facts, data: st.DataObject) -> Facts:
    """The same facts with areas, expectations, findings and workloads in another order."""

    def order(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(data.draw(st.permutations(items)))

    spec = facts.review.spec
    areas = order(tuple(one.model_copy(update={"expectations": order(one.expectations)}) for one in spec.areas))
    assessed: Mapping[tuple[str, str], Assessed] = {
        key: replace(one, findings=order(one.findings)) for key, one in facts.assessed.items()
    }
    seen = facts.workloads
    return replace(
        facts,
        review=Review(facts.review.meta, spec.model_copy(update={"areas": areas})),
        assessed=assessed,
        workloads=Seen(Workloads(order(seen.value.items)), NOW) if isinstance(seen, Seen) else seen,
        lost=order(facts.lost),
    )


@given(situations(), st.data())
def test_the_order_of_things_changes_no_verdict(facts: Facts, data: st.DataObject) -> None:
    one, other = decide(facts), decide(shuffled(facts, data))

    assert (one.ready.status, one.ready.reason) == (other.ready.status, other.ready.reason)
    assert (one.mood, one.certificate, one.until, one.rank) == (other.mood, other.certificate, other.until, other.rank)
    assert (one.subject, one.evidence_fresh) == (other.subject, other.evidence_fresh)
    assert _by_name(one) == _by_name(other)


def _by_name(verdict: Verdict) -> dict[object, object]:
    return {
        **{area_.name: (area_.outcome, area_.reason) for area_ in verdict.areas},
        **{(area_.name, one.name): one for area_ in verdict.areas for one in area_.expectations},
    }


@given(st.lists(situations(), min_size=1, max_size=3), st.data())
def test_every_status_on_any_way_obeys_the_invariant_and_is_stable(chain: list[Facts], data: st.DataObject) -> None:
    before: Status = NEVER
    now = NOW
    for facts in chain:
        now += timedelta(seconds=data.draw(st.integers(0, 4000)))
        verdict = decide(replace(facts, before=before, now=now))
        status = render(verdict, before, now)

        check_invariant(status, facts.review.spec.suspend, facts.review.meta.deleting, now)
        assert size(status) <= BYTES
        assert Status.read(status.dump()) == status
        assert same(status, render(verdict, status, now))
        again = decide(replace(facts, before=status, now=now))
        assert same(status, render(again, status, now))
        assert verdict.until is None or verdict.until > now
        # So a verdict that was written needs not be made again upon its own status (runtime/desk.py, `stands`).
        assert again.until is None or (verdict.until is not None and verdict.until <= again.until)
        before = status
