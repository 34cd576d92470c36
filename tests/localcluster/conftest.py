"""Fixtures of the local control plane's own tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.localcluster import NoControlPlaneError, start
from hack.localcluster.controlplane import ControlPlane
from tests.localcluster.support import FakeGo, Mirror


@pytest.fixture
def fake_go(tmp_path: Path) -> FakeGo:
    return FakeGo(tmp_path)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    served = Mirror()
    yield served
    served.close()


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """One control plane with everything, for the tests that leave it running."""
    try:
        cluster = start()
    except NoControlPlaneError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with cluster:
        if not isinstance(cluster, ControlPlane):
            pytest.skip("the servers of this cluster are not ours to stop")
        yield cluster
