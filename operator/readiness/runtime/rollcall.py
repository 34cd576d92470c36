"""
The register, held against the API server's own list.

A watch can lose a deletion, or a whole review, without a word. So at a start, after each end of the watch,
when the server's history went back, and now and then, the identities are listed: what is gone is dropped,
and what was not delivered in time is fetched. It must not know what a review says.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
import structlog

from readiness.collectors import own
from readiness.collectors.connection import Api, ApiError, Forbidden, NotFound
from readiness.runtime.register import API_VERSION, REVIEWS, Entry, Register
from readiness.runtime.writer import PLURAL_PATH

EVERY: Final = 600.0  # seconds
PATIENCE: Final = 10.0  # seconds in which the watch may still deliver what the list showed


class RollCall:
    """Compares; `changed` takes what had to be fetched, `behind` is told when the watch had to be helped."""

    def __init__(
        self,
        api: Api,
        register: Register,
        changed: Callable[[dict[str, Any]], None],
        behind: Callable[[], None],
        namespaces: Iterable[str] = (),
    ) -> None:
        self._api = api
        self._register = register
        self._changed = changed
        self._behind = behind
        self._paths = [f"{PLURAL_PATH}/{one}/{REVIEWS.plural}" for one in sorted(namespaces)] or [
            f"/apis/{API_VERSION}/{REVIEWS.plural}"
        ]
        self._asked = asyncio.Event()
        self.first = asyncio.Event()
        self._first: dict[str, int] = {}
        self._first_at = 0.0
        self._complete = False
        self._log = structlog.get_logger()

    def seen(self, entry: Entry) -> float | None:
        """When the first roll call saw this very state of a review, by the loop's clock; None where it did not."""
        return self._first_at if self._first.get(entry.uid, 0) >= entry.version else None

    @property
    def awaiting(self) -> bool:
        """Whether a review that the first list showed was neither delivered nor fetched yet."""
        return not self._complete and any(self._register.entry(uid) is None for uid in self._first)

    def ask(self) -> None:
        """Something may have been missed: compare soon."""
        self._asked.set()

    async def run(self) -> None:
        """Compare whenever asked, and every ten minutes, for ever; a failure is told once, however long it lasts."""
        told = False
        while True:
            try:
                async with asyncio.timeout(EVERY):
                    await self._asked.wait()
            except TimeoutError:
                pass
            self._asked.clear()
            try:
                await self._compare()
                self._complete, told = True, False
            except ApiError as error:
                if not told:
                    self._log.warning("reviews not listed: tried again every second", error=str(error))
                told = True
                await asyncio.sleep(1.0)
                self._asked.set()

    async def _compare(self) -> None:
        before = self._register.versions()
        listed, refused = await self._list()
        if not self.first.is_set():
            self._first = {uid: one.version for uid, one in listed.items()}
            self._first_at = asyncio.get_running_loop().time()
            self.first.set()
        known = frozenset(uid for uid in before if self._namespace(uid) not in refused)
        compared = self._register.compare(known, {uid: one.version for uid, one in listed.items()})
        for uid in compared.gone:
            self._register.drop(uid)
        await self._rewind(before, listed)
        if not compared.behind:
            return
        await asyncio.sleep(PATIENCE)
        late = self._register.compare(frozenset(), {uid: listed[uid].version for uid in compared.behind}).behind
        missed = [uid for uid in late if await self._fetch(listed[uid])]
        if missed:
            self._log.warning("the watch of reviews was behind: it is started anew", reviews=len(missed))
            self._behind()

    async def _list(self) -> tuple[dict[str, own.Identity], set[str]]:
        """Every identity, and the namespaces that refuse to tell: one tenant without its Role must not hold the others.

        Forbidden is raised where nobody tells at all.
        """
        listed: dict[str, own.Identity] = {}
        refused: dict[str, Forbidden] = {}
        for path in self._paths:
            try:
                listed |= await own.identities(self._api, path)
            except Forbidden as error:
                refused[path] = error
                self._log.error("not permitted to list reviews: grant get, list and watch on them", path=path)
        if len(refused) == len(self._paths):
            raise next(iter(refused.values()))
        return listed, {path.split("/")[-2] for path in refused}

    def _namespace(self, uid: str) -> str:
        entry = self._register.entry(uid)
        return "" if entry is None else entry.namespace

    async def _rewind(self, before: Mapping[str, int], listed: Mapping[str, own.Identity]) -> None:
        """What was known in a later version than the list has: the history was replaced, and the older one counts."""
        back = {uid: one for uid, one in listed.items() if before.get(uid, 0) > one.version}
        for uid, one in back.items():
            await self._fetch(one, known=before[uid])
        if back:
            self._log.warning("the API server's history went back: reviews were read anew", reviews=len(back))
            self._behind()

    async def _fetch(self, one: own.Identity, known: int = 0) -> bool:
        """Take in what the watch did not deliver; False where it was deleted meanwhile."""
        try:
            answer = await self._api.get(f"{PLURAL_PATH}/{one.namespace}/{REVIEWS.plural}/{one.name}")
        except NotFound:
            return False
        raw = msgspec.json.decode(answer.body)
        self._register.outdate(raw, known)
        self._changed(raw)
        return True
