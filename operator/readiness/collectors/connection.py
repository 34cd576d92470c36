"""
The API server: requests, answers, typed errors and its clock.

Everything that is read from or written to the API server passes here, and whatever can go wrong leaves here as one
tree of errors (drawn in `errors`); no other module sees the HTTP library. It must not know what the answers mean.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from readiness.collectors.clock import ServerClock
from readiness.collectors.credentials import Credentials, Unusable
from readiness.collectors.errors import (
    MESSAGE_LIMIT,
    ApiError,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    NotFound,
    Refused,
    ServerFailed,
    Status,
    Throttled,
    TooLarge,
    Unauthorized,
    Unreachable,
    VersionTooLarge,
    failure,
)

__all__ = [
    "Answer", "Api", "ApiError", "Conflict", "Forbidden", "Garbled", "Gone", "NotFound", "Refused", "ServerClock",
    "ServerFailed", "Status", "Throttled", "TooLarge", "Unauthorized", "Unreachable", "VersionTooLarge", "failure",
]  # fmt: skip

JSON: Final = "application/json"
LINE_LIMIT: Final = 8 * 1024 * 1024
BODY_LIMIT: Final = 64 * 1024 * 1024
_CONNECT: Final = 10.0
_WHOLE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; header names in any case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Api:
    """One session with the API server. Use as `async with await Api.connect(...) as api`."""

    def __init__(self, credentials: Credentials, clock: ServerClock) -> None:
        self.clock = clock
        self.missed: float | None = None
        """When nobody answered at the server's address last, by the loop's clock; a cut or slow answer is no such thing."""
        self._credentials = credentials
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=credentials.tls if credentials.tls is not None else True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "readiness-operator"},
        )

    @classmethod
    async def connect(cls, kubeconfig: str | None, *, clock: ServerClock) -> "Api":
        """With the credentials of the kubeconfig named, of the Pod, or of the user."""
        try:
            credentials = await Credentials.find(kubeconfig, clock.monotonic())
        except Unusable as error:
            raise Unauthorized(f"no usable credentials: {error}") from error
        return cls(credentials, clock)

    @classmethod
    async def as_kubectl(cls, kubeconfig: str | None, context: str | None, *, clock: ServerClock) -> "Api":
        """With the credentials that kubectl would use, when it is called with these flags."""
        try:
            credentials = await Credentials.as_kubectl(kubeconfig, context, clock.monotonic())
        except Unusable as error:
            raise Unauthorized(f"no usable credentials: {error}") from error
        return cls(credentials, clock)

    @classmethod
    def plain(cls, base_url: str, *, clock: ServerClock, token: str = "", tls: ssl.SSLContext | None = None) -> "Api":
        """With a fixed token, or none."""
        return cls(Credentials.plain(base_url, token, tls), clock)

    @property
    def host(self) -> str:
        """The server's address."""
        return self._credentials.host

    @property
    def namespace(self) -> str:
        """That of the credentials' context, or of the Pod."""
        return self._credentials.namespace

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str = JSON,
        timeout: float = _WHOLE,  # noqa: ASYNC109 - of the whole exchange; it ends as Unreachable
    ) -> Answer:
        return await self._whole(_Request("GET", path, params or {}, accept), timeout)

    async def put(self, path: str, body: bytes, *, params: Mapping[str, str]) -> Answer:
        return await self._whole(_Request("PUT", path, params, body=body), _WHOLE)

    async def post(self, path: str, body: bytes) -> Answer:
        return await self._whole(_Request("POST", path, {}, body=body), _WHOLE)

    async def lines(
        self,
        path: str,
        *,
        params: Mapping[str, str],
        accept: str = JSON,
        inactivity: float,
        accepted: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[bytes, None]:
        """The lines of an endless answer; Unreachable where none is complete for `inactivity` seconds.

        `accepted` is told when the answer begins, which can be long before its first line. Close the answer
        (`contextlib.aclosing`) when leaving early.
        """
        loop = asyncio.get_running_loop()
        last = loop.time()
        splitter = _Lines()
        async with _translated():
            async with asyncio.timeout_at(last + inactivity):
                response = await self._send(_Request("GET", path, params, accept), None)
            try:
                accepted()
                while chunk := await _chunk(response, last + inactivity):
                    for line in splitter.feed(chunk):
                        last = loop.time()
                        yield line
            finally:
                response.close()
        if splitter.held:
            raise Unreachable("cut in the middle of a line")

    def lend(
        self, cut: Callable[[], None] = lambda: None, watched: Callable[[str, bool], None] = lambda _, __: None
    ) -> tuple[str, aiohttp.ClientSession]:
        """The server's address, and a session with our credentials for a library that makes its own requests.

        Every request shows the credentials as they are then. `cut` is called where a watch is asked for before the one
        before it had run its time: the server may have been another meanwhile. `watched` is told the path of each watch,
        and whether it is permitted. The caller closes the session.
        """
        ends: dict[str, float] = {}

        async def authorized(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            request.server_hostname = self._credentials.server_name  # a session has no such setting
            shown = await self._credentials.authorization(self.clock.monotonic())
            if shown:
                request.headers["Authorization"] = shown
            if request.url.query.get("watch") != "true":
                return await handler(request)
            now, path = self.clock.monotonic(), request.url.path
            if now < ends.get(path, now):
                cut()
            ends[path] = now + float(request.url.query.get("timeoutSeconds", "0"))
            response = await handler(request)
            watched(path, response.status != HTTPStatus.FORBIDDEN)
            return response

        tls = self._credentials.tls
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else True),
            headers={"User-Agent": "readiness-operator"},
            middlewares=(authorized,),
            proxy=self._credentials.proxy,
        )
        return self._credentials.host, session

    async def _whole(self, request: "_Request", total: float) -> Answer:
        async with _translated():
            response = await self._send(request, total)
            async with response:
                return Answer(response.status, await _body(response), response.headers)

    async def _send(self, request: "_Request", total: float | None) -> aiohttp.ClientResponse:
        response = await self._once(request, total)
        if response.status == 401 and await self._renewed():
            response.close()
            response = await self._once(request, total)
        if response.status in range(200, 300):
            return response
        async with response:
            text = await _body(response)
            raise failure(response.status, Status.read(text), response.headers.get("Retry-After"))

    async def _renewed(self) -> bool:
        try:
            return await self._credentials.refused(self.clock.monotonic())
        except Unusable as error:
            raise Unauthorized(f"credentials cannot be renewed: {error}") from error

    async def _once(self, request: "_Request", total: float | None) -> aiohttp.ClientResponse:
        sent = self.clock.monotonic()
        try:
            authorization = await self._credentials.authorization(sent)
        except Unusable as error:
            raise Unauthorized(f"no usable credentials: {error}") from error
        headers = {"Accept": request.accept}
        if authorization:
            headers["Authorization"] = authorization
        if request.body is not None:
            headers["Content-Type"] = JSON
        try:
            response = await self._session.request(
                request.method,
                URL(self._credentials.host + request.path, encoded=True).with_query(request.params or None),
                data=request.body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=total, sock_connect=_CONNECT),
                allow_redirects=False,
                proxy=self._credentials.proxy,
                server_hostname=self._credentials.server_name,
            )
        except aiohttp.ClientConnectorError:
            self.missed = asyncio.get_running_loop().time()
            raise
        self.clock.heard(response.headers.get("Date", ""), sent)
        return response


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    params: Mapping[str, str]
    accept: str = JSON
    body: bytes | None = None


class _Lines:
    """Splits chunks into lines; an unfinished line is held, within limits."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.held = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        first, *rest = chunk.split(b"\n")
        self._parts.append(first)
        self.held += len(first)
        if self.held > LINE_LIMIT:
            raise TooLarge(f"a line is longer than {LINE_LIMIT} bytes")
        if not rest:
            return []
        lines = [b"".join(self._parts), *rest[:-1]]
        self._parts, self.held = [rest[-1]], len(rest[-1])
        return [line for line in lines if line.strip()]


async def _chunk(response: aiohttp.ClientResponse, until: float) -> bytes:
    async with asyncio.timeout_at(until):
        return await response.content.readany()


async def _body(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.readany():
        size += len(chunk)
        if size > BODY_LIMIT:
            response.close()
            raise TooLarge(f"an answer is longer than {BODY_LIMIT} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Whatever the HTTP library raises becomes an ApiError."""
    try:
        yield
    except TimeoutError as error:  # aiohttp's timeouts and asyncio's
        raise Unreachable("timed out") from error
    except aiohttp.ClientResponseError as error:
        raise Garbled(f"not an HTTP answer: {error.message}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:MESSAGE_LIMIT]) from error
