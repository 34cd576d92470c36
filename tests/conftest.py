"""What every test may ask for: a real API server, started when the first test asks for it."""

import os
import signal
from collections.abc import Iterator

import pytest

from hack.localcluster import Cluster, NoControlPlaneError, start

# A shell that starts this in the background has SIGINT ignored, and whatever the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

THOROUGH = (
    "cli/test_outputs.py",
    "collectors/test_reflector_random.py",
    "collectors/test_workloads.py::test_the_order_of_events",
    "deploy/",
    "judgement/test_properties.py",
    "docs/test_site.py::test_a_",
    "docs/test_site.py::test_it_",
    "localcluster/",
    "security/",
)
"""Properties over everything, and tests that start processes or build: `make fast` leaves them out, `make test` does not."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(THOROUGH):
            item.add_marker("thorough")


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
