"""Every version of every review, as a watching client sees it: what a gate could have read at any moment."""

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tests.cluster.kube import Failed, Json, Kube

REVIEWS: Final = "/apis/readiness.dev/v1alpha1/readinessreviews"
SECONDS: Final = 25.0

Key = tuple[str, str]
"""Namespace and name."""


class History:
    """Follows the reviews of one API server until it is stopped."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._seen: dict[Key, list[Json]] = defaultdict(list)
        self._gone: set[str] = set()
        self._news = threading.Condition()
        self._stopped = False
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True, name="history")
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def versions(self, namespace: str, name: str | None = None) -> list[Json]:
        """Every version seen, oldest first; of all the reviews of a namespace where none is named."""
        with self._news:
            keys = [key for key in self._seen if key[0] == namespace and name in {None, key[1]}]
            return [version for key in sorted(keys) for version in self._seen[key]]

    def wait(
        self, namespace: str, name: str, wanted: Callable[[Json], bool], what: str, seconds: float = SECONDS
    ) -> Json:
        """The first version that is the newest one and as wanted."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                found = self._seen.get((namespace, name), [])
                if found and found[-1]["metadata"]["uid"] not in self._gone and wanted(found[-1]):
                    return found[-1]
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    told = "\n  ".join(line(version) for version in found) or "no version at all"
                    raise AssertionError(f"{namespace}/{name}: not within {seconds:.0f}s: {what}; seen:\n  {told}")

    def caught_up(self, review: Json, seconds: float = SECONDS) -> None:
        """Until the version of this object was seen here."""
        meta = review["metadata"]
        mine = int(meta["resourceVersion"])
        self.wait(
            meta["namespace"],
            meta["name"],
            lambda one: int(one["metadata"]["resourceVersion"]) >= mine,
            f"version {mine}",
            seconds,
        )

    def _follow(self) -> None:
        while not self._stopped:
            with suppress(Failed, OSError, ValueError):
                listed = self._kube.request("GET", REVIEWS)
                for item in listed["items"]:
                    self._take(item)
                frames = self._kube.watch(REVIEWS, listed["metadata"]["resourceVersion"], self._opened)
                for frame in frames:
                    if frame["type"] == "ERROR":
                        break
                    self._take(frame["object"], gone=frame["type"] == "DELETED")
            time.sleep(0.05)

    def _opened(self, opened: socket.socket) -> None:
        self._socket = opened

    def _take(self, review: Json, *, gone: bool = False) -> None:
        meta = review["metadata"]
        key = meta["namespace"], meta["name"]
        with self._news:
            known = self._seen[key]
            if gone:
                self._gone.add(meta["uid"])
            elif not known or int(known[-1]["metadata"]["resourceVersion"]) < int(meta["resourceVersion"]):
                known.append(review)
            self._news.notify_all()


def condition(review: Json, type_: str = "Ready") -> Json:
    """The condition of that type; empty where there is none."""
    found: list[Json] = review.get("status", {}).get("conditions", [])
    return next((one for one in found if one["type"] == type_), {})


def types(review: Json) -> set[str]:
    return {one["type"] for one in review["status"]["conditions"]}


def line(review: Json) -> str:
    """One version, for a failing test's message."""
    meta, status = review["metadata"], review.get("status", {})
    said = "; ".join(
        f"{one['type']}={one['status']} ({one['reason']}: {one['message'][:160]})"
        for one in status.get("conditions", [])
    )
    return f"v{meta['resourceVersion']} g{meta['generation']} og{status.get('observedGeneration')} {said}"
