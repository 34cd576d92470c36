"""What the gate shows of backup proofs, and what it keeps to itself."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.collectors.access import Gate, View
from readiness.collectors.files import FileWorld
from readiness.collectors.gather import gather
from readiness.collectors.gatherers import proofs
from readiness.collectors.projections import BY_RESOURCE
from readiness.evidence.backups import READ_FROM, BackupRecord, Backups, ContentRecord
from readiness.evidence.objects import Meta, Record, Unreadable
from readiness.evidence.resources import (
    CLAIMS,
    CRON_JOBS,
    VELERO_BACKUPS,
    VELERO_DATA_UPLOADS,
    VELERO_LOCATIONS,
    VELERO_POD_VOLUME_BACKUPS,
    VOLUME_SNAPSHOT_CONTENTS,
    Resource,
)
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.selecting import Scope

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=2)


def view(**unseen: Why) -> View:
    states = {f"{name}.batch": Unseen(why, "", f"{name}.batch") for name, why in unseen.items()}
    return Gate(FileWorld(NOW, unseen=states).sealed()).view("default")


@pytest.mark.parametrize("resource", ["cronjobs", "jobs"])
def test_cron_jobs_are_unseen_with_either_of_their_watches(resource: str) -> None:
    found = proofs.cron_jobs(view(**{resource: Why.STALE}), BackupsExpectation())
    assert isinstance(found, Unseen)
    assert (found.reason, found.resource) == (Why.STALE, f"{resource}.batch")


@pytest.mark.parametrize("why", [Why.NOT_SYNCED, Why.NOT_INSTALLED])
def test_whether_velero_is_served_is_known_before_it_is_listed(why: Why) -> None:
    def served(resource: Resource) -> object:
        return Unseen(why, "not served", resource.name)

    world = FileWorld(NOW, allowed=["backups.velero.io"])
    [found] = proofs.velero(Gate(world.sealed(), served=served).view("default"), 0)
    assert isinstance(found, Unseen)
    assert found.reason is (Why.NOT_INSTALLED if why is Why.NOT_INSTALLED else Why.NOT_ALLOWED)


@pytest.mark.parametrize(
    "resource", [VELERO_BACKUPS, VELERO_POD_VOLUME_BACKUPS, VELERO_DATA_UPLOADS, VOLUME_SNAPSHOT_CONTENTS]
)
def test_what_does_not_decode_is_shown_to_no_namespace(resource: Resource) -> None:
    """It does not say whose it is."""
    projection = BY_RESOURCE[resource]
    assert projection.concerns(Unreadable(Meta("u", "n", "velero"), resource.kind, "")) == frozenset()


@pytest.mark.parametrize(
    ("spec", "selective"),
    [
        ({}, False),
        ({"labelSelector": None, "orLabelSelectors": None}, False),
        ({"labelSelector": {"matchLabels": {"backup": "daily"}}}, True),
        ({"orLabelSelectors": [{"matchLabels": {"backup": "daily"}}]}, True),
        ({"resourcePolicy": {"kind": "configmap", "name": "skip-scratch"}}, True),
    ],
)
def test_a_backup_tells_whether_it_leaves_anything_out(spec: dict[str, object], selective: bool) -> None:
    found = BY_RESOURCE[VELERO_BACKUPS].decode(msgspec.json.encode({"metadata": {"name": "b"}, "spec": spec}))
    assert isinstance(found, BackupRecord)
    assert found.selective is selective


@pytest.mark.parametrize("stale", [CLAIMS, CRON_JOBS, VELERO_LOCATIONS])
def test_evidence_is_as_old_as_its_oldest_part(stale: Resource) -> None:
    listed = {"velero": frozenset(resource.name for resource in READ_FROM["Velero"])}
    inventory = FileWorld(NOW, allowed=listed["velero"]).sealed()
    inventory.state_changed(stale, "", Seen(EARLIER, EARLIER))
    wanted = BackupsExpectation.model_validate({"cronJobs": [{"name": "d", "covers": [{"kind": "Pod", "name": "p"}]}]})
    found = gather(Backups, wanted, Gate(inventory, listed).view("default"), Scope()).evidence
    assert isinstance(found, Seen)
    assert isinstance(found.value, Backups)
    parts = {CLAIMS: found, CRON_JOBS: found.value.cron_jobs, VELERO_LOCATIONS: found.value.velero[0]}
    part = parts[stale]
    assert isinstance(part, Seen)
    assert part.as_of == EARLIER


def content(taken: object) -> Record:
    raw = {
        "metadata": {"name": "snapcontent-1", "uid": "c"},
        "spec": {"volumeSnapshotRef": {"namespace": "default", "name": "s", "uid": "s"}},
        "status": {"creationTime": taken, "snapshotHandle": "h"},
    }
    return BY_RESOURCE[VOLUME_SNAPSHOT_CONTENTS].decode(msgspec.json.encode(raw))


def test_a_content_tells_nanoseconds() -> None:
    found = content(1795222802123456789)
    assert isinstance(found, ContentRecord)
    assert found.taken == datetime(2026, 11, 21, 1, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("taken", [-1, 2**63, 10**40, "2026-11-21T01:00:02Z", 1.5])
def test_a_time_that_is_none_does_not_decode(taken: object) -> None:
    with pytest.raises(msgspec.MsgspecError):
        content(taken)


def test_a_time_at_the_edge_of_what_is_possible() -> None:
    found = content(2**63 - 1)
    assert isinstance(found, ContentRecord)
    assert found.taken is not None
    assert found.taken.year == 2262
