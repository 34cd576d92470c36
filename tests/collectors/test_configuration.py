"""Evidence of configuration: only what a rule needs is fetched, and the same object stands for the same evidence."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.collectors.access import Gate
from readiness.collectors.fetched import PENDING, Absent
from readiness.collectors.gatherers import configuration
from readiness.collectors.gatherers.gathered import Gathered
from readiness.collectors.inventory import Inventory
from readiness.collectors.kept import SHELVES, Kept
from readiness.collectors.observed import Observed
from readiness.collectors.projections import BODIES, BY_RESOURCE
from readiness.collectors.projections.config_maps import ConfigMapBody
from readiness.evidence.config_maps import ANY_KEY, ConfigMap
from readiness.evidence.configuration import Configurations, Configured
from readiness.evidence.objects import Meta, Unreadable
from readiness.evidence.resources import CONFIG_MAPS, DEPLOYMENTS, Resource
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.selecting import Scope

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
FORBIDDEN = Unseen(Why.FORBIDDEN, "no", "configmaps")


class World:
    """An inventory whose bodies are answered, or not, as a test says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bodies: dict[str, object] = {}
        self.inventory = Inventory(self)
        for resource in BY_RESOURCE:
            self.inventory.state_changed(resource, "", Seen(NOW, NOW))
        self.gate = Gate(self.inventory)

    def get(self, resource: Resource, namespace: str, name: str, version: str) -> object:
        assert (resource, namespace) == (CONFIG_MAPS, "shop")
        self.asked.append(f"{name} {version}")
        return self.bodies.get(name, PENDING)

    def put(self, resource: Resource, document: dict[str, Any]) -> None:
        meta = {"namespace": "shop", "uid": document["metadata"]["name"], **document["metadata"]}
        before = self.inventory.named(resource, "shop", meta["name"])
        raw = msgspec.json.encode({**document, "metadata": meta})
        self.inventory.apply(resource, meta["uid"], before, BY_RESOURCE[resource].decode(raw))

    def config_map(self, name: str, data: dict[str, str], version: str = "1", *, fetched: bool = True) -> None:
        document = {"metadata": {"name": name, "resourceVersion": version}, "data": data}
        if fetched:
            whole = {**document, "metadata": {"name": name, "uid": name, "creationTimestamp": "2026-11-01T00:00:00Z"}}
            self.bodies[name] = Seen(BODIES[CONFIG_MAPS](msgspec.json.encode(whole)), NOW)
        self.put(CONFIG_MAPS, document)

    def deployment(self, name: str, *env: dict[str, Any], mounts: str = "") -> None:
        container = {"name": "web", "env": list(env)}
        volumes = []
        if mounts:
            container["volumeMounts"] = [{"name": "v", "mountPath": "/etc/app"}]
            volumes = [{"name": "v", "configMap": {"name": mounts}}]
        template = {"spec": {"containers": [container], "volumes": volumes}}
        self.put(DEPLOYMENTS, {"metadata": {"name": name, "generation": 1}, "spec": {"template": template}})

    def gather(self, want: ConfigurationExpectation) -> Gathered[Configurations]:
        return configuration.gather(self.gate.view("shop"), want, Scope())

    def items(self, want: ConfigurationExpectation) -> dict[str, Configured]:
        evidence = self.gather(want).evidence
        assert isinstance(evidence, Seen)
        return dict(evidence.value)


def want(*rules: Mapping[str, object]) -> ConfigurationExpectation:
    return ConfigurationExpectation.model_validate({"rules": list(rules)})


def ref(name: str, config_map: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"configMapKeyRef": {"name": config_map, "key": name}}}


@pytest.fixture
def one_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made of few workloads is not remembered."""
    monkeypatch.setattr(configuration, "MANY", 0)


MODE = want({"env": "MODE", "oneOf": ["live"]})
FILE = want({"file": {"mountPath": "/etc/app/a.yaml", "key": "a"}, "oneOf": ["1"]})


def test_only_config_maps_that_a_rule_needs_are_fetched() -> None:
    world = World()
    for name in ("modes", "levels", "unused"):
        world.config_map(name, {"MODE": "live"})
    world.deployment("api", ref("MODE", "modes"), ref("LEVEL", "levels"))
    world.deployment("literal", {"name": "MODE", "value": "live"}, ref("LEVEL", "levels"))
    assert list(world.items(MODE)["api"].config_maps) == ["modes"]
    assert not world.items(MODE)["literal"].config_maps
    assert set(world.asked) == {"modes modes:1"}


def test_a_new_version_is_fetched_only_if_the_old_one_was() -> None:
    world = World()
    world.config_map("modes", {"MODE": "live"})
    world.config_map("unused", {"MODE": "live"})
    world.deployment("api", ref("MODE", "modes"))
    world.items(MODE)
    world.asked.clear()
    for name in ("modes", "unused"):
        world.config_map(name, {"MODE": "live"}, "2")
    assert world.asked == ["modes modes:2"]
    record = world.inventory.named(CONFIG_MAPS, "shop", "modes")
    world.inventory.apply(CONFIG_MAPS, "modes", record, None)
    world.asked.clear()
    world.config_map("modes", {"MODE": "live"}, "3")
    world.config_map("modes", {"MODE": "live"}, "4")
    assert not world.asked


@pytest.mark.usefixtures("one_is_many")
def test_the_same_object_stands_while_nothing_changed() -> None:
    world = World()
    world.config_map("modes", {"MODE": "live"})
    world.config_map("files", {"a.yaml": "a: 1"})
    world.deployment("api", ref("MODE", "modes"))
    world.deployment("web", mounts="files")
    both = want(
        {"env": "MODE", "oneOf": ["live"]}, {"file": {"mountPath": "/etc/app/a.yaml", "key": "a"}, "oneOf": ["1"]}
    )
    first = world.items(both)
    again = world.items(both)
    assert all(again[uid] is first[uid] for uid in first)
    world.config_map("modes", {"MODE": "live"}, "2")  # equal content in a new body
    again = world.items(both)
    assert all(again[uid] is first[uid] for uid in first)
    world.config_map("modes", {"MODE": "test"}, "3")
    after = world.items(both)
    assert after["api"] is not first["api"]
    assert after["web"] is first["web"]
    world.deployment("web", {"name": "X", "value": "1"}, mounts="files")
    assert world.items(both)["web"] is not first["web"]


@pytest.mark.usefixtures("one_is_many")
def test_evidence_that_nobody_remembers_is_forgotten() -> None:
    world = World()
    world.config_map("modes", {"MODE": "live"})
    world.deployment("api", ref("MODE", "modes"))
    kept = world.items(MODE)
    assert len(world.inventory.kept("shop").shelf(MODE).by_uid) == 1
    del kept
    assert len(world.inventory.kept("shop").shelf(MODE).by_uid) == 0


def test_shelves_are_bounded() -> None:
    kept = Kept()
    first = kept.shelf(0)
    assert kept.shelf(0) is first
    for number in range(1, SHELVES + 1):
        kept.shelf(number)
    assert kept.shelf(0) is not first


def test_what_is_being_fetched_is_pending() -> None:
    world = World()
    world.config_map("modes", {"MODE": "live"}, fetched=False)
    world.deployment("api", ref("MODE", "modes"))
    gathered = world.gather(MODE)
    assert gathered.pending
    assert isinstance(world.items(MODE)["api"].config_maps["modes"], Unseen)


@pytest.mark.parametrize(
    ("body", "shown"),
    [(Absent(NOW), None), (FORBIDDEN, FORBIDDEN)],
)
def test_what_fetching_answers_is_shown(body: object, shown: object) -> None:
    world = World()
    world.config_map("modes", {"MODE": "live"}, fetched=False)
    world.bodies["modes"] = body
    world.deployment("api", ref("MODE", "modes"))
    assert world.items(MODE)["api"].config_maps["modes"] == shown
    assert world.gather(MODE).lost == ((FORBIDDEN,) if shown else ())


@pytest.mark.usefixtures("one_is_many")
def test_a_lost_watch_is_a_doubt_only_where_a_config_map_is_needed() -> None:
    world = World()
    world.inventory.state_changed(CONFIG_MAPS, "", FORBIDDEN)
    world.deployment("literal", {"name": "MODE", "value": "live"})
    assert world.gather(MODE).lost == ()
    world.deployment("api", ref("MODE", "modes"))
    assert world.gather(MODE).lost == (FORBIDDEN,)
    assert world.items(MODE)["api"] is not None
    first = world.items(MODE)
    assert world.items(MODE)["api"] is first["api"]


def test_without_workloads_there_is_no_evidence() -> None:
    world = World()
    world.inventory.state_changed(DEPLOYMENTS, "", FORBIDDEN)
    assert world.gather(MODE).evidence == FORBIDDEN


def test_a_config_map_that_does_not_decode() -> None:
    world = World()
    record = Unreadable(Meta("u", "modes", "shop"), "ConfigMap", "it does not decode")
    world.inventory.apply(CONFIG_MAPS, "u", None, record)
    world.deployment("api", ref("MODE", "modes"))
    shown = world.items(MODE)["api"].config_maps["modes"]
    assert isinstance(shown, Unseen)
    assert shown.reason is Why.UNREADABLE


def test_files_are_parsed_once_per_version() -> None:
    world = World()
    world.config_map("files", {"a.yaml": "a: 1", "conf": "a: 2"})
    body = world.bodies["files"]
    assert isinstance(body, Seen)
    assert isinstance(body.value, ConfigMapBody)
    assert body.value.tree("a.yaml", "yaml") is body.value.tree("a.yaml", "yaml")
    assert body.value.tree("conf", "yaml") is body.value.tree("conf", "yaml")
    world.deployment("web", mounts="files")
    documents = world.items(FILE)["web"].documents
    assert list(documents.values()) == [{"a": "1"}]


# --- what was observed

CREATED = datetime(2026, 11, 1, tzinfo=UTC)


def at(minute: int, second: int = 0) -> datetime:
    return NOW + timedelta(minutes=minute, seconds=second)


def body(data: dict[str, str], written: datetime | None = CREATED, *, immutable: bool = False) -> ConfigMapBody:
    return ConfigMapBody("u", "modes", data, immutable=immutable, created=CREATED, written=written)


def changes(observed: Observed, of: ConfigMapBody, when: datetime, key: str) -> datetime | None:
    return observed.config_map(of, when).changes.of(key)


def test_at_first_sight_the_api_server_is_believed() -> None:
    assert changes(Observed(), body({"a": "1"}, at(-9)), at(0), "a") == at(-9)
    assert changes(Observed(), body({"a": "1"}, at(-9)), at(0), ANY_KEY) == at(-9)
    assert changes(Observed(), body({"a": "1"}, at(-9), immutable=True), at(0), "a") == CREATED
    assert changes(Observed(), body({"a": "1"}, None), at(0), "a") is None


def test_a_change_is_dated_as_the_api_server_dates_it() -> None:
    observed = Observed()
    observed.config_map(body({"a": "1", "b": "1"}), at(0))
    after = body({"a": "2", "b": "1"}, at(5))
    assert changes(observed, after, at(5, 1), "a") == at(5)
    assert changes(observed, after, at(5, 1), "b") == CREATED
    assert changes(observed, after, at(5, 1), ANY_KEY) == at(5)


def test_a_removal_and_a_second_write_in_the_same_second_are_dated_by_the_observation() -> None:
    observed = Observed()
    observed.config_map(body({"a": "1", "b": "1"}, at(0)), at(0))
    assert changes(observed, body({"a": "1"}, at(0)), at(1, 2), "b") == at(1, 2)
    assert changes(observed, body({"a": "2"}, at(0)), at(2), "a") == at(2)


def test_what_was_written_unseen_may_have_been_changed_and_changed_back() -> None:
    observed = Observed()
    observed.config_map(body({"a": "1"}), at(0))
    assert changes(observed, body({"a": "1"}, at(5)), at(5, 11), "a") == at(5)
    back = Observed()
    back.config_map(body({"a": "1"}, at(-1)), at(0))
    assert changes(back, body({"a": "1"}, at(-5)), at(1), "a") == at(1), "the history went back"


def test_an_edit_of_labels_that_is_seen_at_once_changes_nothing() -> None:
    observed = Observed()
    shown = observed.config_map(body({"a": "1"}), at(0))
    assert observed.config_map(body({"a": "1"}, at(5)), at(5, 10)) is shown
    assert shown.changes.of("a") == CREATED


def test_what_was_immutable_has_not_changed_since() -> None:
    observed = Observed()
    observed.config_map(body({"a": "1"}), at(0))
    observed.config_map(body({"a": "2"}, at(1), immutable=True), at(1))
    assert changes(observed, body({"a": "2"}, at(30), immutable=True), at(60), "a") == at(1)


def test_digests_outlive_the_evidence_and_end_with_the_config_map() -> None:
    observed = Observed()
    observed.config_map(body({"a": "1"}), at(0))
    assert changes(observed, body({"a": "2"}, at(1)), at(1), "a") == at(1)
    observed.keep({"other"})
    assert changes(observed, body({"a": "2"}, at(1)), at(9), "a") == at(1)
    assert isinstance(observed.config_map(body({"a": "\ud800"}, at(1)), at(9)), ConfigMap)
