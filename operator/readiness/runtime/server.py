"""
/livez, /readyz and /metrics.

Alive means that the loop turns and the scheduler beats; ready means that our resources are served and every
needed watch is synced, or says definitely why it cannot be: one review that names an absent CRD must not
hold the operator. It must not know a verdict.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

Health = Callable[[], list[str]]
"""What is wrong, one line each; empty when all is well."""


def application(alive: Health, ready: Health, registry: CollectorRegistry) -> web.Application:
    """The endpoints; each health function is asked on every request."""

    def answer(problems: list[str]) -> web.Response:
        return web.Response(text="\n".join(problems) or "ok", status=503 if problems else 200)

    async def livez(_: web.Request) -> web.Response:
        return answer(alive())

    async def readyz(_: web.Request) -> web.Response:
        return answer(ready())

    async def metrics(_: web.Request) -> web.Response:
        page = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app


async def serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Start serving; the runner to clean up, and the port in use. OSError where it is taken."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])
