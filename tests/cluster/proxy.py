"""A TCP proxy before the API server, so that its absence and its silence can be had at will."""

import asyncio
import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import yaml


class Proxy:
    """Passes bytes on to the server that a kubeconfig names; TLS stays end to end."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._target = (address.hostname or "127.0.0.1", address.port or 443)
        self._open: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True, name="proxy")
        self._thread.start()
        started.wait()

    def kubeconfig(self, original: Path, folder: Path) -> Path:
        """The same access, through this proxy."""
        content = yaml.safe_load(original.read_text())
        server = content["clusters"][0]["cluster"]
        host = urlsplit(server["server"]).hostname
        server["server"] = f"https://127.0.0.1:{self.port}"
        if host != "127.0.0.1":
            server["tls-server-name"] = host
        path = folder / f"proxied-{self.port}.kubeconfig"
        path.write_text(yaml.safe_dump(content))
        return path

    def cut(self) -> None:
        """End every connection; new ones are passed on."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def refuse(self) -> None:
        """End every connection, and each new one at once."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        self._refusing = False

    def stop(self) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _cut(self) -> None:
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._cut())
        for _ in range(3):  # aborted transports close in the next turns of the loop
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if not self._refusing:
                await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        try:
            ways = [asyncio.create_task(_pump(reader, far_writer)), asyncio.create_task(_pump(far_reader, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
