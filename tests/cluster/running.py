"""The operator as a thread of the test's own process, so that its insides can be reached and its calls be held."""

import asyncio
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from readiness.collectors.clock import ServerClock, Timing
from readiness.collectors.connection import Api
from readiness.runtime.settings import Settings
from readiness.runtime.wiring import Operator
from tests.cluster.kube import eventually

T = TypeVar("T")


class Running:
    """A context manager: started and serving inside, ended without a trace outside."""

    def __init__(
        self,
        kubeconfig: Path,
        *,
        timing: Timing | None = None,
        held_back: float = 30.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        prepare: Callable[["Running"], None] = lambda _: None,
        **settings: Any,
    ) -> None:
        """`prepare` is called in the operator's thread before it runs."""
        self._kubeconfig = kubeconfig
        self._settings = Settings(listen_host="127.0.0.1", listen_port=0, kubeconfig=kubeconfig, **settings)
        self._timing = timing or Timing()
        self._held_back = held_back
        self._wall = clock
        self._prepare = prepare
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="operator", daemon=True)
        self.api: Api
        self.operator: Operator
        self.loop: asyncio.AbstractEventLoop

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(20), "the operator did not start"
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the operator does not end"
        if self._error is not None:
            raise self._error

    def do(self, what: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in the operator's loop."""
        return asyncio.run_coroutine_threadsafe(what(), self.loop).result(30)

    def ask(self, what: Callable[[], T]) -> T:
        """Call a function in the operator's loop, between two of its steps."""

        async def asked() -> T:
            return what()

        return self.do(asked)

    def http(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.operator.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, start: str) -> list[str]:
        """The samples that begin so."""
        _, page = self.http("/metrics")
        return [line for line in page.splitlines() if line.startswith(start)]

    def await_ready(self, seconds: float = 20.0) -> None:
        eventually(lambda: self.http("/readyz")[0] == 200, f"/readyz ok: {self.http('/readyz')}", seconds)

    def _run(self) -> None:
        try:
            asyncio.run(self._operate())
        except BaseException as error:  # noqa: BLE001  # handed to the test's thread
            self._error = error
        finally:
            self._started.set()

    async def _operate(self) -> None:
        self.loop = asyncio.get_running_loop()
        clock = ServerClock(self._wall, time.monotonic)
        async with await Api.connect(str(self._kubeconfig), clock=clock) as api:
            self.api = api
            self.operator = Operator(api, self._settings, timing=self._timing, held_back=self._held_back)
            self._prepare(self)
            self._task = asyncio.create_task(self.operator.run(lambda _: self._started.set()))
            await asyncio.gather(self._task, return_exceptions=True)
            if not self._task.cancelled() and (error := self._task.exception()) is not None:
                raise error
        await self._connections_closed()

    async def _connections_closed(self) -> None:
        """TLS says goodbye after a session is closed; a loop that is closed before leaves sockets behind."""
        for _ in range(500):
            transports = list(getattr(self.loop, "_transports", {}).values())
            if all(getattr(one, "_sock", None) is None for one in transports):
                break
            await asyncio.sleep(0.01)
