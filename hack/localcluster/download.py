"""Provider 4: the official release binaries, each checked against its published checksum.

READINESS_DOWNLOAD_BASE replaces the three official bases by one mirror with the same paths below it.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import cache, versions
from .errors import NotHereError
from .versions import Binaries

KUBERNETES_BASE = "https://dl.k8s.io"
RELEASES_BASE = "https://github.com"
DIGESTS_BASE = "https://api.github.com"

FIRST_ANSWER = 4.0
SILENCE = 20.0
CHUNK = 1 << 20
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one binary comes from; `member` names it inside an archive."""

    name: str
    url: str
    checksum_url: str
    read_checksum: Callable[[str, str], str]
    member: str = ""

    @property
    def file(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]


def download(names: tuple[str, ...], environment: Mapping[str, str], progress: Callable[[str], None]) -> Binaries:
    """Fetch what the cache lacks; the first failure ends it, and what was complete before stays."""
    if versions.system() != "linux":
        raise NotHereError(f"the servers are released for linux, this is {versions.system()}")
    store = cache.here(environment)
    with store.filling(progress):
        for name in store.missing(names):
            with store.scratch() as folder:
                store.put(name, _fetch(source(name, environment), folder, progress))
    return store.at_hand(names)


def source(name: str, environment: Mapping[str, str]) -> Source:
    """The published addresses of one binary."""
    mirror = environment.get("READINESS_DOWNLOAD_BASE", "").rstrip("/")
    platform = f"{versions.system()}-{versions.architecture()}"
    releases = mirror or RELEASES_BASE
    if name == "etcd":
        folder = f"{releases}/etcd-io/etcd/releases/download/{versions.ETCD}"
        bundle = f"etcd-{versions.ETCD}-{platform}"
        return Source(name, f"{folder}/{bundle}.tar.gz", f"{folder}/SHA256SUMS", _from_list, f"{bundle}/etcd")
    if name == "kwok":
        url = f"{releases}/kubernetes-sigs/kwok/releases/download/{versions.KWOK}/kwok-{platform}"
        digests = f"{mirror or DIGESTS_BASE}/repos/kubernetes-sigs/kwok/releases/tags/{versions.KWOK}"
        return Source(name, url, digests, _from_release)
    place = f"{versions.system()}/{versions.architecture()}"
    url = f"{mirror or KUBERNETES_BASE}/release/{versions.KUBERNETES}/bin/{place}/{name}"
    return Source(name, url, f"{url}.sha256", _alone)


def _alone(text: str, _file: str) -> str:
    """The checksum is the whole file."""
    return text.strip()


def _from_list(text: str, file: str) -> str:
    """The output of sha256sum."""
    lines = (line.split() for line in text.splitlines())
    return next((line[0] for line in lines if len(line) == 2 and line[1].lstrip("*") == file), "")


def _from_release(text: str, file: str) -> str:
    """A release's description: every asset carries its digest."""
    try:
        assets = json.loads(text)["assets"]
        found = next((asset["digest"] or "" for asset in assets if asset["name"] == file), "")
    except (ValueError, KeyError, TypeError):
        return ""
    return str(found).removeprefix("sha256:")


def _fetch(wanted: Source, folder: Path, progress: Callable[[str], None]) -> Path:
    """Download, compare, unpack."""
    with _open(wanted.checksum_url, FIRST_ANSWER) as answer:
        expected = wanted.read_checksum(_text(answer), wanted.file)
    if not _SHA256.fullmatch(expected):
        raise NotHereError(f"{wanted.checksum_url} holds no checksum of {wanted.file}")
    with _open(wanted.url, SILENCE) as answer:
        target, seen = _store(answer, folder / wanted.file, wanted.name, progress)
    if seen != expected:
        raise NotHereError(f"wrong checksum of {wanted.file}: published {expected}, received {seen}")
    if wanted.member:
        target = _unpack(target, wanted.member, folder / f"{wanted.name}.unpacked")
    progress(f"{wanted.name}: downloaded, checksum holds")
    return target


def _open(url: str, seconds: float) -> http.client.HTTPResponse:
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(url, timeout=seconds)
    except urllib.error.HTTPError as error:
        with error:
            raise NotHereError(f"{url} answered {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotHereError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from error
    return answer


def _text(answer: http.client.HTTPResponse) -> str:
    try:
        return answer.read(4 * CHUNK).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise NotHereError(f"{answer.url} was cut off: {error}") from error


def _store(
    answer: http.client.HTTPResponse, target: Path, name: str, progress: Callable[[str], None]
) -> tuple[Path, str]:
    """Write the body to a file; a body shorter than announced is told apart from a wrong one."""
    announced = int(answer.headers.get("Content-Length") or -1)
    digest = hashlib.sha256()
    size = 0
    with target.open("wb") as out:
        try:
            while part := answer.read(CHUNK):
                out.write(part)
                digest.update(part)
                size += len(part)
                progress(f"{name}: downloading … {size >> 20} MB")
        except (OSError, http.client.HTTPException) as error:
            raise NotHereError(f"{answer.url} was cut off after {size} bytes: {error}") from error
    if announced not in (-1, size):
        raise NotHereError(f"{answer.url} was cut off after {size} of {announced} bytes")
    return target, digest.hexdigest()


def _unpack(archive: Path, member: str, target: Path) -> Path:
    """Take one file out of an archive, by its name; nothing else of it is looked at."""
    try:
        with tarfile.open(archive) as bundle, target.open("wb") as out:
            content = bundle.extractfile(member)
            if content is None:
                raise NotHereError(f"{archive.name} holds no file {member}")
            while part := content.read(CHUNK):
                out.write(part)
    except (tarfile.TarError, KeyError, OSError) as error:
        raise NotHereError(f"{archive.name} cannot be unpacked: {error}") from error
    return target
