"""A client that watches the review, as a dashboard or a gate would: latencies are what it sees."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from hack.localcluster import Cluster

from .view import View

POLL = 0.5  # seconds between two looks whether there is anybody to wait for


class Watcher:
    """A watch of one object; each state that arrives is kept with the instant of its arrival."""

    def __init__(self, cluster: Cluster, path: str, name: str) -> None:
        url = f"{path}?watch=true&fieldSelector=metadata.name%3D{name}"
        command = [str(cluster.binaries["kubectl"]), f"--kubeconfig={cluster.kubeconfig}", "get", "--raw", url]
        self._states: queue.Queue[View | None] = queue.Queue()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def states(self, seconds: float, goes_on: Callable[[], bool]) -> Iterator[View]:
        """States as they arrive, until `seconds` have passed or there is nobody left to wait for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and goes_on():
            try:
                state = self._states.get(timeout=POLL)
            except queue.Empty:
                continue
            if state is None:
                return
            yield state

    def close(self) -> None:
        """Stop watching."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            if event["type"] in {"ADDED", "MODIFIED"}:
                self._states.put(View(event["object"], time.monotonic()))
        self._states.put(None)
