"""The server: discovery, paged lists, watches, status writes, and on demand a storm of events.

`python -m hack.bench.fake.server NAMESPACES DEPLOYMENTS` prints its port and serves until its input ends.
GET /bench tells what it has seen; POST /bench/storm begins a storm.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections import Counter
from typing import Any

import msgspec
from aiohttp import web

from hack.bench import world
from hack.bench.fake import objects
from hack.bench.fake.objects import PODS_EACH, Counts
from hack.bench.fake.storm import Storm
from hack.bench.world import Key

GROUPS = {
    "": ("v1", ("pods", "configmaps", "persistentvolumeclaims", "namespaces", "events")),
    "apps": ("v1", ("deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions")),
    "batch": ("v1", ("cronjobs", "jobs")),
    "apiextensions.k8s.io": ("v1", ("customresourcedefinitions",)),
    "readiness.dev": ("v1alpha1", ("readinessreviews", "readinessreviews/status")),
}
_TOKEN = re.compile(rb"port 'v(\d{7})'")
_PAGE = 500


class Fake:
    """What is there, who watches it, and what was asked."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.version = 1_000_000
        self.watchers: dict[str, set[asyncio.Queue[bytes]]] = {}
        self.reviews = {Key(world.namespace_name(n), "review-0"): self._review(n) for n in range(counts.namespaces)}
        self.seen: Counter[str] = Counter()
        self.times: dict[str, float] = {}
        self.storm = Storm(self)

    def _review(self, number: int) -> dict[str, Any]:
        body = world.review(Key(world.namespace_name(number), "review-0"), None)
        more = {"uid": f"review-{number}", "resourceVersion": str(self.next()), "generation": 1}
        pending = {"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "",
                   "lastTransitionTime": "1970-01-01T00:00:00Z"}  # fmt: skip
        status = {"observedGeneration": -1, "conditions": [pending]}
        return {**body, "metadata": {**body["metadata"], **more}, "status": status}

    def next(self) -> int:
        self.version += 1
        return self.version

    def tell(self, plural: str, type_: bytes, content: bytes) -> None:
        """An event to all who watch."""
        line = b'{"type":"' + type_ + b'","object":' + content + b"}\n"
        for queue in self.watchers.get(plural, ()):
            queue.put_nowait(line)

    def size(self, plural: str) -> int:
        deployments = self.counts.all_deployments
        known = {"deployments": deployments, "replicasets": deployments, "pods": deployments * PODS_EACH}
        return known.get(plural, len(self.reviews) if plural == "readinessreviews" else 0)

    def object(self, plural: str, index: int) -> bytes:
        if plural == "deployments":
            return objects.deployment(index, 1000 + index, self.counts)
        if plural == "replicasets":
            return objects.replica_set(index, 1000 + index, self.counts)
        if plural == "pods":
            return objects.pod(index, 1000 + index, self.counts)
        return msgspec.json.encode(list(self.reviews.values())[index])

    # --- requests

    async def collection(self, request: web.Request) -> web.StreamResponse:
        plural, query = request.match_info["plural"], request.query
        if query.get("watch"):
            return await self._watch(request, plural)
        if plural not in {"readinessreviews", "customresourcedefinitions"}:
            self.times.setdefault("first_list", time.monotonic())
            self.seen["lists" if not query.get("continue") else "more_pages"] += 1
        first = int(query.get("continue") or 0)
        last = min(first + int(query.get("limit") or _PAGE), self.size(plural))
        items = b",".join(self.object(plural, index) for index in range(first, last))
        more = str(last) if last < self.size(plural) else ""
        head = msgspec.json.encode({"resourceVersion": str(self.version), "continue": more})
        self.times["last_list"] = time.monotonic()
        return _json(b'{"apiVersion":"v1","kind":"List","metadata":' + head + b',"items":[' + items + b"]}")

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.watchers.setdefault(plural, set()).add(queue)
        try:
            while True:
                try:
                    async with asyncio.timeout(50):
                        lines = [await queue.get()]
                except TimeoutError:
                    lines = [self._bookmark()]
                while not queue.empty() and len(lines) < 100:
                    lines.append(queue.get_nowait())
                await response.write(b"".join(lines))
        finally:
            self.watchers[plural].discard(queue)

    def _bookmark(self) -> bytes:
        meta = b'{"resourceVersion":"' + str(self.version).encode() + b'"}'
        return b'{"type":"BOOKMARK","object":{"metadata":' + meta + b"}}\n"

    async def one(self, request: web.Request) -> web.Response:
        key = Key(request.match_info["namespace"], request.match_info["name"])
        if request.match_info["plural"] != "readinessreviews" or key not in self.reviews:
            return _not_found()
        return _json(msgspec.json.encode(self.reviews[key]))

    async def put_status(self, request: web.Request) -> web.Response:
        key = Key(request.match_info["namespace"], request.match_info["name"])
        text = await request.read()
        body, known = msgspec.json.decode(text), self.reviews[key]
        if body["metadata"]["resourceVersion"] != known["metadata"]["resourceVersion"]:
            return _json(b'{"kind":"Status","code":409,"reason":"Conflict"}', 409)
        meta = {**known["metadata"], "resourceVersion": str(self.next())}
        self.reviews[key] = {**known, "metadata": meta, "status": body["status"]}
        self.seen["status_writes"] += 1
        self.times["last_status"] = time.monotonic()
        self.storm.written(key, max((int(one) for one in _TOKEN.findall(text)), default=0))
        stored = msgspec.json.encode(self.reviews[key])
        self.tell("readinessreviews", b"MODIFIED", stored)
        return _json(stored)

    async def bench(self, _: web.Request) -> web.Response:
        current = sum(_judged(one["status"]) for one in self.reviews.values())
        told = {"seen": self.seen, "times": self.times, "reviews": len(self.reviews), "current": current}
        return web.json_response({**told, "storm": self.storm.told()})

    async def begin(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.storm.begin(asked["rate"], asked["seconds"], asked["namespaces"])
        return web.json_response({})


def _judged(status: dict[str, Any]) -> bool:
    """Whether it is a verdict, rather than the word that one is to come."""
    ready: dict[str, Any] = next((one for one in status["conditions"] if one["type"] == "Ready"), {})
    return status["observedGeneration"] == 1 and ready.get("reason") not in {"Pending", "Evaluating"}


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


def _not_found() -> web.Response:
    return _json(b'{"kind":"Status","code":404,"reason":"NotFound"}', 404)


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/{GROUPS[name][0]}", "version": GROUPS[name][0]}
    return {"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version}


async def _discovery(request: web.Request) -> web.Response:
    """`/api`, `/apis`, a group, or a group's version."""
    match request.path.strip("/").split("/"):
        case ["api"]:
            return web.json_response({"kind": "APIVersions", "versions": ["v1"]})
        case ["apis"]:
            return web.json_response({"kind": "APIGroupList", "groups": [_group(name) for name in GROUPS if name]})
        case ["apis", group] if group in GROUPS:
            return web.json_response(_group(group))
        case ["api", "v1"]:
            return web.json_response(_resources(""))
        case ["apis", group, _] if group in GROUPS:
            return web.json_response(_resources(group))
        case _:
            return _not_found()


def _resources(group: str) -> dict[str, Any]:
    version, plurals = GROUPS[group]
    verbs = ["get", "list", "watch", "update", "patch"]
    found = [
        {
            "name": plural,
            "singularName": "",
            "namespaced": group != "apiextensions.k8s.io",
            "kind": "Any",
            "verbs": verbs,
        }
        for plural in plurals
    ]
    return {"kind": "APIResourceList", "groupVersion": f"{group}/{version}".strip("/"), "resources": found}


def application(fake: Fake) -> web.Application:
    """Every path that the operator asks for."""
    app = web.Application(client_max_size=8 * 1024**2)
    app.add_routes([web.get("/bench", fake.bench), web.post("/bench/storm", fake.begin)])
    for path in ("/api", "/apis", "/api/v1", "/apis/{group}", "/apis/{group}/{version}"):
        app.add_routes([web.get(path, _discovery)])
    app.add_routes([web.get("/version", _version)])
    for root in ("/api/v1", "/apis/{group}/{version}"):
        app.add_routes([web.get(f"{root}/{{plural}}", fake.collection)])
        app.add_routes([web.get(f"{root}/namespaces/{{namespace}}/{{plural}}/{{name}}", fake.one)])
        app.add_routes([web.put(f"{root}/namespaces/{{namespace}}/{{plural}}/{{name}}/status", fake.put_status)])
    app.add_routes([web.post("/apis/events.k8s.io/v1/namespaces/{namespace}/events", _event)])
    return app


async def _version(_: web.Request) -> web.Response:
    return web.json_response({"gitVersion": "v0.0.0-fake"})


async def _event(_: web.Request) -> web.Response:
    return web.json_response({"kind": "Event"}, status=201)


async def serve(counts: Counts) -> None:
    """Print the port; end with the input."""
    runner = web.AppRunner(application(Fake(counts)), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def await_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=await_end, daemon=True).start()
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Counts(int(sys.argv[1]), int(sys.argv[2]))))
