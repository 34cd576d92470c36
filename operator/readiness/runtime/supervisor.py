"""
Tasks that must not die quietly.

A task that ends, by an error or by itself, is told, counted and started again; what it kept fresh becomes
stale meanwhile, so that nothing is certified by it. It must not know what the tasks do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from readiness.collectors.clock import Backoff

HEALTHY: Final = 60.0  # seconds; what lived so long is started again at once


class Supervisor:
    """Starts tasks and starts them again; `count` is told the name of each that died."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    def start(self, name: str, run: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """Run it for as long as the returned task is not cancelled."""
        task = asyncio.create_task(self._keep(name, run), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel all, and wait for them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, run: Callable[[], Awaitable[object]]) -> None:
        backoff, loop = Backoff(0.5, 10.0), asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await run()
            except Exception as error:  # noqa: BLE001  # the other boundary: a dead task makes its evidence stale, then Unknown
                self._log.error("a task died and is started again", task=name, exc_info=error)
            else:
                self._log.error("a task ended and is started again", task=name)
            self._count(name)
            if loop.time() - began > HEALTHY:
                backoff.reset()
            await asyncio.sleep(backoff.next())
