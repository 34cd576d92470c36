"""What several tests of the image share."""

from pathlib import Path

import pytest

from tests.deploy import image


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image has at its place."""
    target = tmp_path_factory.mktemp("image") / "readiness"
    image.build(target)
    return target
