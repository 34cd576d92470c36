"""The demo's own small parts: what it reads from a review, and how it prints it."""

import io

from hack.demo import tables
from hack.demo.scenes import ADVISORY, DEFECTS, REPAIRS
from hack.demo.screen import Screen
from hack.demo.view import View

REVIEW = {
    "metadata": {"generation": 2},
    "spec": {
        "owner": "team-orders",
        "areas": [
            {
                "name": "security",
                "title": "Security",
                "expectations": [
                    {"name": "non-root", "check": {"nonRoot": {}}},
                    {"name": "probes", "severity": "Advisory", "check": {"probes": {}}},
                ],
            },
        ],
    },
    "status": {
        "observedGeneration": 2,
        "validUntil": "2026-11-21T11:00:00Z",
        "conditions": [{"type": "Ready", "status": "True", "reason": "Certified"}],
        "summary": {"display": "1/1"},
        "areas": [
            {
                "name": "security",
                "outcome": "Met",
                "expectations": [
                    {"name": "non-root", "outcome": "Met", "reason": "NonRootEnforced", "met": 3, "excepted": 1},
                    {
                        "name": "probes",
                        "outcome": "Unmet",
                        "reason": "ProbeMissing",
                        "counts": {"met": 2, "unmet": 1, "unknown": 0},
                        "findings": [
                            {
                                "kind": "Deployment",
                                "name": "api",
                                "container": "app",
                                "outcome": "Unmet",
                                "reason": "ProbeMissing",
                            },
                        ],
                    },
                ],
            },
        ],
    },
}


def test_a_view_says_what_the_status_says() -> None:
    view = View(REVIEW, 0.0)

    assert view.current
    assert view.judged
    assert view.row == "Certified  met 1/1  valid until 2026-11-21T11:00:00Z"
    assert {one.key for one in view.findings()} == {("probes", "ProbeMissing", "Deployment/api (container app)")}


def test_areas_are_one_aligned_table() -> None:
    assert tables.areas(View(REVIEW, 0.0)).splitlines() == [
        "EXPECTATION  KIND     OUTCOME           REASON           SUBJECTS",
        "Security: Met (owner team-orders)",
        "  non-root   nonRoot  Met               NonRootEnforced  3 met, 1 excepted",
        "  probes     probes   Unmet (advisory)  ProbeMissing     2 met, 1 unmet",
    ]


def test_every_defect_is_repaired_in_the_end() -> None:
    last = {act.expectation: act.outcome for scene in REPAIRS for act in scene.acts}

    assert last == dict.fromkeys({expectation for expectation, _, _ in DEFECTS}, "Met")
    assert not {expectation for expectation, _, _ in ADVISORY} & last.keys()


def test_a_log_has_no_colours_and_no_pauses() -> None:
    out = io.StringIO()
    screen = Screen(out, clock=lambda: 1.0)

    screen.pause(3600)
    screen.command(["kubectl", "apply", "-f", "-"], "kind: Secret\n")
    screen.change("non-root", "Met", " (NonRootEnforced)")

    assert out.getvalue().splitlines() == [
        "   0.0s  $ kubectl apply -f - <<EOF",
        "           kind: Secret",
        "           EOF",
        "   0.0s    => non-root: Met (NonRootEnforced)",
    ]
