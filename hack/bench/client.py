"""A bare client of the API server: requests, many of them in flight, pages of a list, lines of a watch."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
JSON_PATCH = "application/json-patch+json"
PAGE = 500
Job = Callable[[], Awaitable[object]]


class FailedError(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"{code}: {said[:300]}")
        self.code = code


class _Meta(msgspec.Struct, rename={"version": "resourceVersion", "more": "continue"}):
    version: str = ""
    more: str = ""


class _Page(msgspec.Struct):
    metadata: _Meta
    items: list[msgspec.Raw] | None = None


_PAGES = msgspec.json.Decoder(_Page)


class Client:
    """One session as one user."""

    def __init__(self, url: str, ca_file: Path, token: str) -> None:
        trust = ssl.create_default_context(cafile=str(ca_file))
        self._url = url
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trust),
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=120),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:
        """The answer's body; FailedError where it is no success."""
        headers = {"Accept": accept, **({"Content-Type": content} if body is not None else {})}
        async with self._session.request(method, self._url + path, data=body, headers=headers) as answer:
            found = await answer.read()
            if answer.status >= 300:
                raise FailedError(answer.status, found.decode(errors="replace"))
            return found

    async def get(self, path: str) -> Any:
        return msgspec.json.decode(await self.request("GET", path))

    async def create(self, path: str, body: object) -> bytes:
        return await self.request("POST", path, msgspec.json.encode(body))

    async def put(self, path: str, body: object) -> bytes:
        return await self.request("PUT", path, msgspec.json.encode(body))

    async def patch(self, path: str, operations: list[dict[str, object]]) -> bytes:
        """A JSON patch."""
        return await self.request("PATCH", path, msgspec.json.encode(operations), content=JSON_PATCH)

    async def items(
        self, path: str, *, accept: str = "application/json", limit: int = PAGE
    ) -> tuple[list[msgspec.Raw], str]:
        """Every object of a collection, page by page, undecoded; and the list's version."""
        found: list[msgspec.Raw] = []
        more = ""
        while True:
            page = _PAGES.decode(await self.request("GET", f"{path}?limit={limit}{more}", accept=accept))
            found += page.items or []
            if not page.metadata.more:
                return found, page.metadata.version
            more = f"&continue={page.metadata.more}"

    async def lines(self, path: str, version: str) -> AsyncIterator[bytes]:
        """A watch, line by line, until it ends."""
        url = f"{self._url}{path}?watch=true&resourceVersion={version}&timeoutSeconds=3600&allowWatchBookmarks=true"
        limits = aiohttp.ClientTimeout(total=None)
        async with self._session.get(url, timeout=limits) as answer:
            if answer.status >= 300:
                raise FailedError(answer.status, (await answer.read()).decode(errors="replace"))
            held = b""
            async for chunk in answer.content.iter_any():
                *whole, held = (held + chunk).split(b"\n")
                for line in whole:
                    yield line


async def in_flight(
    jobs: Iterable[Job], count: int, told: Callable[[int], None] = lambda _: None, *, tries: int = 5
) -> None:
    """Do all jobs, so many at a time; one that fails is tried again a little later."""
    waiting = iter(jobs)
    done = 0

    async def work() -> None:
        nonlocal done
        for job in waiting:
            for left in reversed(range(tries)):
                try:
                    await job()
                except FailedError as error:
                    if error.code == 409 or not left:
                        raise
                    await asyncio.sleep(0.5)
                else:
                    break
            done += 1
            told(done)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(work())
