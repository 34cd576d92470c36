"""An HTTP gateway before the API server, so that single answers can be refused, delayed, dated otherwise, or left out.

The proxy of `tests/cluster` sees bytes; this one sees requests. The operator speaks plain HTTP to it, with its own token.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Final

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

from hack.localcluster import Cluster

PASSED_ON: Final = ("Authorization", "Accept", "Content-Type", "User-Agent")
PASSED_BACK: Final = ("Content-Type", "Retry-After")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the operator."""

    method: str
    path: str
    watch: bool
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Says:
    """An answer given in the API server's place."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)


class Silence:
    """The request is accepted, and nothing is said for as long as the client waits."""


@dataclass(frozen=True, slots=True)
class Later:
    """The request reaches the API server when `released` is set, and not before."""

    released: threading.Event


Rule = Callable[[Asked], Says | Silence | Later | None]


def nothing(_: Asked) -> None:
    """Let everything pass."""


class Gateway:
    """Serves in a thread of its own until it is stopped."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.rule: Rule = nothing
        self.shift = timedelta(0)
        self.muted: set[int] = set()
        self.asked: list[Asked] = []
        self.refusing = False
        self.refused_token = ""
        self.port = 0
        self._numbers = 0
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True, name="gateway")
        self._thread.start()
        assert started.wait(20)

    def kubeconfig(self, original: Path, folder: Path) -> Path:
        """The same access, through this gateway."""
        content = yaml.safe_load(original.read_text())
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self.port}"}
        path = folder / f"gateway-{self.port}.kubeconfig"
        path.write_text(yaml.safe_dump(content))
        return path

    def refuse(self) -> None:
        """The API server is gone: every connection ends, and each new one."""
        self.refusing = True
        self.cut()

    def accept(self) -> None:
        self.refusing = False

    def cut(self) -> None:
        """End every connection; new ones are served."""
        self._do(self._cut)

    def mute(self) -> None:
        """Whatever is answered now or watched now never gets another byte; new requests are served."""
        self._do(lambda: self.muted.update(range(self._numbers + 1)))

    def reset(self) -> None:
        """As at the beginning."""
        self.rule, self.shift, self.refused_token = nothing, timedelta(0), ""
        self.accept()
        self.cut()
        self.asked.clear()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)

    def _do(self, what: Callable[[], None]) -> None:
        async def done() -> None:
            what()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    def _cut(self) -> None:
        server = self._runner.server
        assert server is not None
        for connection in list(server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(started))
        self._loop.close()

    async def _serve(self, started: threading.Event) -> None:
        trust = ssl.create_default_context(cafile=str(self._cluster.ca_file))
        connector = aiohttp.TCPConnector(limit=0, ssl=trust)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            app = web.Application(client_max_size=16 * 1024**2)
            app.router.add_route("*", "/{path:.*}", self._handle)
            self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", 0).start()
            self.port = int(self._runner.addresses[0][1])
            started.set()
            await self._ended.wait()
            self._cut()
            await self._runner.cleanup()
        for _ in range(100):  # TLS says goodbye after a session is closed
            await asyncio.sleep(0.01)
            if all(getattr(one, "_sock", None) is None for one in getattr(self._loop, "_transports", {}).values()):
                break

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._numbers += 1
        number = self._numbers
        if self.refusing:
            return _dropped(request)
        asked = Asked(request.method, request.path, "watch" in request.query, request.headers.get("User-Agent", ""))
        self.asked.append(asked)
        said = self.rule(asked)
        if self.refused_token and request.headers.get("Authorization") == self.refused_token:
            said = Says(401)
        if isinstance(said, Says):
            body = b'{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d}' % said.code
            dated = {"Date": format_datetime(datetime.now(UTC) + self.shift, usegmt=True), **said.headers}
            return web.Response(status=said.code, headers=dated, body=body, content_type="application/json")
        while isinstance(said, Later) and not said.released.is_set():  # noqa: ASYNC110  # another thread releases it
            await asyncio.sleep(0.01)
        try:
            return await self._pass_on(request, number, silent=isinstance(said, Silence))
        except (aiohttp.ClientError, OSError):
            return _dropped(request)

    async def _pass_on(self, request: web.Request, number: int, *, silent: bool) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        headers["Accept-Encoding"] = "identity"
        body = await request.read() if request.can_read_body else None
        url = f"{self._cluster.url}{request.raw_path}"
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.request(
            request.method, URL(url, encoded=True), headers=headers, data=body, timeout=timeout
        ) as answer:
            back = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
            back["Date"] = format_datetime(parsedate_to_datetime(answer.headers["Date"]) + self.shift, usegmt=True)
            response = web.StreamResponse(status=answer.status, headers=back)
            if silent or number in self.muted:
                await asyncio.Event().wait()
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                if number in self.muted:
                    await asyncio.Event().wait()
                await response.write(chunk)
            await response.write_eof()
            return response


def _dropped(request: web.Request) -> web.Response:
    with suppress(AttributeError):
        request.transport.abort()  # type: ignore[union-attr]
    return web.Response(status=503)
