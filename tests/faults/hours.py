"""Hours of the operator's life within seconds: its loop, its monotonic clock and the server's answers run ahead together."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from tests.cluster.running import Running
from tests.faults.gateway import Gateway

STEP = 2.0  # seconds; what is due within one step may happen in any order
TURNS = 15  # of the operator's loop in each step: what is due happens, and its consequences


class Hours:
    """Hand `prepare` and `wall` to Running, then `pass_`. `gateway` dates its answers accordingly."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.ahead = 0.0

    def wall(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def prepare(self, running: Running) -> None:
        """In the operator's loop, before it runs."""
        running.loop.time = self.monotonic  # type: ignore[method-assign]
        running.api.clock._monotonic = self.monotonic

    def pass_(self, running: Running, seconds: float, step: float = STEP) -> None:
        """Let so much time go by, however little it takes."""

        async def turn() -> None:
            self.ahead += step
            self._gateway.shift = timedelta(seconds=self.ahead)
            for _ in range(TURNS):
                await asyncio.sleep(0)

        for _ in range(round(seconds / step)):
            running.do(turn)
