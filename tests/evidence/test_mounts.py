"""Which key stands under a path: by the longest mount, by items, as a kernel reads paths."""

import pytest

from readiness.evidence.mounts import FromConfigMap, at
from readiness.evidence.workloads import Container, Mount, Template, Volume, VolumeSource

PLAIN = VolumeSource("ConfigMap", "files")


def under(path: str, *mounts: Mount, source: VolumeSource = PLAIN) -> list[object]:
    template = Template(volumes=(Volume("v", (source,)), Volume("claim", claim="data")))
    return list(at(template, Container("web", mounts=mounts), path))


@pytest.mark.parametrize("mounted", ["/etc/app", "/etc/app/", "/etc//app", "/etc/./app", "/etc/x/../app", "/etc", "/"])
def test_paths_are_compared_as_a_kernel_reads_them(mounted: str) -> None:
    inside = "a.yaml" if mounted.strip("/").endswith("app") else None
    found = under("/etc/app/a.yaml", Mount("v", mounted))
    assert found == ([FromConfigMap("files", "a.yaml")] if inside else [])


def test_a_longer_mount_hides_a_shorter_one_whatever_it_holds() -> None:
    shorter, longer = Mount("v", "/etc/app"), Mount("claim", "/etc/app/sub")
    assert under("/etc/app/sub", shorter, longer) == []
    assert under("/etc/app/subway", longer, shorter) == [FromConfigMap("files", "subway")]


def test_a_sub_path_names_a_file_or_a_folder_of_the_volume() -> None:
    items = VolumeSource("ConfigMap", "files", (("k", "conf/a.yaml"),), optional=True)
    listed = FromConfigMap("files", "k", optional=True, listed=True, follows=False)
    assert under("/etc/app/a.yaml", Mount("v", "/etc/app", "conf"), source=items) == [listed]
    assert under("/etc/a", Mount("v", "/etc/a", "conf/a.yaml"), source=items) == [listed]
    assert under("/etc/a", Mount("v", "/etc/a", "conf/b.yaml"), source=items) == []
    literal = Mount("v", "/etc/a", "conf/a.yaml", expression=True)
    assert under("/etc/a", literal, source=items) == [listed]


def test_a_volume_that_is_not_there_shows_nothing() -> None:
    assert under("/etc/a", Mount("gone", "/etc")) == []
