"""
The one way a status is written: PUT with the uid and the resourceVersion of the review as judged.

The queue holds keys, and the body is rendered when it is sent, so that a late write never carries an old
verdict. After a conflict the body is thrown away: the review is read anew and judged again. It must not
know how a verdict comes about.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog

from readiness.api.v1alpha1.status import Status
from readiness.collectors.clock import Backoff
from readiness.collectors.connection import (
    Api,
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from readiness.runtime.outage import Outage
from readiness.runtime.refusals import Refusals
from readiness.runtime.register import API_VERSION, Entry
from readiness.runtime.rivals import Rivals

IN_FLIGHT: Final = 8
FIELD_MANAGER: Final = "readiness-operator"
PLURAL_PATH: Final = f"/apis/{API_VERSION}/namespaces"


@dataclass(frozen=True, slots=True)
class Draft:
    """A status that is ready to be sent, and the review it was judged from."""

    entry: Entry
    before: Status
    status: Status

    @property
    def ends(self) -> bool:
        """Whether it ends a certificate: what is stored says Ready, whoever wrote it, and this does not."""
        return self.entry.says_ready and not _ready(self.status)


class Desk(Protocol):
    """Who owns the verdicts and hears what became of them."""

    def draft(self, uid: str) -> Draft | None:
        """The status to write now, or None where there is none (any more)."""
        ...

    def minimal(self, uid: str, why: str) -> Draft | None:
        """What is written where the API server refused the whole status."""
        ...

    def written(self, draft: Draft, answer: dict[str, Any]) -> None:
        """The API server took it; the answer is the review as it is stored now."""
        ...

    def moved(self, uid: str, newest: dict[str, Any] | None, known: int = 0) -> None:
        """It is not what it was at version `known`: the newest version, or None where it is gone."""
        ...


class Writer:
    """At most one write in flight per review, and eight in all; endings first, renewals last."""

    def __init__(
        self,
        api: Api,
        desk: Desk,
        count: Callable[[str], None],
        outage: Outage,
        rivals: Rivals,
    ) -> None:
        """`count` takes the outcome of each attempt."""
        self._api = api
        self._desk = desk
        self._count = count
        self._outage = outage
        self._rivals = rivals
        self._order = itertools.count()
        self._heap: list[tuple[int, int, str]] = []
        self._asked: dict[str, int] = {}  # uid -> rank
        self._busy: set[str] = set()
        self._again: dict[str, int] = {}  # asked while in flight
        self._news = asyncio.Event()
        self._refusals = Refusals(self.ask)
        self._log = structlog.get_logger()

    @property
    def forbidden(self) -> bool:
        """Whether a write waits for a permission."""
        return bool(self._refusals)

    @property
    def waiting(self) -> int:
        """Writes asked for and not sent."""
        return len(self._asked)

    def ask(self, uid: str, rank: int) -> None:
        """Write this review's status when its turn comes: 0 ends a certificate, 1 is ordinary, 2 renews."""
        if uid in self._busy:
            self._again[uid] = min(rank, self._again.get(uid, rank))
            return
        if self._asked.get(uid, rank + 1) <= rank:
            return
        self._asked[uid] = rank
        heapq.heappush(self._heap, (rank, next(self._order), uid))
        self._news.set()

    def forget(self, uid: str) -> None:
        """The review is gone."""
        self._asked.pop(uid, None)
        self._again.pop(uid, None)
        self._refusals.forget(uid)
        self._rivals.forget(uid)

    async def run(self) -> None:
        """Write for ever. A write that a defect cut short is asked for again."""
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            found = self._next()
            if found is None:
                self._news.clear()
                await self._news.wait()
                continue
            uid, rank = found
            self._busy.add(uid)
            ended = False
            try:
                await self._write(uid, rank)
                ended = True
            finally:
                self._busy.discard(uid)
                if not ended:
                    self.ask(uid, rank)
                if uid in self._again:
                    self.ask(uid, self._again.pop(uid))

    def _next(self) -> tuple[str, int] | None:
        while self._heap:
            rank, _, uid = heapq.heappop(self._heap)
            if self._asked.get(uid) == rank:
                del self._asked[uid]
                return uid, rank
        return None

    async def _write(self, uid: str, rank: int) -> None:
        """Until it is written, refused for good, or somebody else moved the review. Each attempt is rendered anew."""
        backoff = Backoff(0.2, 10.0)
        while True:
            await self._outage.wait_over()
            draft = self._desk.draft(uid)
            if draft is None:
                self._refusals.forget(uid)
                return
            if self._rivals.yields(draft.entry, ending=draft.ends):
                self._count("yielded")
                return
            try:
                await self._put(draft)
            except Conflict:
                self._count("conflict")
                await self._reread(draft, rank)
            except NotFound:
                self._count("gone")
                self._desk.moved(uid, None)
            except (Unauthorized, Forbidden) as error:
                self._not_permitted(draft, rank, error)
            except Refused as error:
                await self._write_minimal(draft, error)
            except Unreachable:
                self._count("unreachable")
                self._outage.begin()
                continue
            except ApiError as error:
                self._count("retried")
                await asyncio.sleep(backoff.next(error.after if isinstance(error, Throttled) else None))
                continue
            return

    async def _put(self, draft: Draft) -> None:
        entry = draft.entry
        body = {
            "apiVersion": API_VERSION,
            "kind": "ReadinessReview",
            "metadata": {
                "name": entry.name,
                "namespace": entry.namespace,
                "uid": entry.uid,
                "resourceVersion": str(entry.version),
            },
            "status": draft.status.dump(),
        }
        path = f"{path_of(entry)}/status"
        answer = await self._api.put(path, msgspec.json.encode(body), params={"fieldManager": FIELD_MANAGER})
        self._count("written")
        found = msgspec.json.decode(answer.body)
        self._rivals.wrote(entry.uid, found)
        self._refusals.permitted(entry.namespace)
        self._desk.written(draft, found)

    async def _reread(self, draft: Draft, rank: int) -> None:
        """A conflict tells that the review moved: whatever it is now is judged anew, nothing is sent again."""
        entry, backoff = draft.entry, Backoff(0.2, 10.0)
        while True:
            try:
                answer = await self._api.get(path_of(entry))
            except NotFound:
                self._desk.moved(entry.uid, None)
                return
            except (Unauthorized, Forbidden) as error:
                self._not_permitted(draft, rank, error)
                return
            except ApiError as error:
                await asyncio.sleep(backoff.next(error.after if isinstance(error, Throttled) else None))
            else:
                self._desk.moved(entry.uid, msgspec.json.decode(answer.body), entry.version)
                return

    def _not_permitted(self, draft: Draft, rank: int, error: ApiError) -> None:
        self._count("forbidden")
        pause = self._refusals.refused(draft.entry, rank)
        self._log.error(
            "status not written: grant update on readinessreviews/status, and get on readinessreviews",
            review=f"{draft.entry.namespace}/{draft.entry.name}",
            error=str(error),
            again_in_seconds=round(pause),
        )

    async def _write_minimal(self, draft: Draft, refused: Refused) -> None:
        self._count("refused")
        self._log.error(
            "status refused by the API server",
            review=f"{draft.entry.namespace}/{draft.entry.name}",
            error=str(refused),
        )
        smaller = self._desk.minimal(draft.entry.uid, f"the API server refused the status ({refused.status})")
        if smaller is None or smaller.status == draft.status:
            return
        try:
            await self._put(smaller)
        except ApiError as error:
            self._count("lost")
            self._log.error("minimal status not written", error=str(error))


def path_of(entry: Entry) -> str:
    """The review's path on the API server."""
    return f"{PLURAL_PATH}/{entry.namespace}/readinessreviews/{entry.name}"


def _ready(status: Status) -> bool:
    ready = status.condition("Ready")
    return ready is not None and ready.status == "True"
