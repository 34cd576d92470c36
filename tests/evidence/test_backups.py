"""What must be watched for which sources."""

from typing import Any

import pytest

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.evidence.backups import Backups
from readiness.evidence.resources import CLAIMS, LIVE_TEMPLATES

SNAPSHOTS = {"volumesnapshots.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io"}
VELERO = {
    "backups.velero.io",
    "backupstoragelocations.velero.io",
    "podvolumebackups.velero.io",
    "datauploads.velero.io",
}
JOBS = [{"name": "dump", "covers": [{"kind": "StatefulSet", "name": "db"}]}]


@pytest.mark.parametrize(
    ("want", "expected"),
    [
        ({}, SNAPSHOTS | VELERO),
        ({"provenBy": ["Velero"]}, VELERO),
        ({"provenBy": ["VolumeSnapshot"]}, SNAPSHOTS),
        ({"provenBy": ["CronJob"], "cronJobs": JOBS}, set[str]()),
        ({"cronJobs": JOBS}, SNAPSHOTS | VELERO),
        ({"offCluster": True, "provenBy": ["VolumeSnapshot", "Velero"]}, VELERO),
    ],
)
def test_reads_what_may_count_and_nothing_else(want: dict[str, Any], expected: set[str]) -> None:
    reads = Backups.reads(BackupsExpectation.model_validate(want))
    assert LIVE_TEMPLATES | {CLAIMS} <= reads
    assert {one.name for one in reads - LIVE_TEMPLATES - {CLAIMS}} == expected
