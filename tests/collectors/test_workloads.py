"""Which workloads there are, who stands behind them, and which templates are live in them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.collectors import workloads
from readiness.collectors.fetched import PENDING, Absent
from readiness.collectors.workloads import Family
from readiness.evidence.objects import Meta, Owner, Record, Ref, Unreadable
from readiness.evidence.resources import Resource
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Child, Container, Controller, Live, Runs, Template, Workload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 10, tzinfo=UTC)
GROUPS = {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "CronJob": "batch"}
FAILED = Unseen(Why.FAILED, "the fetch failed", "replicasets.apps")


def template(image: str) -> Template:
    return Template(containers=(Container("web", image=image),))


class Bodies:
    """What is fetched by name; what nobody named is a template of its own."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[tuple[str, str]] = []

    def get(self, resource: Resource, namespace: str, name: str, version: str) -> object:
        self.asked.append((resource.kind, f"{name}@{version}"))
        assert namespace == "shop"
        found = self.answers.get(name, template(f"of {name}"))
        return Seen(found, NOW) if isinstance(found, Template) else found


class World:
    """A family, and objects put into it by short calls."""

    def __init__(self) -> None:
        self.bodies = Bodies()
        self.family = Family(self.bodies)
        self.held: dict[str, Record] = {}

    def put(self, *records: Record) -> "World":
        for record in records:
            self.family.touch(record.meta.uid, self.held.get(record.meta.uid), record)
            self.held[record.meta.uid] = record
        return self

    def drop(self, uid: str) -> None:
        self.family.touch(uid, self.held.pop(uid), None)

    def body_changed(self, uid: str) -> None:
        """As the inventory does when a fetched body is there."""
        self.family.touch(uid, self.held[uid], self.held[uid])

    @property
    def seen(self) -> dict[str, Workload]:
        """By the text of its object."""
        return {str(one.object): one for one in self.family.composed().values()}

    def one(self) -> Workload:
        [only] = self.family.composed().values()
        return only


def owned_by(record: Record | None, group: str = "", kind: str = "") -> Owner | None:
    if record is None:
        return None
    kind = kind or workloads.kind_of(record)
    return Owner(group or GROUPS.get(kind, "batch"), kind, record.meta.name, record.meta.uid)


def meta(name: str, owner: Owner | None = None, uid: str = "", **more: Any) -> Meta:
    return Meta(uid or f"uid-{name}", name, "shop", owner=owner, **{"generation": 1, **more})


def controller(
    kind: str, name: str, image: str = "new", *, uid: str = "", owner: Owner | None = None, **more: Any
) -> Controller:
    fields = {"observed_generation": 1, **more}
    return Controller(meta(name, owner, uid, generation=fields.pop("generation", 1)), kind, template(image), **fields)


def child(
    kind: str, name: str, owner: Owner | None = None, hashed: str = "", *, revision: str = "", **more: Any
) -> Child:
    return Child(meta(name, owner, **more), kind, hashed, revision)


def pod(name: str, owner: Record | None, hashed: str = "", **more: Any) -> Child:
    return child("Pod", name, owned_by(owner), hashed, **more)


def rolled_out(**more: Any) -> tuple[Controller, Child, Child]:
    """A Deployment with one ReplicaSet and one Pod; `revision` is the ReplicaSet's."""
    of_set = more.pop("of_set", "2")
    deployment = controller("Deployment", "api", **{"revision": "2", **more})
    replica_set = child("ReplicaSet", "api-5d", owned_by(deployment), "5d", revision=of_set)
    return deployment, replica_set, pod("api-5d-x", replica_set, "5d", created=EARLIER)


class TestWhoIsAWorkload:
    @pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"])
    def test_controllers_are_whoever_owns_them(self, kind: str) -> None:
        owner = Owner("apps", "Deployment", "other", "uid-other")
        world = World().put(controller("Deployment", "other"), controller(kind, "one", owner=owner))
        assert set(world.seen) == {"Deployment/other", f"{kind}/one"}

    def test_a_foreign_owner_of_a_deployment_is_not_its_subject(self) -> None:
        owner = Owner("feast.dev", "FeatureStore", "feast", "f1")
        assert World().put(controller("Deployment", "online", owner=owner)).one().subject == Ref("Deployment", "online")

    @pytest.mark.parametrize(
        ("group", "kind"),
        [
            ("core.strimzi.io", "StrimziPodSet"),
            ("postgresql.cnpg.io", "Cluster"),
            ("apps.kruise.io", "StatefulSet"),
            ("batch.volcano.sh", "Job"),
            ("", "ReplicationController"),
        ],
    )
    def test_pods_of_foreign_controllers_are_judged_under_its_name(self, group: str, kind: str) -> None:
        owner = Owner(group, kind, "kafka", "f1")
        world = World().put(child("Pod", "kafka-0", owner), child("Pod", "kafka-1", owner))
        assert [one.subject for one in world.seen.values()] == [Ref(kind, "kafka")] * 2
        assert world.seen["Pod/kafka-1"].own == template("of kafka-1")
        assert world.seen["Pod/kafka-1"].pods == 1

    def test_replica_sets_of_a_rollout_only_while_they_have_pods(self) -> None:
        owner = Owner("argoproj.io", "Rollout", "shop", "f1")
        old, new = child("ReplicaSet", "shop-1", owner), child("ReplicaSet", "shop-2", owner)
        world = World().put(old, new, pod("shop-2-x", new))
        assert [str(one.subject) for one in world.seen.values()] == ["Rollout/shop"]
        assert set(world.seen) == {"ReplicaSet/shop-2"}
        world.drop("uid-shop-2-x")
        assert not world.seen

    def test_a_bare_replica_set_has_no_need_of_pods(self) -> None:
        assert set(World().put(child("ReplicaSet", "bare")).seen) == {"ReplicaSet/bare"}

    def test_a_job_is_one_until_it_is_finished(self) -> None:
        job = controller("Job", "once", runs=Runs())
        world = World().put(job, pod("once-x", job, created=EARLIER))
        assert world.one().pods == 1
        assert world.one().oldest_pod == EARLIER
        world.put(replace(job, runs=Runs(failed=True)))
        assert not world.seen

    def test_a_job_of_a_foreign_controller_stands_under_its_name(self) -> None:
        owner = Owner("jobset.x-k8s.io", "JobSet", "train", "f1")
        job = World().put(controller("Job", "train-0", owner=owner, runs=Runs())).one()
        assert (job.subject, job.object) == (Ref("JobSet", "train"), Ref("Job", "train-0"))

    @pytest.mark.parametrize("kind", ["Deployment", "CronJob", "Pod"])
    def test_a_reference_that_no_controller_writes_hides_nothing(self, kind: str) -> None:
        owner = controller(kind, "api") if kind != "Pod" else child("Pod", "api")
        group = "" if kind == "Pod" else GROUPS[kind]
        stowaway = child("Pod", "stowaway", Owner(group, kind, "api", owner.meta.uid))
        assert "Pod/stowaway" in World().put(owner, stowaway).seen

    def test_a_reference_with_the_uid_of_something_else_hides_nothing(self) -> None:
        deployment = controller("Deployment", "api")
        stowaway = child("Pod", "stowaway", Owner("apps", "ReplicaSet", "api-5d", deployment.meta.uid), "9f")
        assert "Pod/stowaway" in World().put(deployment, stowaway).seen

    def test_a_reference_of_another_kind_with_this_uid_is_no_part(self) -> None:
        stateful = controller("StatefulSet", "db")
        seen = World().put(stateful, child("Pod", "odd", owned_by(stateful, "apps", "DaemonSet"))).seen
        assert set(seen) == {"StatefulSet/db", "Pod/odd"}
        assert seen["StatefulSet/db"].pods == 0

    def test_pods_that_own_each_other_end_nothing(self) -> None:
        one, other = Owner("apps", "ReplicaSet", "a", "uid-b"), Owner("apps", "ReplicaSet", "b", "uid-a")
        world = World().put(child("ReplicaSet", "a", one), child("ReplicaSet", "b", other))
        assert world.seen == {}  # neither has Pods; what counts is that it ends
        world = World().put(child("Pod", "a", one), child("Pod", "b", other))
        assert set(world.seen) == {"Pod/a", "Pod/b"}

    def test_a_pod_that_is_gone_when_it_is_fetched_is_none(self) -> None:
        world = World()
        world.bodies.answers["bare"] = Absent(NOW)
        assert not world.put(child("Pod", "bare")).seen

    def test_a_deleted_controller_leaves_what_it_made(self) -> None:
        world = World().put(*rolled_out())
        world.drop("uid-api")
        assert set(world.seen) == {"ReplicaSet/api-5d"}
        world.drop("uid-api-5d")
        assert set(world.seen) == {"Pod/api-5d-x"}


class TestDeployment:
    def test_a_pod_of_the_settled_revision_needs_no_fetch(self) -> None:
        world = World().put(*rolled_out())
        seen = world.one()
        assert (seen.own, seen.live, seen.unresolved, seen.pods) == (template("new"), (), (), 1)
        assert seen.oldest_pod == EARLIER
        assert world.bodies.asked == []

    @pytest.mark.parametrize(
        "unsettled",
        [
            {"paused": True},
            {"observed_generation": 0},
            {"generation": 2},
            {"revision": "", "of_set": ""},
            {"of_set": "1"},
        ],
        ids=",".join,
    )
    def test_without_proof_the_replica_set_is_fetched(self, unsettled: dict[str, Any]) -> None:
        seen = World().put(*rolled_out(**unsettled)).one()
        assert seen.live == (Live("api-5d", template("of api-5d")),)

    def test_an_old_revision_without_pods_is_not_live(self) -> None:
        world = World().put(*rolled_out(of_set="1"))
        world.drop("uid-api-5d-x")
        assert world.one().live == ()

    def test_an_equal_template_is_not_said_twice(self) -> None:
        world = World()
        world.bodies.answers["api-5d"] = template("new")
        assert world.put(*rolled_out(of_set="1")).one().live == ()

    @pytest.mark.parametrize(
        ("answer", "live", "unresolved", "pending"),
        [
            (FAILED, (Live("api-5d", FAILED),), (), False),
            (PENDING, (), (), True),
            (Absent(NOW), (), ("api-5d",), False),
        ],
        ids=["unseen", "pending", "absent"],
    )
    def test_what_the_fetch_may_answer(
        self, answer: object, live: tuple[Live, ...], unresolved: tuple[str, ...], *, pending: bool
    ) -> None:
        world = World()
        world.bodies.answers["api-5d"] = answer
        seen = world.put(*rolled_out(of_set="1")).one()
        assert (seen.live, seen.unresolved, seen.pending) == (live, unresolved, pending)

    def test_the_fetched_body_composes_anew(self) -> None:
        world = World()
        world.bodies.answers["api-5d"] = PENDING
        assert world.put(*rolled_out(of_set="1")).one().pending
        world.bodies.answers["api-5d"] = template("old")
        world.body_changed("uid-api-5d")
        assert world.one().live == (Live("api-5d", template("old")),)
        assert not world.one().pending

    def test_a_pod_whose_replica_set_is_not_seen_is_unresolved(self) -> None:
        deployment, replica_set, its_pod = rolled_out()
        world = World().put(its_pod)
        assert set(world.seen) == {"Pod/api-5d-x"}
        world.put(deployment)
        assert (world.one().unresolved, world.one().pods) == (("5d",), 1)
        world.put(replica_set)
        assert world.one().unresolved == ()

    def test_the_lost_replica_set_of_another_name_is_not_this_deployments(self) -> None:
        deployment, replica_set, _ = rolled_out()
        lost = child("Pod", "api-77-y", Owner("apps", "ReplicaSet", "other-77", "gone"), "77")
        odd = child("Pod", "api-77-z", Owner("apps", "ReplicaSet", "api-77", "gone"), "relabelled")
        seen = World().put(deployment, replica_set, lost, odd).seen
        assert seen["Deployment/api"].unresolved == ()
        assert {"Pod/api-77-y", "Pod/api-77-z"} <= set(seen)

    def test_an_unreadable_pod_still_makes_its_revision_live(self) -> None:
        deployment, replica_set, its_pod = rolled_out(of_set="1")
        world = World().put(deployment, replica_set, Unreadable(its_pod.meta, "Pod", "too large"))
        assert world.one().live == (Live("api-5d", template("of api-5d")),)
        assert world.family.unreadable() == ()


class TestStatefulSetAndDaemonSet:
    def test_a_pod_of_the_update_revision_needs_no_fetch(self) -> None:
        stateful = controller("StatefulSet", "db", revision="db-9f")
        world = World().put(stateful, pod("db-0", stateful, "db-9f"))
        assert (world.one().live, world.one().unresolved, world.bodies.asked) == ((), (), [])

    @pytest.mark.parametrize("unsettled", [{"observed_generation": 0}, {"revision": "db-00"}, {"revision": ""}])
    def test_without_proof_the_revision_is_fetched(self, unsettled: dict[str, Any]) -> None:
        stateful = controller("StatefulSet", "db", **{"revision": "db-9f", **unsettled})
        revision = child("ControllerRevision", "db-9f", owned_by(stateful), "9f")
        seen = World().put(stateful, revision, pod("db-0", stateful, "db-9f")).one()
        assert seen.live == (Live("db-9f", template("of db-9f")),)

    def test_a_stateful_sets_pod_carries_the_whole_name(self) -> None:
        stateful = controller("StatefulSet", "db", revision="db-00")
        revision = child("ControllerRevision", "db-9f", owned_by(stateful), "9f")
        assert World().put(stateful, revision, pod("db-0", stateful, "9f")).one().unresolved == ("9f",)

    def test_a_pod_without_revision_is_not_that_of_a_set_without_one(self) -> None:
        stateful = controller("StatefulSet", "db")
        assert World().put(stateful, pod("db-0", stateful)).one().unresolved == ("(none)",)

    def test_a_daemon_set_proves_nothing(self) -> None:
        daemon = controller("DaemonSet", "agent", revision="9f")
        revision = child("ControllerRevision", "agent-9f", owned_by(daemon), "9f")
        seen = World().put(daemon, revision, pod("agent-x", daemon, "9f")).one()
        assert seen.live == (Live("agent-9f", template("of agent-9f")),)

    def test_a_pod_without_revision_is_unresolved(self) -> None:
        daemon = controller("DaemonSet", "agent")
        revision = child("ControllerRevision", "agent-9f", owned_by(daemon), "")
        assert World().put(daemon, revision, pod("agent-x", daemon)).one().unresolved == ("(none)",)

    def test_a_revision_that_appears_resolves_its_pods(self) -> None:
        daemon = controller("DaemonSet", "agent")
        world = World().put(daemon, pod("agent-x", daemon, "9f"))
        assert world.one().unresolved == ("9f",)
        world.put(child("ControllerRevision", "agent-9f", owned_by(daemon), "9f"))
        assert world.one().unresolved == ()

    def test_an_unreadable_pod_is_an_unseen_part(self) -> None:
        stateful = controller("StatefulSet", "db", revision="db-9f")
        broken = Unreadable(pod("db-0", stateful).meta, "Pod", "too large")
        [live] = World().put(stateful, broken).one().live
        assert isinstance(live.template, Unseen)
        assert live.template.reason is Why.UNREADABLE
        assert live.template.message == "Pod db-0: too large"

    def test_revisions_are_no_workloads(self) -> None:
        lost = Unreadable(meta("lost"), "ControllerRevision", "too large")
        world = World().put(child("ControllerRevision", "orphan"), lost)
        assert not world.seen
        assert world.family.unreadable() == ()


class TestCronJob:
    def test_the_template_of_each_unfinished_job_is_live(self) -> None:
        cron = controller("CronJob", "nightly", runs=Runs())
        owner = owned_by(cron)
        going = controller("Job", "nightly-1", "old", owner=owner, runs=Runs())
        alike = controller("Job", "nightly-2", "new", owner=owner, runs=Runs())
        done = controller("Job", "nightly-0", "older", owner=owner, runs=Runs(succeeded=True))
        world = World().put(cron, going, alike, done, pod("nightly-1-x", going, created=EARLIER))
        seen = world.one()
        assert seen.live == (Live("nightly-1", template("old")),)
        assert (seen.pods, seen.oldest_pod) == (1, EARLIER)
        world.put(replace(going, runs=Runs(succeeded=True)))
        assert world.one().live == ()

    def test_an_unreadable_job_is_an_unseen_part(self) -> None:
        cron = controller("CronJob", "nightly", runs=Runs())
        world = World().put(cron, Unreadable(meta("nightly-1", owned_by(cron)), "Job", "does not decode"))
        [live] = world.one().live
        assert isinstance(live.template, Unseen)
        assert world.family.unreadable() == ()


class TestUnreadable:
    def test_a_workload_that_does_not_decode_stands_for_all_below_it(self) -> None:
        deployment, replica_set, its_pod = rolled_out()
        broken = Unreadable(deployment.meta, "Deployment", "does not decode")
        world = World().put(broken, replica_set, its_pod)
        assert not world.seen
        assert world.family.unreadable() == (broken,)
        world.put(deployment)
        assert set(world.seen) == {"Deployment/api"}
        assert world.family.unreadable() == ()

    def test_its_owner_makes_it_a_part(self) -> None:
        owner = Owner("core.strimzi.io", "StrimziPodSet", "kafka", "f1")
        broken = Unreadable(meta("kafka-0", owner), "Pod", "too large")
        world = World().put(broken)
        assert world.family.unreadable() == (broken,)
        world.drop("uid-kafka-0")
        assert world.family.unreadable() == ()


class TestIdentity:
    def test_the_same_object_stands_while_nothing_changed(self) -> None:
        deployment, replica_set, its_pod = rolled_out()
        world = World().put(deployment, replica_set, its_pod)
        before = world.one()
        world.put(replace(its_pod, meta=replace(its_pod.meta, state="other")), deployment, replica_set)
        assert world.one() is before

    def test_a_new_version_of_a_pod_with_the_same_content_changes_nothing(self) -> None:
        bare = child("Pod", "bare", state="1")
        world = World().put(bare)
        before = world.one()
        world.put(replace(bare, meta=replace(bare.meta, state="2")))
        assert world.one() is before
        assert world.bodies.asked[-1] == ("Pod", "bare@uid-bare:2")

    def test_deleted_and_made_anew_under_the_same_name(self) -> None:
        world = World().put(*rolled_out())
        world.drop("uid-api")
        world.put(controller("Deployment", "api", "newest", uid="uid-again"))
        seen = world.seen["Deployment/api"]
        assert (seen.uid, seen.own, seen.pods) == ("uid-again", template("newest"), 0)
        assert set(world.seen) == {"Deployment/api", "ReplicaSet/api-5d"}

    def test_made_anew_before_the_old_one_is_known_to_be_gone(self) -> None:
        world = World().put(*rolled_out())
        world.put(controller("Deployment", "api", "newest", uid="uid-again"))
        world.put(controller("Deployment", "api", "new", revision="2"))
        world.drop("uid-api")
        world.drop("uid-api-5d")
        assert world.one().uid == "uid-again"
        assert world.one().unresolved == ("5d",)

    def test_one_change_among_many_composes_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = World()
        for number in range(10_000):
            world.put(controller("Deployment", f"api-{number}"))
        before = dict(world.family.composed())
        composed: list[str] = []
        whole: Callable[..., Any] = workloads._Composer.controller

        def counted(composer: Any, record: Controller) -> Workload:
            composed.append(record.meta.name)
            return whole(composer, record)  # type: ignore[no-any-return]

        monkeypatch.setattr(workloads._Composer, "controller", counted)
        world.put(controller("Deployment", "api-77", "changed"))
        after = world.family.composed()
        assert composed == ["api-77"]
        assert sum(after[uid] is not before[uid] for uid in before) == 1
        world.put(pod("stray", None))
        assert len(world.family.composed()) == 10_001
        assert composed == ["api-77"]

    def test_a_generation_alone_leaves_the_workload_the_same_object(self) -> None:
        """An annotation of a Deployment raises it, and reviews would be judged anew for nothing."""
        deployment, replica_set, its_pod = rolled_out()
        world = World().put(deployment, replica_set, its_pod)
        before = world.one()
        world.put(controller("Deployment", "api", revision="2", generation=2, observed_generation=2))
        assert world.one() is before
        world.put(controller("Deployment", "api", revision="2", generation=3, observed_generation=2))
        assert world.one() is not before, "its own Pods may carry what nobody has read yet"

    def test_nothing_is_kept_of_what_is_gone(self) -> None:
        world = World().put(*rolled_out(), controller("CronJob", "nightly"), Unreadable(meta("odd"), "Pod", "odd"))
        assert world.seen
        for uid in tuple(world.held):
            world.drop(uid)
        assert not world.seen
        family = world.family
        kept: list[object] = [family._objects, family._touched, family._composed, family._unreadable]
        kept += [family._below._found, family._deployments._found, family._stray._found, family._asked]
        assert not any(kept)


NATURAL: dict[str, Record] = {
    record.meta.uid: record
    for record in (
        controller("Deployment", "x", uid="d", revision="1"),
        controller("Deployment", "x", uid="dd", revision="1"),
        child("ReplicaSet", "x-1", Owner("apps", "Deployment", "x", "d"), "1", uid="r1", revision="1"),
        child("ReplicaSet", "x-2", Owner("apps", "Deployment", "x", "d"), "2", uid="r2", revision="2"),
        child("Pod", "x-1-a", Owner("apps", "ReplicaSet", "x-1", "r1"), "1", uid="p1"),
        child("Pod", "x-2-a", Owner("apps", "ReplicaSet", "x-2", "r2"), "2", uid="p2"),
        controller("StatefulSet", "s", uid="s", revision="s-1"),
        child("ControllerRevision", "s-2", Owner("apps", "StatefulSet", "s", "s"), "2", uid="v"),
        child("Pod", "s-0", Owner("apps", "StatefulSet", "s", "s"), "s-2", uid="p3"),
        controller("CronJob", "c", uid="c", runs=Runs()),
        controller("Job", "c-1", "old", owner=Owner("batch", "CronJob", "c", "c"), uid="j", runs=Runs()),
        child("Pod", "c-1-a", Owner("batch", "Job", "c-1", "j"), uid="p4"),
    )
}
"""A small namespace as the built-in controllers would have it."""

OWNERS = st.none() | st.builds(
    lambda kind, uid: Owner(GROUPS.get(kind, "batch"), kind, "x-1", uid),
    st.sampled_from(["Deployment", "ReplicaSet", "StatefulSet", "CronJob", "Job", "Rollout"]),
    st.sampled_from([*NATURAL, "gone"]),
)


@st.composite
def any_record(draw: st.DrawFn, uid: str) -> Record:
    """What stands under this uid in the natural namespace, or something like it."""
    record = NATURAL[uid]
    if draw(st.booleans()):
        record = replace(record, meta=replace(record.meta, owner=draw(OWNERS)))  # type: ignore[type-var]
    odd = draw(st.integers(0, 9))
    if odd == 0:
        return Unreadable(record.meta, workloads.kind_of(record), "does not decode")
    if isinstance(record, Child) and odd == 1:
        return replace(record, hash=draw(st.sampled_from(["", "1", "2"])))
    if isinstance(record, Controller) and odd == 1:
        return replace(record, paused=True, template=template("corrected"))
    if isinstance(record, Controller) and record.kind == "Job" and odd < 4:
        return replace(record, runs=Runs(succeeded=True))
    return record


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, list[Record | None]]]:
    """What happened to each uid, the last of it being the truth."""
    found: list[tuple[str, list[Record | None]]] = []
    for uid in draw(st.lists(st.sampled_from(tuple(NATURAL)), unique=True, min_size=1)):
        records = draw(st.lists(any_record(uid), min_size=1, max_size=3))
        found.append((uid, [*records, *([None] if draw(st.booleans()) else [])]))
    return found


def ends(histories: list[tuple[str, list[Record | None]]]) -> tuple[Any, Any]:
    world = World()
    for _, records in histories:
        if records[-1] is not None:
            world.put(records[-1])
    return dict(world.family.composed()), world.family.unreadable()


@given(histories=histories(), data=st.data())
@settings(max_examples=400, deadline=None)
def test_the_order_of_events_does_not_matter(
    histories: list[tuple[str, list[Record | None]]], data: st.DataObject
) -> None:
    truth = ends(histories)
    world = World()
    waiting = {uid: list(records) for uid, records in histories}
    while waiting:
        uid = data.draw(st.sampled_from(sorted(waiting)))
        record = waiting[uid].pop(0)
        if record is not None:
            world.put(record)
        else:
            world.drop(uid)
        if not waiting[uid]:
            del waiting[uid]
        if data.draw(st.booleans()):
            world.family.composed()
    assert (dict(world.family.composed()), world.family.unreadable()) == truth
