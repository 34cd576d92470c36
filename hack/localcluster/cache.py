"""The folder of finished binaries, outside the repository, shared by every start on this machine.

A binary counts only with its marker, which is written last: whatever is cut short (a download, a build, the
power) leaves nothing that counts. Only the holder of the lock writes; the kernel drops the lock of a dead
process, so the PID in the lock file is for the reader of a message, and a stale one stops nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import versions

SCRATCH = ".partial-"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Cache:
    """One folder for one set of versions on one platform."""

    folder: Path

    def at_hand(self, names: Iterable[str]) -> dict[str, Path]:
        """Those of the named binaries that are complete."""
        return {name: self.folder / name for name in names if self._complete(name)}

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the named binaries that are not complete."""
        return [name for name in names if not self._complete(name)]

    def put(self, name: str, finished: Path) -> Path:
        """Take a finished file in; it must lie in `scratch()`, so that the rename is atomic."""
        target = self.folder / name
        self._marker(name).unlink(missing_ok=True)
        finished.chmod(0o755)
        with finished.open("rb") as content:
            os.fsync(content.fileno())
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        size = finished.stat().st_size
        finished.rename(target)
        note = finished.with_name(f"{name}.marker")
        note.write_text(json.dumps({"sha256": digest, "size": size}))
        note.rename(self._marker(name))
        return target

    def damaged(self, names: Iterable[str]) -> list[str]:
        """Those of the complete binaries whose content is no longer what was put in (reads every byte)."""
        return [name for name, path in self.at_hand(names).items() if _digest(path) != self._note(name).get("sha256")]

    def drop(self, name: str) -> None:
        """Let a binary no longer count."""
        self._marker(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def filling(self, progress: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock: one process fills the folder, the others wait and say for whom."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("a+") as lock:
            _acquire(lock.fileno(), self.folder / LOCK, progress)
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            for leftover in self.folder.glob(f"{SCRATCH}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            try:
                yield
            finally:
                lock.truncate(0)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for unfinished files, on the same file system; gone afterwards, whatever happens."""
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _marker(self, name: str) -> Path:
        return self.folder / f"{name}.complete"

    def _note(self, name: str) -> dict[str, object]:
        try:
            note = json.loads(self._marker(name).read_text())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _complete(self, name: str) -> bool:
        path = self.folder / name
        return path.is_file() and os.access(path, os.X_OK) and self._note(name).get("size") == path.stat().st_size


def base(environment: Mapping[str, str]) -> Path:
    """The folder above all: READINESS_CACHE, or the user's cache folder."""
    if chosen := environment.get("READINESS_CACHE"):
        return Path(chosen).expanduser().absolute()
    user = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "readiness-operator" / "localcluster"


def here(environment: Mapping[str, str]) -> Cache:
    """The cache of the versions and the platform at hand."""
    return Cache(base(environment) / versions.key())


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _acquire(descriptor: int, path: Path, progress: Callable[[str], None]) -> None:
    started = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text().strip() or "?"
            progress(f"cache: another process (PID {holder}) fills it … {time.monotonic() - started:.0f} s")
            time.sleep(0.5)
        else:
            return
