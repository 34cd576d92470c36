"""A review that is not judged again because nothing moved: a fresh look would find the same, whatever happened between."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.collectors.gatherers import configuration
from readiness.collectors.inventory import COMPOSED
from readiness.evidence.resources import (
    CLAIMS,
    CONFIG_MAPS,
    CRON_JOBS,
    DEPLOYMENTS,
    EXTERNAL_SECRETS,
    JOBS,
    PODS,
    VOLUME_SNAPSHOTS,
    Resource,
)
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.judgement.verdict import Verdict
from readiness.runtime import judge, taking
from readiness.runtime.judge import Case, Judge, Judged, Wait
from readiness.runtime.register import Entry, Register
from tests.collectors.test_configuration import NOW, World, ref
from tests.runtime.virtual import raw

SCOPE = {"scope": {"selector": {"matchLabels": {"part": "a"}}}}
CHECKS: list[dict[str, Any]] = [
    {"name": "probes", "check": {"probes": {}}},
    {"name": "narrow", "check": {"nonRoot": {}}, "scope": {"selector": {"matchLabels": {"tier": "x"}}}},
    {"name": "mode", "check": {"configuration": {"rules": [{"env": "MODE", "oneOf": ["live"]}]}}},
    {"name": "secrets", "check": {"externalSecrets": {}}},
    {
        "name": "backups",
        "check": {
            "backups": {
                "maxAge": "26h",
                "claims": "Namespace",
                "provenBy": ["VolumeSnapshot", "CronJob"],
                "cronJobs": [{"name": "dump", "covers": [{"kind": "Deployment", "name": "one"}]}],
            }
        },
    },
]
SPEC = {**SCOPE, "areas": [{"name": "all", "expectations": CHECKS}]}


def _entry(status: dict[str, Any] | None = None) -> Entry:
    entry = Register().put(raw(spec=SPEC, status=status or {}))
    assert entry is not None
    return entry


class Bench:
    """A judge over an inventory that a test changes."""

    def __init__(self) -> None:
        self.world = World()
        self.unseen: dict[Resource, Unseen] = {}
        self.clock = SimpleNamespace(now=lambda: NOW, skew=timedelta(0))
        watches = SimpleNamespace(where=lambda resource, _: (resource, ""), need=lambda *_: None, state=self._state)
        barrier = SimpleNamespace(
            waits=lambda *_: False, forget=lambda _: None, ask=lambda *_: None, since=lambda _: 0.0
        )
        for resource in (*COMPOSED, CLAIMS, CONFIG_MAPS, CRON_JOBS, EXTERNAL_SECRETS, JOBS, PODS, VOLUME_SNAPSHOTS):
            self.world.inventory.follow(resource, "", self._following(resource))
        self.judge = Judge(
            self.world.gate,
            watches,  # type: ignore[arg-type]
            barrier,  # type: ignore[arg-type]
            self.clock,  # type: ignore[arg-type]
            hold_for=timedelta(minutes=15),
            uptime=lambda: 1000.0,
        )

    def _state(self, watched: tuple[Resource, str]) -> Seen[Any] | Unseen:
        return self.unseen.get(watched[0]) or Seen(NOW, NOW)

    def _following(self, resource: Resource) -> Callable[[], Seen[Any] | Unseen]:
        return lambda: self._state((resource, ""))

    def verdict(self, case: Case, entry: Entry) -> Verdict | None:
        """None while something is being fetched."""
        review = case.read(entry)
        case.needs = frozenset((resource, "") for resource in taking.reads(review))  # type: ignore[arg-type]
        found = asyncio.run(self.judge._evidence(case, entry, review, entry.stored(), _PASSED))  # type: ignore[arg-type]
        return replace(found.verdict, judged_at=NOW) if isinstance(found, Judged) else None

    def gone(self, resource: Resource, name: str) -> None:
        before = self.world.inventory.named(resource, "shop", name)
        if before is not None:
            self.world.inventory.apply(resource, before.meta.uid, before, None)


_PASSED = SimpleNamespace(missing=())


def _deploy(bench: Bench, name: str, part: str, tier: str, value: str) -> None:
    env = [ref("MODE", value)] if value.startswith("map") else [{"name": "MODE", "value": value}]
    container = {"name": "web", "env": env, "envFrom": [{"secretRef": {"name": "db"}}]}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
    meta = {"name": name, "generation": 1, "labels": {"part": part, "tier": tier}}
    bench.world.put(
        DEPLOYMENTS, {"metadata": meta, "spec": {"template": {"spec": {"containers": [container], "volumes": volumes}}}}
    )


def _config_map(bench: Bench, name: str, value: str, version: str) -> None:
    bench.world.config_map(name, {"MODE": value}, version)
    bench.world.inventory.body_changed(CONFIG_MAPS, "shop", name)


def _external(bench: Bench, name: str, status: str) -> None:
    conditions = [{"type": "Ready", "status": status, "reason": "SecretSynced"}]
    spec = {
        "secretStoreRef": {"name": "vault", "kind": "SecretStore"},
        "target": {"name": "db" if status == "True" else "other"},
    }
    body = {"metadata": {"name": name, "generation": 1}, "spec": spec, "status": {"conditions": conditions}}
    bench.world.put(EXTERNAL_SECRETS, body)


def _claim(bench: Bench, name: str, phase: str) -> None:
    bench.world.put(
        CLAIMS, {"metadata": {"name": name}, "spec": {"volumeName": f"pv-{name}"}, "status": {"phase": phase}}
    )


def _cron_job(bench: Bench, name: str, *, suspend: bool) -> None:
    template = {"spec": {"template": {"spec": {"containers": [{"name": "dump"}]}}}}
    spec = {"suspend": suspend, "schedule": "0 0 * * *", "jobTemplate": template}
    bench.world.put(CRON_JOBS, {"metadata": {"name": name, "generation": 1, "labels": {"part": "b"}}, "spec": spec})


def _state(bench: Bench, resource: Resource, why: Why | None) -> None:
    bench.unseen.pop(resource, None)
    if why is not None:
        bench.unseen[resource] = Unseen(why, "said", resource.name)


NAMES = st.sampled_from(["one", "two", "three"])
STEPS = st.one_of(
    st.builds(
        lambda *of: lambda bench: _deploy(bench, *of),
        NAMES,
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.sampled_from(["live", "off", "map-1"]),
    ),
    st.builds(lambda name: lambda bench: bench.gone(DEPLOYMENTS, name), NAMES),
    st.builds(
        lambda *of: lambda bench: _config_map(bench, *of),
        st.sampled_from(["map-1", "unused"]),
        st.sampled_from(["live", "off"]),
        st.sampled_from("12"),
    ),
    st.builds(lambda *of: lambda bench: _external(bench, *of), NAMES, st.sampled_from(["True", "False"])),
    st.builds(lambda *of: lambda bench: _claim(bench, *of), NAMES, st.sampled_from(["Bound", "Pending"])),
    st.builds(lambda suspend: lambda bench: _cron_job(bench, "dump", suspend=suspend), st.booleans()),
    st.builds(
        lambda *of: lambda bench: _state(bench, *of),
        st.sampled_from([DEPLOYMENTS, EXTERNAL_SECRETS, VOLUME_SNAPSHOTS, CONFIG_MAPS, PODS]),
        st.sampled_from([Why.STALE, Why.FORBIDDEN, None]),
    ),
)


@given(st.lists(st.lists(STEPS, max_size=2), max_size=8))
def test_what_has_not_moved_would_be_judged_alike(turns: list[list[Callable[[Bench], None]]]) -> None:
    bench, entry, kept = Bench(), _entry(), Case("u-1")
    _deploy(bench, "one", "a", "x", "live")
    before = bench.verdict(kept, entry)
    for steps in turns:
        for step in steps:
            step(bench)
        stands = bench.judge.unmoved(kept, entry)
        fresh = bench.verdict(Case("u-1"), entry)
        assert not stands or fresh == before
        assert stands or steps, "nothing happened, and yet it is judged again"
        before = bench.verdict(kept, entry)


def test_a_change_outside_every_scope_moves_nothing_and_one_inside_does() -> None:
    bench, entry, case = Bench(), _entry(), Case("u-1")
    _deploy(bench, "one", "a", "x", "live")
    _deploy(bench, "two", "b", "y", "live")
    bench.verdict(case, entry)
    _deploy(bench, "two", "b", "y", "off")
    assert bench.judge.unmoved(case, entry)
    _deploy(bench, "three", "b", "y", "live")
    assert not bench.judge.unmoved(case, entry), "the status counts what is outside"
    bench.verdict(case, entry)
    _deploy(bench, "one", "a", "x", "off")
    assert not bench.judge.unmoved(case, entry)


def test_many_subjects_are_judged_while_a_generation_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, few, many = Bench(), Case("u-1"), Case("u-1")
    _deploy(bench, "one", "a", "x", "live")
    assert isinstance(asyncio.run(bench.judge.judge(few, _entry())), Wait)
    assert not few.memos
    for module in (judge, configuration):
        monkeypatch.setattr(module, "MANY", 0)
    assert isinstance(asyncio.run(bench.judge.judge(many, _entry())), Wait), "no verdict comes of it"
    assert {name: len(memo.findings) for (_, name), memo in many.memos.items()} == {"probes": 1, "narrow": 1, "mode": 1}


def test_another_state_of_the_review_is_judged() -> None:
    bench, case = Bench(), Case("u-1")
    bench.verdict(case, _entry())
    assert bench.judge.unmoved(case, _entry())
    assert not bench.judge.unmoved(case, _entry({"observedGeneration": 1}))
    bench.clock.skew = timedelta(seconds=40)
    assert not bench.judge.unmoved(case, _entry())


@pytest.mark.parametrize(
    "step",
    [
        lambda bench: _config_map(bench, "map-1", "off", "2"),
        lambda bench: _external(bench, "one", "False"),
        lambda bench: bench.gone(EXTERNAL_SECRETS, "one"),
        lambda bench: _claim(bench, "one", "Pending"),
        lambda bench: bench.gone(CRON_JOBS, "dump"),
        lambda bench: bench.gone(DEPLOYMENTS, "one"),
        *(
            functools.partial(_state, resource=resource, why=Why.STALE)
            for resource in (DEPLOYMENTS, EXTERNAL_SECRETS, VOLUME_SNAPSHOTS, CONFIG_MAPS)
        ),
    ],
)
def test_whatever_a_verdict_rests_on_moves_it(step: Callable[[Bench], None]) -> None:
    bench, entry, case = Bench(), _entry(), Case("u-1")
    _config_map(bench, "map-1", "live", "1")
    _deploy(bench, "one", "a", "x", "map-1")
    _external(bench, "one", "True")
    _claim(bench, "one", "Bound")
    _cron_job(bench, "dump", suspend=False)
    before = bench.verdict(case, entry)
    assert bench.judge.unmoved(case, entry)
    step(bench)
    assert not bench.judge.unmoved(case, entry)
    assert bench.verdict(case, entry) != before, "or the example shows nothing"
