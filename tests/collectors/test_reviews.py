"""Reviews that are followed for a person equal the truth in the end, whatever happens to the watch; or it is said."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from readiness.collectors.connection import Api
from readiness.collectors.errors import ApiError, Forbidden, Garbled, NotFound
from readiness.collectors.reviews import Place, Reviews, State
from tests.collectors.faulty_server import (
    FAST,
    FaultyServer,
    Handler,
    answering,
    clock,
    frame,
    hanging,
    silent,
    status,
    streaming,
    until,
)


class Things(Place):
    """What the server has, in the place of reviews."""

    @property
    def path(self) -> str:
        return "/apis/example.dev/v1/namespaces/team-a/things"


class Follower:
    """Keeps every state that is told."""

    def __init__(self, reviews: Reviews) -> None:
        self.states: list[State] = []
        self._reviews = reviews

    async def run(self) -> None:
        async with aclosing(self._reviews.follow()) as states:
            async for state in states:
                self.states.append(state)

    @property
    def lost(self) -> list[str]:
        return [state.lost for state in self.states if state.lost]

    def right(self, server: FaultyServer) -> Callable[[], bool]:
        def equal() -> bool:
            last = self.states[-1]
            return (
                not last.lost
                and {one["metadata"]["uid"]: one["spec"]["value"] for one in last.reviews} == server.truth()
            )

        return equal


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[FaultyServer, Reviews]]:
    server = FaultyServer()
    for number in range(7):
        server.put(f"t{number}", number)
    async with server.running(), Api.plain(server.base, clock=clock(), token="t") as api:
        yield server, Reviews(api, Things("team-a"), FAST)


@asynccontextmanager
async def following() -> AsyncIterator[tuple[FaultyServer, Follower]]:
    async with serving() as (server, reviews):
        follower = Follower(reviews)
        task = asyncio.create_task(follower.run())
        await until(lambda: follower.states)
        yield server, follower
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_all_pages_are_read_in_the_order_of_names() -> None:
    async with serving() as (server, reviews):
        state = await reviews.read()
        assert [one["metadata"]["name"] for one in state.reviews] == sorted(server.objects)
        assert server.seen == {"list": 3}


async def test_one_is_got_by_its_name_and_followed_by_it() -> None:
    async with serving() as (server, reviews):
        one = Reviews(reviews._api, Things("team-a", "t3"), FAST)
        [found] = (await one.read()).reviews
        assert (found["metadata"]["name"], server.seen) == ("t3", {"get": 1})
        with pytest.raises(NotFound):
            await Reviews(reviews._api, Things("team-a", "t9"), FAST).read()
        async with aclosing(one.follow()) as states:
            await anext(states)
            await anext(states)
        assert {query.get("fieldSelector") for query, _ in server.queries} == {"metadata.name=t3"}


async def test_changes_are_told() -> None:
    async with following() as (server, follower):
        server.put("t1", 10)
        server.put("a-new", 11)
        server.delete("t2")
        await until(follower.right(server))
        assert server.seen["list"] == 3
        names = [one["metadata"]["name"] for one in follower.states[-1].reviews]
        assert names == sorted(server.objects)


FAULTS: dict[str, Handler] = {
    "refused": answering(403),
    "gone": answering(410, status(410, "Expired")),
    "failed": answering(500),
    "gone in the stream": streaming(frame("ERROR", status(410, "Expired"))),
    "garbage": streaming(b"{nonsense}\n"),
    "a review that is a list": streaming(frame("MODIFIED", b"[1]")),
    "a review without metadata": streaming(frame("MODIFIED", b'{"spec":{}}')),
    "too deep": streaming(frame("MODIFIED", b"[" * 60_000 + b"]" * 60_000)),
    "cut in a line": streaming(b'{"type":"MOD', cut=True),
    "ended at once": streaming(),
    "silent": silent,
    "hanging": hanging,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_ends_a_watch_the_list_after_it_is_true(fault: str) -> None:
    async with following() as (server, follower):
        server.watches.append(FAULTS[fault])
        server.cut()
        await until(lambda: not server.watches)
        server.put("t1", 10)
        server.delete("t2")
        await until(follower.right(server))
        assert not follower.lost, "a list that succeeds at once tells all"


async def test_watches_that_are_never_permitted_leave_lists() -> None:
    async with following() as (server, follower):
        server.forbidden_watch = True
        server.cut()
        server.put("t1", 10)
        await until(follower.right(server))
        server.put("t1", 11)
        await until(follower.right(server))


@pytest.mark.parametrize(
    ("fault", "said"), [(answering(403), "secret of team-b"), (answering(200, b"{}"), "not a list")]
)
async def test_what_was_lost_is_said_and_what_was_last_seen_is_kept(fault: Handler, said: str) -> None:
    async with following() as (server, follower):
        server.lists.extend([fault, fault])
        server.lose_history()
        await until(lambda: follower.lost)
        kept = next(state for state in follower.states if state.lost)
        assert said in kept.lost
        assert len(kept.reviews) == 7
        server.put("t1", 10)
        await until(follower.right(server))


@pytest.mark.parametrize("ask", [Reviews.read, lambda reviews: anext(reviews.follow())], ids=["read", "follow"])
@pytest.mark.parametrize(
    ("fault", "expected"), [(answering(403), Forbidden), (answering(404), NotFound), (answering(200, b"[]"), Garbled)]
)
async def test_a_first_list_that_fails_is_an_error(
    ask: Callable[[Reviews], Awaitable[State]], fault: Handler, expected: type[ApiError]
) -> None:
    async with serving() as (server, reviews):
        server.lists.append(fault)
        with pytest.raises(expected):
            await ask(reviews)


@pytest.mark.parametrize(
    ("place", "impossible"),
    [
        (Place("a", "b.c-d"), None),
        (Place(None), None),
        (Place("a", ".."), ".."),
        (Place("a", ""), ""),
        (Place("a/b", "c"), "a/b"),
        (Place("a", "c?watch=true"), "c?watch=true"),
        (Place("a", "x" * 254), "x" * 254),
    ],
)
def test_no_name_makes_another_path(place: Place, impossible: str | None) -> None:
    assert place.impossible == impossible
