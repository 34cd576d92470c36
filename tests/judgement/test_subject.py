from typing import Any

import pytest

from readiness.evidence.objects import Ref
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Live, Template, Workload, Workloads
from readiness.judgement import subject
from tests.judgement.facts import NOW, lost, review, unreadable, workload

LABEL = "app.kubernetes.io/version"
BY_LABEL: dict[str, Any] = {"revision": "1.5.0", "versionLabel": LABEL}
CARRIED = {"selector": {"matchLabels": {"team": "orders"}}}
NEW, OLD = {LABEL: "1.5.0"}, {LABEL: "1.4.2"}
TEAM = {"team": "orders"}


def judge(
    what: dict[str, Any] | None, *items: Workload, bad: tuple[Any, ...] = (), hint: str = "", **spec: Any
) -> tuple[subject.SubjectVerdict | None, subject.Obstacle | None]:
    given = {**spec, **({"subject": what} if what else {})}
    return subject.judge(review(**given).spec, Seen(Workloads(items, bad, hint=hint), NOW))


def said(obstacle: subject.Obstacle | None) -> str:
    return f"{obstacle.reason}: {obstacle.message}" if obstacle else ""


@pytest.mark.parametrize(
    ("what", "items", "expected"),
    [
        (BY_LABEL, [workload("api", carries=NEW), workload("web", carries=NEW)], ""),
        (
            BY_LABEL,
            [workload("web", carries=OLD), workload("api", carries=OLD), workload("job", carries=NEW)],
            f"RevisionNotDeployed: Deployment/api has {LABEL} 1.4.2, wanted 1.5.0; 2 of 3 workloads differ",
        ),
        (
            BY_LABEL,
            [workload("api")],
            f"RevisionNotDeployed: Deployment/api has no {LABEL} on its Pod template, wanted 1.5.0; 1 of 1 workloads differs",
        ),
        (BY_LABEL, [], "RevisionNotDeployed: spec.subject.selector selects no workload"),
        ({**BY_LABEL, **CARRIED}, [workload("db", carries=OLD), workload("api", labels=TEAM, carries=NEW)], ""),
        (
            {**BY_LABEL, **CARRIED},
            [workload("api", carries=NEW)],
            "RevisionNotDeployed: spec.subject.selector selects no workload",
        ),
        (
            BY_LABEL,
            [workload("api", own=None)],
            "RevisionNotDeployed: the newest template of Deployment/api is being read",
        ),
        (
            BY_LABEL,
            [workload("a", own=lost(Why.FAILED)), workload("b", own=lost(Why.UNREADABLE)), workload("c", carries=NEW)],
            "EvidenceUnavailable: the newest template of Deployment/b: no contact with pods",
        ),
        (
            BY_LABEL,
            [workload("a", own=lost(Why.FAILED)), workload("b", carries=OLD)],
            f"RevisionNotDeployed: Deployment/b has {LABEL} 1.4.2, wanted 1.5.0; 1 of 2 workloads differ",
        ),
        ({"images": [{"image": "r/api@sha256:1"}]}, [workload("a", images=["r/x", "r/api@sha256:1"])], ""),
        (
            {"images": [{"image": "r/b"}, {"image": "r/a"}, {"image": "r/c"}]},
            [workload("a", images=["r/c"])],
            "RevisionNotDeployed: r/a is in no newest template of 1 workloads; 2 of 3 images absent",
        ),
        (
            {"images": [{"image": "r/a"}]},
            [workload("a", own=lost(Why.FORBIDDEN))],
            "EvidenceUnavailable: the newest template of Deployment/a: no contact with pods",
        ),
        (
            {**BY_LABEL, "images": [{"image": "r/a"}]},
            [workload("a", carries=NEW)],
            "RevisionNotDeployed: r/a is in no newest template of 1 workloads; 1 of 1 images absent",
        ),
    ],
)
def test_the_revision_must_be_what_the_newest_templates_carry(
    what: dict[str, Any], items: list[Workload], expected: str
) -> None:
    verdict, obstacle = judge(what, *items)

    assert said(obstacle) == expected
    assert verdict is not None
    assert verdict.verified == (expected == "")


def test_a_revision_that_nothing_verifies_is_no_obstacle_and_not_verified() -> None:
    verdict, obstacle = judge({"revision": "abc"}, workload())

    assert verdict == subject.SubjectVerdict("abc", verified=False, rolled_out=True)
    assert obstacle is None
    assert judge(None, workload()) == (None, None)


@pytest.mark.parametrize(
    "older",
    [
        workload("api", live=(Live("7", Template()),)),
        workload("api", live=(Live("7", lost()),)),
        workload("api", unresolved=("7",)),
        workload("api", own=None),
        workload("api", own=lost()),
    ],
)
def test_an_older_template_that_is_live_is_not_rolled_out(older: Workload) -> None:
    verdict, _ = judge({"revision": "abc"}, workload("web"), older)

    assert verdict is not None
    assert not verdict.rolled_out


def test_only_workloads_that_carry_the_revision_need_be_rolled_out() -> None:
    older = workload("db", unresolved=("7",))

    verdict, _ = judge({"revision": "abc", **CARRIED}, workload("api", labels=TEAM), older)
    nobody, _ = judge({"revision": "abc", **CARRIED}, older)

    assert verdict is not None
    assert verdict.rolled_out
    assert nobody is not None
    assert not nobody.rolled_out


def test_an_unreadable_workload_that_may_carry_the_revision_is_in_the_way() -> None:
    known = workload("api", labels=TEAM, carries=NEW)

    assert said(judge({**BY_LABEL, **CARRIED}, known, bad=(unreadable("x", team="orders"),))[1]).startswith(
        "RevisionNotDeployed: Deployment/x cannot be read"
    )
    assert judge({**BY_LABEL, **CARRIED}, known, bad=(unreadable("x"),))[1] is None
    assert "Deployment/a cannot be read" in said(judge(BY_LABEL, bad=(unreadable("b"), unreadable("a")))[1])


SCOPE = {"selector": {"matchLabels": {"part-of": "orders"}}}


def test_a_scope_that_selects_nothing_is_in_the_way() -> None:
    assert said(judge(None, hint="12 here", scope=SCOPE)[1]) == (
        "ScopeEmpty: spec.scope.selector selects no workload: 12 here"
    )
    assert said(judge(None, scope=SCOPE)[1]) == "ScopeEmpty: spec.scope.selector selects no workload"
    assert judge(None, workload(), scope=SCOPE)[1] is None
    assert judge(None, bad=(unreadable("x"),), scope=SCOPE)[1] is None
    assert judge(None, scope={"kinds": ["Deployment"]})[1] is None


@pytest.mark.parametrize(
    ("spec", "needed"),
    [
        ({}, False),
        ({"scope": {"kinds": ["Deployment"]}}, False),
        ({"scope": SCOPE}, True),
        ({"subject": {"revision": "abc"}}, False),
        ({"subject": BY_LABEL}, True),
        ({"subject": {"images": [{"image": "r/a"}]}}, True),
    ],
)
def test_workloads_that_cannot_be_seen_are_in_the_way_only_where_they_are_asked_for(
    spec: dict[str, Any], needed: bool
) -> None:
    gap: Unseen = lost()
    verdict, obstacle = subject.judge(review(**spec).spec, gap)

    assert (obstacle is not None) == needed
    assert obstacle is None or obstacle.gap is gap
    assert verdict is None or not (verdict.verified or verdict.rolled_out)


def test_workloads_are_named_in_the_same_order_whatever_the_store_says() -> None:
    items = [workload(name, carries=OLD) for name in ("c", "a", "b")]

    assert judge(BY_LABEL, *items) == judge(BY_LABEL, *items[::-1])
    assert Ref("Deployment", "a").name in said(judge(BY_LABEL, *items)[1])
