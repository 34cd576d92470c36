"""What every test may ask for: a real API server, started when the first test asks for it."""

from collections.abc import Iterator

import pytest

from hack.localcluster import Cluster, start


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One control plane for the whole run; tests keep to namespaces of their own."""
    with start(controllers=True) as running:
        yield running
