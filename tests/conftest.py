"""What every test may ask for: a real API server, started when the first test asks for it."""

import os
from collections.abc import Iterator

import pytest

from hack.localcluster import Cluster, NoControlPlaneError, start


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One control plane for the whole run; tests keep to namespaces of their own."""
    with control_plane() as running:
        yield running


def control_plane(*, controllers: bool = True) -> Cluster:
    """Skip, with the reason shown, on a machine that cannot have one; on CI that is a failure."""
    try:
        return start(controllers=controllers)
    except NoControlPlaneError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
