"""
All contact with the API server is lost, and comes back.

What was judged before an outage must not be written after it: the world may have changed meanwhile. The
writer waits here until every needed watch has been in contact again, for a bounded time.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from readiness.collectors.clock import Backoff
from readiness.collectors.connection import Api, ApiError, Unreachable

SETTLE: Final = 10.0  # seconds after the first contact at most


class Outage:
    """Open while there is contact. `fresh` tells whether every needed watch was in contact after an instant."""

    def __init__(self, api: Api, fresh: Callable[[datetime], bool], returned: Callable[[], None]) -> None:
        self._api = api
        self._fresh = fresh
        self._returned = returned
        self._open = asyncio.Event()
        self._open.set()
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """A request did not reach the API server."""
        self._open.clear()
        self._begun.set()

    async def wait_over(self) -> None:
        """Return at once while there is contact."""
        await self._open.wait()

    async def run(self) -> None:
        """Notice the end of each outage, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._begun.wait()
            await self._contact()
            began, at = loop.time(), self._api.clock.now()
            while loop.time() - began < SETTLE and not self._fresh(at):  # noqa: ASYNC110  # many watches, none knows of all
                await asyncio.sleep(0.1)
            self._begun.clear()
            self._returned()
            self._open.set()

    async def _contact(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                await self._api.get("/version", timeout=5.0)
            except Unreachable:
                await asyncio.sleep(backoff.next())
            except ApiError:
                return  # it answers, whatever it says
            else:
                return
