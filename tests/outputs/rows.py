"""The situations of the status contract, each as the status that is stored before and the verdict that follows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from readiness.api.v1alpha1.review import Problem, Review
from readiness.api.v1alpha1.status import Status
from readiness.evidence.seen import Seen, Why
from readiness.evidence.workloads import Workloads
from readiness.judgement import verdict
from readiness.judgement.assess import Assessed
from readiness.judgement.verdict import Verdict
from readiness.outputs.conditions import render
from tests.judgement.facts import (
    NEVER,
    NOW,
    area,
    at,
    bad,
    doubtful,
    expectation,
    good,
    judged,
    lost,
    review,
    workload,
)

REVIEW: Final = review(
    area(
        "architecture-and-deployment", expectation("probes-everywhere"), expectation("announced", severity="Advisory")
    ),
    area("security", expectation("non-root", runbook="https://runbooks.example.com/root"), owner="security"),
    subject={"revision": "3a93ff791254a03cce59e862f2620cba94544e1e"},
)
LABELLED: Final = review(
    subject={"revision": "1.5.0", "versionLabel": "app.kubernetes.io/version"},
    scope={"selector": {"matchLabels": {"part-of": "orders"}}},
)
UNENFORCED: Final = review(area("only", expectation(whenNothingSelected="NotApplicable")))
CARRIERS: Final = tuple(
    workload(name, carries={"app.kubernetes.io/version": version})
    for name, version in (("api", "1.4.2"), ("web", "1.5.0"), ("job", "1.5.0"))
)
Row = tuple[Review | None, Status, Verdict, datetime]


def _certified() -> Status:
    return judged(REVIEW)[1]


def _judged(
    assessed: dict[str, Assessed] | None = None, *, of: Review = REVIEW, before: Status = NEVER, **fields: object
) -> Row:
    now = fields.get("now", NOW)
    assert isinstance(now, datetime)
    return of, before, judged(of, assessed, before=before, **fields)[0], now


UNMET: Final = {
    "probes-everywhere": Assessed((good("a"), good("b"))),
    "announced": Assessed((bad("a"), good("b"))),
    "non-root": Assessed((bad("timescaledb", "runAsUser is 0"), good("api"), doubtful("web"))),
}


def _unmet(**later: float) -> Row:
    first = judged(REVIEW, UNMET)[1]
    return _judged(UNMET, before=first, now=at(**later))


def _unseen(why: Why) -> dict[str, Assessed]:
    return {"non-root": Assessed(unseen=lost(why, at(minutes=2)))}


ROWS: Final[dict[str, Callable[[], Row]]] = {
    "evaluating": lambda: (REVIEW, NEVER, verdict.evaluating(REVIEW, NEVER, NOW, "pods (NotSynced)"), NOW),
    "barrier-not-passed": lambda: _judged(proven=False),
    "certified": _judged,
    "certified-by-label": lambda: _judged(of=LABELLED, workloads=Seen(Workloads(CARRIERS[1:], outside=3), NOW)),
    "unmet-within-grace": lambda: _unmet(minutes=9, seconds=59),
    "unmet-grace-over": lambda: _unmet(minutes=10),
    "unknown-stale": lambda: _judged(_unseen(Why.STALE), now=at(minutes=30)),
    "unknown-findings": lambda: _judged({"non-root": Assessed((doubtful(), good("web")))}, before=_certified()),
    "unknown-forbidden-within-grace": lambda: _judged(_unseen(Why.FORBIDDEN)),
    "unknown-forbidden-grace-over": lambda: _judged(
        _unseen(Why.FORBIDDEN), before=judged(REVIEW, _unseen(Why.FORBIDDEN))[1], now=at(minutes=10)
    ),
    "unknown-not-installed": lambda: _judged(_unseen(Why.NOT_INSTALLED), before=_certified(), now=at(minutes=5)),
    "unknown-evaluation-failed": lambda: _judged({"non-root": Assessed(raised=KeyError("a value"))}),
    "nothing-enforced": lambda: _judged({"probes": Assessed()}, of=UNENFORCED),
    "scope-empty": lambda: _judged(
        of=LABELLED, workloads=Seen(Workloads((), outside=12, hint="12 workloads here; part-of here: rails"), NOW)
    ),
    "revision-not-deployed": lambda: _judged(of=LABELLED, workloads=Seen(Workloads(CARRIERS, outside=3), NOW)),
    "hold": lambda: _judged(_unseen(Why.STALE), before=_certified(), now=at(minutes=5)),
    "hold-over": lambda: _judged(_unseen(Why.STALE), before=_certified(), now=at(minutes=17)),
    "clock-skew": lambda: _judged(before=_certified(), now=at(minutes=30), skewed=timedelta(seconds=45)),
    "clock-skew-first": lambda: _judged(skewed=timedelta(seconds=-45)),
    "suspended": lambda: (REVIEW, _certified(), verdict.suspended(REVIEW, _certified(), NOW), NOW),
    "invalid": lambda: (
        None,
        _certified(),
        verdict.invalid(
            REVIEW.meta, [Problem("spec.areas[0].name", '"A B" is no name', "write a-b")], _certified(), at(minutes=1)
        ),
        at(minutes=1),
    ),
    "deleting": lambda: (REVIEW, _certified(), verdict.deleting(REVIEW, _certified(), NOW), NOW),
    "expired": lambda: (REVIEW, _certified(), verdict.expired(REVIEW, _certified(), at(hours=2)), at(hours=2)),
    "internal-error": lambda: (
        None,
        _certified(),
        verdict.internal_error(REVIEW.meta, _certified(), at(minutes=1), "the API server refused the status (422)"),
        at(minutes=1),
    ),
}


def written(name: str) -> Status:
    _, before, given, now = ROWS[name]()
    return render(given, before, now)
