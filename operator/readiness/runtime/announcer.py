"""
Events for people, and the same as lines of the log: only transitions, and only those that last.

A transition is held back for a while and dropped if the state came back. Events may be lost, never doubled:
a restart compares nothing but stored statuses, so that it has nothing to tell. It must not decide what a
transition is (outputs.events does).
"""

import asyncio
import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import structlog

from readiness.api.v1alpha1.status import Status
from readiness.collectors.connection import Api, ApiError
from readiness.outputs import events
from readiness.runtime.register import API_VERSION, Entry

HELD_BACK: Final = 30.0  # seconds
CONTROLLER: Final = "readiness.dev/readiness-operator"
_INSIDE: Final = re.compile("(?<=[a-z])(?=[A-Z])")


@dataclass(slots=True)
class _Held:
    """What the status before the first change that was not announced tells, and the newest."""

    entry: Entry
    before: events.Told
    after: events.Told
    due: float


class Announcer:
    """Posts events.k8s.io/v1 Events regarding reviews."""

    def __init__(self, api: Api, instance: str, held_back: float = HELD_BACK) -> None:
        self._api = api
        self._instance = instance
        self._held_back = held_back
        self._held: dict[str, _Held] = {}
        self._urgent: deque[tuple[Entry, events.Announcement]] = deque(maxlen=1000)
        self._log = structlog.get_logger()

    def tell(self, entry: Entry, before: Status, after: Status) -> None:
        """A status was written in place of another."""
        loop = asyncio.get_running_loop()
        held = self._held.get(entry.uid)
        if held is not None:
            held.after = events.told(after)
        else:
            named = replace(entry, spec=b"", status=b"")  # a thousand of them may wait, and are told by their names
            self._held[entry.uid] = _Held(named, events.told(before), events.told(after), loop.time() + self._held_back)

    def at_once(self, entry: Entry, announcement: events.Announcement) -> None:
        """What is no transition of a status, and needs not last."""
        self._urgent.append((entry, announcement))

    def forget(self, uid: str) -> None:
        """A review is gone: nobody reads its Events."""
        self._held.pop(uid, None)

    async def run(self) -> None:
        """Post what has lasted, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self._held_back))
            while self._urgent:
                await self._post(*self._urgent.popleft())
            for uid, held in list(self._held.items()):
                if held.due <= loop.time():
                    del self._held[uid]
                    for announcement in events.transitions(held.before, held.after):
                        self._write_down(held.entry, announcement)
                        await self._post(held.entry, announcement)

    def _write_down(self, entry: Entry, told: events.Announcement) -> None:
        """`CertificateLost` as "certificate lost": the log tells the story even where no Event can be posted."""
        what = _INSIDE.sub(" ", told.action).lower()
        self._log.info(what, review=f"{entry.namespace}/{entry.name}", reason=told.reason, message=told.note)

    async def _post(self, entry: Entry, announcement: events.Announcement) -> None:
        now = self._api.clock.now()
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": f"{entry.name[:200]}-", "namespace": entry.namespace},
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
            "action": announcement.action,
            "reason": announcement.reason,
            "type": announcement.type,
            "note": announcement.note,
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": "ReadinessReview",
                "namespace": entry.namespace,
                "name": entry.name,
                "uid": entry.uid,
            },
        }
        path = f"/apis/events.k8s.io/v1/namespaces/{entry.namespace}/events"
        try:
            await self._api.post(path, msgspec.json.encode(body))
        except ApiError as error:
            # Never tried again: a timeout may hide a success, and an Event must not be doubled.
            self._log.warning("event lost", review=f"{entry.namespace}/{entry.name}", error=str(error))
