"""What the tests of the local control plane share: fake tools, a release mirror, waiting."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from hack.localcluster import download, guard, versions

ROOT = Path(__file__).parents[2]
SYSTEM_PATH = "/usr/bin:/bin"
NOBODY = "http://127.0.0.1:9"

FAKE_GO = """#!/bin/sh
if [ "$1" = version ]; then echo "go version ${FAKE_GO_VERSION:-go1.26.8} linux/amd64"; exit 0; fi
while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done
basename "$out" >> "$FAKE_GO/calls"
case "$(cat "$FAKE_GO/mode")" in
hang)
  printf half > "$out"
  sleep 1000 &
  echo "$$ $!" > "$FAKE_GO/pids.new"; mv "$FAKE_GO/pids.new" "$FAKE_GO/pids"
  wait ;;
gate) while [ ! -e "$FAKE_GO/open" ]; do sleep 0.05; done; printf whole > "$out" ;;
fail) printf half > "$out"; echo "cannot find module"; exit 1 ;;
*) printf whole > "$out" ;;
esac
"""


def script(folder: Path, name: str, text: str) -> Path:
    """An executable in a folder that a test puts on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


class FakeGo:
    """A go command whose builds do what the mode says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script(folder / "bin", "go", FAKE_GO)
        self.mode("good")
        self.environment = {
            "PATH": f"{folder / 'bin'}:{SYSTEM_PATH}",
            "HOME": str(folder),
            "FAKE_GO": str(folder),
            "READINESS_CACHE": str(folder / "cache"),
            "READINESS_DOWNLOAD_BASE": NOBODY,
        }

    def mode(self, mode: str) -> None:
        (self.folder / "mode").write_text(mode)

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().split() if path.exists() else []

    def pids(self) -> list[int]:
        """The hanging build and the compiler it started, once both run."""
        path = self.folder / "pids"
        until(path.exists, "the fake build is running")
        return [int(word) for word in path.read_text().split()]

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """`python -m hack.localcluster ...`, its messages in `stderr.<pid>`."""
        return command(self.environment, *arguments)


def command(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hack.localcluster", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def gone(pids: list[int], seconds: float = 30.0) -> None:
    """Assert that the processes end; none is left behind when they do not."""
    try:
        until(lambda: not any(guard.alive(pid) for pid in pids), f"{pids} ended", seconds)
    except AssertionError:
        for pid in pids:
            if guard.alive(pid):
                os.kill(pid, signal.SIGKILL)
        raise


class Mirror:
    """A release server on loopback: `answers` maps a path to a body, a status, or a body that is cut short."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | int | tuple[bytes, int]] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                mirror.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        chosen = self.answers.get(request.path, 404)
        if isinstance(chosen, int):
            request.send_error(chosen)
            return
        body, announced = chosen if isinstance(chosen, tuple) else (chosen, len(chosen))
        request.send_response(200)
        request.send_header("Content-Length", str(announced))
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def path(self, name: str, *, checksum: bool = False) -> str:
        wanted = download.source(name, {"READINESS_DOWNLOAD_BASE": self.url})
        return (wanted.checksum_url if checksum else wanted.url).removeprefix(self.url)

    def publish(self, name: str, body: bytes) -> None:
        """Serve one binary with its right checksum, in the form that its project publishes."""
        wanted = download.source(name, {"READINESS_DOWNLOAD_BASE": self.url})
        digest = hashlib.sha256(body).hexdigest()
        self.answers[self.path(name)] = body
        if name == "etcd":
            other = f"{'0' * 64}  another-file.tar.gz\n"
            text = f"{other}{digest}  {wanted.file}\n"
        elif name == "kwok":
            text = json.dumps(
                {"assets": [{"name": "x", "digest": None}, {"name": wanted.file, "digest": f"sha256:{digest}"}]}
            )
        else:
            text = digest
        self.answers[self.path(name, checksum=True)] = text.encode()


def everything() -> tuple[str, ...]:
    return versions.needed(controllers=True)


def program(environment: Mapping[str, str], code: str) -> subprocess.Popen[str]:
    """A Python program of its own, run from the repository's root."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
