"""Which versions are served: the newest first, asked again where something changed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from readiness.collectors.connection import Api, NotFound
from readiness.collectors.discovery import Discovery, newest_first
from readiness.evidence.resources import CLUSTER_SECRET_STORES, DEPLOYMENTS, EXTERNAL_SECRETS, PODS, SECRET_STORES
from readiness.evidence.seen import Unseen, Why
from tests.collectors.faulty_server import FAST, clock, until


@dataclass
class Groups:
    """A server of nothing but discovery."""

    groups: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    status: int = 200
    body: bytes | None = None
    asked: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        if self.status != 200 or self.body is not None:
            return web.Response(status=self.status, body=self.body)
        _, root, *rest = request.path.split("/")
        group, *version = ["", *rest] if root == "api" else rest
        if group not in self.groups or (version and version[0] not in self.groups[group]):
            return web.Response(status=404)
        if not version:
            return web.json_response({"kind": "APIGroup", "versions": [{"version": v} for v in self.groups[group]]})
        names = [{"name": name} for name in self.groups[group][version[0]]]
        return web.json_response({"kind": "APIResourceList", "resources": names})


@asynccontextmanager
async def asking(server: Groups) -> AsyncIterator[Discovery]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with Api.plain(f"http://127.0.0.1:{runner.addresses[0][1]}", clock=clock()) as api:
            yield Discovery(api, api.clock, FAST)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running(discovery: Discovery, *, poll: bool) -> AsyncIterator[None]:
    task = asyncio.create_task(discovery.run(lambda: poll))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def why(found: str | Unseen) -> Why:
    assert isinstance(found, Unseen)
    return found.reason


def test_versions_are_ordered_as_kubernetes_does() -> None:
    ordered = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    assert sorted(set(ordered), key=newest_first) == ordered


@given(st.permutations(["v2alpha1", "v1", "v1beta1", "v1beta2", "v1alpha1"]))
def test_the_order_of_the_answer_does_not_matter(versions: list[str]) -> None:
    assert sorted(versions, key=newest_first) == ["v1", "v1beta2", "v1beta1", "v2alpha1", "v1alpha1"]


async def test_the_newest_version_that_serves_a_resource() -> None:
    server = Groups(
        {
            "": {"v1": ["pods", "pods/log"]},
            "external-secrets.io": {
                "v1alpha1": ["externalsecrets", "secretstores", "clustersecretstores"],
                "v1beta1": ["externalsecrets", "secretstores"],
                "v1": ["externalsecrets", "externalsecrets/status"],
            },
        }
    )
    async with asking(server) as discovery:
        assert why(discovery.served(PODS)) is Why.NOT_SYNCED
        assert await discovery.find(PODS) == "v1"
        assert await discovery.find(EXTERNAL_SECRETS) == "external-secrets.io/v1"
        assert await discovery.find(SECRET_STORES) == "external-secrets.io/v1beta1"
        assert await discovery.find(CLUSTER_SECRET_STORES) == "external-secrets.io/v1alpha1"
        assert why(await discovery.find(replace(PODS, plural="log"))) is Why.NOT_INSTALLED
        absent = await discovery.find(DEPLOYMENTS)
        assert isinstance(absent, Unseen)
        assert absent.reason is Why.NOT_INSTALLED
        assert absent.message == "deployments.apps is not served: install its CRD"
        assert absent.resource == "deployments.apps"
        assert server.asked["/apis/external-secrets.io"] == 1


async def test_paths() -> None:
    server = Groups({"": {"v1": ["pods"]}, "external-secrets.io": {"v1": ["externalsecrets", "clustersecretstores"]}})
    async with asking(server) as discovery:
        for resource in (PODS, EXTERNAL_SECRETS):
            await discovery.find(resource)
        assert discovery.path(PODS, "") == "/api/v1/pods"
        assert discovery.path(PODS, "a") == "/api/v1/namespaces/a/pods"
        assert discovery.path(PODS, "a", "b") == "/api/v1/namespaces/a/pods/b"
        root = "/apis/external-secrets.io/v1"
        assert discovery.path(EXTERNAL_SECRETS, "a", "b") == f"{root}/namespaces/a/externalsecrets/b"
        assert discovery.path(CLUSTER_SECRET_STORES, "a", "b") == f"{root}/clustersecretstores/b"
        assert (
            discovery.path(PODS, "a", "../../b/secrets/c?x")
            == "/api/v1/namespaces/a/pods/..%2F..%2Fb%2Fsecrets%2Fc%3Fx"
        )
        for name in (".", ".."):
            with pytest.raises(NotFound):
                discovery.path(PODS, "a", name)
        with pytest.raises(NotFound):
            discovery.path(DEPLOYMENTS, "a")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, None, Why.FAILED),
        (403, None, Why.FORBIDDEN),
        (200, b"<html>", Why.FAILED),
        (200, b"{}", Why.FAILED),
        (200, b"[" * 60_000, Why.FAILED),
    ],
)
async def test_a_failure_is_no_absence_and_leaves_a_former_answer_standing(
    status: int, body: bytes | None, expected: Why
) -> None:
    server = Groups({"apps": {"v1": ["deployments"]}}, status, body)
    async with asking(server) as discovery:
        assert why(await discovery.find(DEPLOYMENTS)) is expected
        server.status, server.body = 200, None
        assert await discovery.find(DEPLOYMENTS) == "apps/v1"
        server.status, server.body = status, body
        await discovery.ask("apps")
        assert discovery.served(DEPLOYMENTS) == "apps/v1"


async def test_waiting_until_it_is_served() -> None:
    server = Groups(status=500)
    async with asking(server) as discovery:
        waiting = asyncio.create_task(discovery.wait_served(DEPLOYMENTS))
        await until(lambda: server.asked["/apis/apps"] > 2)
        server.status = 200
        await until(lambda: why(discovery.served(DEPLOYMENTS)) is Why.NOT_INSTALLED)
        server.groups["apps"] = {"v1": ["deployments"]}
        assert await waiting == "apps/v1"


async def test_many_who_ask_at_once_share_an_answer() -> None:
    server = Groups({"apps": {"v1": ["deployments"]}})
    async with asking(server) as discovery:
        assert await asyncio.gather(
            *[discovery.find(DEPLOYMENTS)] * 1, *[discovery.find(DEPLOYMENTS) for _ in range(9)]
        )
        assert server.asked["/apis/apps"] == 1


async def test_a_change_is_followed_until_the_answer_differs() -> None:
    server = Groups()
    async with asking(server) as discovery, running(discovery, poll=False):
        await discovery.find(DEPLOYMENTS)
        discovery.changed("apps")
        await until(lambda: server.asked["/apis/apps"] > 3)
        server.groups["apps"] = {"v1": ["deployments"]}
        await until(lambda: discovery.served(DEPLOYMENTS) == "apps/v1")
        await until(lambda: not discovery._changes)


async def test_a_change_is_followed_until_the_answer_agrees() -> None:
    server = Groups({"apps": {"v1": ["deployments"]}})
    async with asking(server) as discovery, running(discovery, poll=False):
        await discovery.find(DEPLOYMENTS)
        discovery.changed("apps", frozenset({"deployments"}))
        await until(lambda: not discovery._changes)
        assert server.asked["/apis/apps"] == 2
        discovery.changed("apps", frozenset())
        del server.groups["apps"]
        await until(lambda: not discovery._changes)
        assert why(discovery.served(DEPLOYMENTS)) is Why.NOT_INSTALLED


async def test_a_change_that_is_never_seen_is_given_up() -> None:
    server = Groups({"apps": {"v1": ["deployments"]}})
    async with asking(server) as discovery, running(discovery, poll=False):
        await discovery.find(DEPLOYMENTS)
        discovery.changed("nobody-asked-for-this-group")
        discovery.changed("apps")
        await until(lambda: not discovery._changes)
        assert set(server.asked) == {"/apis/apps", "/apis/apps/v1"}


async def test_without_crds_every_group_of_interest_is_asked_now_and_then() -> None:
    server = Groups()
    async with asking(server) as discovery, running(discovery, poll=True):
        await discovery.find(DEPLOYMENTS)
        await discovery.find(PODS)
        server.groups |= {"apps": {"v1": ["deployments"]}, "": {"v1": ["pods"]}}
        await until(lambda: discovery.served(DEPLOYMENTS) == "apps/v1")
        server.groups["apps"] = {"v2": ["deployments"], "v1": ["deployments"]}
        await until(lambda: discovery.served(DEPLOYMENTS) == "apps/v2")
