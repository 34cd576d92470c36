"""Release binaries are taken only whole and only with the published checksum."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from hack.localcluster import cache, download, versions
from hack.localcluster.errors import NotHereError
from tests.localcluster.support import NOBODY, Mirror, everything

BODY = b"#!/bin/sh\n" + b"x" * 3_000_000

pytestmark = pytest.mark.skipif(versions.system() != "linux", reason="the servers are released for linux")


def etcd_archive(*, member: str = "") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as bundle:
        entry = tarfile.TarInfo(member or download.source("etcd", {}).member)
        entry.size = len(BODY)
        bundle.addfile(entry, io.BytesIO(BODY))
    return packed.getvalue()


@pytest.fixture
def environment(mirror: Mirror, tmp_path: Path) -> dict[str, str]:
    for name in everything():
        mirror.publish(name, etcd_archive() if name == "etcd" else BODY)
    return {"READINESS_DOWNLOAD_BASE": mirror.url, "READINESS_CACHE": str(tmp_path / "cache")}


def silent(_line: str) -> None:
    pass


def fails(environment: dict[str, str], name: str) -> str:
    """The download of one binary fails, and nothing of it is left. Its reason."""
    with pytest.raises(NotHereError) as caught:
        download.download((name,), environment, silent)
    store = cache.here(environment)
    assert store.missing([name]) == [name]
    assert not list(store.folder.glob(f"{cache.SCRATCH}*"))
    return str(caught.value)


def test_everything_served_rightly_is_taken(environment: dict[str, str], mirror: Mirror) -> None:
    found = download.download(everything(), environment, silent)
    assert set(found) == set(everything())
    assert all(path.read_bytes() == BODY for path in found.values())
    mirror.asked.clear()
    download.download(everything(), environment, silent)
    assert mirror.asked == []


def test_the_official_addresses() -> None:
    etcd, server, kwok = (download.source(name, {}) for name in ("etcd", "kube-apiserver", "kwok"))
    platform = f"linux-{versions.architecture()}"
    assert server.url.endswith(f"/release/{versions.KUBERNETES}/bin/linux/{versions.architecture()}/kube-apiserver")
    assert server.checksum_url == f"{server.url}.sha256"
    assert etcd.url.endswith(f"/download/{versions.ETCD}/etcd-{versions.ETCD}-{platform}.tar.gz")
    assert kwok.url.endswith(f"/download/{versions.KWOK}/kwok-{platform}")
    assert all(source.url.startswith("https://") for source in (etcd, server, kwok))


@pytest.mark.parametrize("name", ["kubectl", "kwok", "etcd"])
def test_a_wrong_checksum(environment: dict[str, str], mirror: Mirror, name: str) -> None:
    right = mirror.answers[mirror.path(name)]
    assert isinstance(right, bytes)
    mirror.answers[mirror.path(name)] = right[:-1] + b"!"
    assert "wrong checksum" in fails(environment, name)


def test_an_earlier_binary_stays_when_a_later_one_fails(environment: dict[str, str], mirror: Mirror) -> None:
    mirror.answers[mirror.path("kubectl")] = 404
    with pytest.raises(NotHereError, match="404"):
        download.download(everything(), environment, silent)
    assert set(cache.here(environment).at_hand(everything())) == {"etcd", "kube-apiserver"}


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("status", [404, 503])
def test_an_error_status(environment: dict[str, str], mirror: Mirror, status: int, checksum: bool) -> None:
    mirror.answers[mirror.path("kubectl", checksum=checksum)] = status
    assert str(status) in fails(environment, "kubectl")


def test_a_cut_transfer(environment: dict[str, str], mirror: Mirror) -> None:
    mirror.answers[mirror.path("kubectl")] = (BODY[:2_000_000], len(BODY))
    assert "cut off after" in fails(environment, "kubectl")


@pytest.mark.parametrize("text", [b"", b"<html>not found</html>", b"abc", b"{}", b'{"assets": [{}]}'])
@pytest.mark.parametrize("name", ["kubectl", "etcd", "kwok"])
def test_a_checksum_file_without_a_checksum(
    environment: dict[str, str], mirror: Mirror, name: str, text: bytes
) -> None:
    mirror.answers[mirror.path(name, checksum=True)] = text
    assert "holds no checksum" in fails(environment, name)


@pytest.mark.parametrize("archive", [etcd_archive(member="another/etcd"), b"no archive at all"])
def test_an_archive_without_the_binary(environment: dict[str, str], mirror: Mirror, archive: bytes) -> None:
    mirror.publish("etcd", archive)
    assert "cannot be unpacked" in fails(environment, "etcd")


def test_nobody_answers(environment: dict[str, str]) -> None:
    assert "cannot be reached" in fails(environment | {"READINESS_DOWNLOAD_BASE": NOBODY}, "kubectl")


def test_there_are_no_servers_for_other_systems(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "system", lambda: "darwin")
    with pytest.raises(NotHereError, match="darwin"):
        download.download(("kubectl",), environment, silent)
