"""Whatever happens in whatever order, the store ends up equal to the truth, and never claims to be while it is not."""

import asyncio
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.collectors.faulty_server import (
    FaultyServer,
    World,
    answering,
    frame,
    hanging,
    reading,
    silent,
    status,
    streaming,
    until,
)

Step = Callable[[FaultyServer], None]

EXPIRED = status(410, "Expired")
LIST_FAULTS = [
    answering(500),
    answering(410, EXPIRED),
    answering(403),
    answering(404),
    answering(429, None, Retry_After="0"),
    answering(200, b"{}"),
    streaming(b'{"kind":"Thing', cut=True),
]
WATCH_FAULTS = [
    *LIST_FAULTS,
    streaming(frame("ERROR", EXPIRED)),
    streaming(frame("ERROR", status(500))),
    streaming(),
    streaming(b"garbage\n"),
    streaming(b'{"type":"ADDED","ob', cut=True),
    silent,
    hanging,
]
PHASES = [phase for phase in Phase if phase is not Phase.shrink]  # a failure takes its deadline each time
UIDS = [f"u{number}" for number in range(6)]


def remove(server: FaultyServer, uid: str) -> None:
    if uid in server.objects:
        server.delete(uid)


def toggle(server: FaultyServer, mood: str) -> None:
    setattr(server, mood, not getattr(server, mood))


def go_back(server: FaultyServer) -> None:
    """To a backup so old that the numbers of later versions are not reached again, in which the newest is missing."""
    uids = sorted(server.objects, key=lambda uid: int(server.objects[uid]["metadata"]["resourceVersion"]))
    server.restore({uid: server.objects[uid] for uid in uids[:-1]}, server.version - 50)
    for place, uid in enumerate(uids[:-1]):
        server.objects[uid]["metadata"]["resourceVersion"] = str(server.version - place)
        server.objects[uid]["spec"]["value"] = place


def steps() -> st.SearchStrategy[tuple[str, Step]]:
    uids = st.sampled_from(UIDS)
    return st.one_of(
        st.builds(lambda uid, value: (f"put {uid}", lambda s: s.put(uid, value)), uids, st.integers(0, 3)),
        st.builds(lambda uid: (f"delete {uid}", lambda s: remove(s, uid)), uids),
        st.builds(
            lambda i: (f"list {i}", lambda s: s.lists.append(LIST_FAULTS[i])), st.integers(0, len(LIST_FAULTS) - 1)
        ),
        st.builds(
            lambda i: (f"watch {i}", lambda s: s.watches.append(WATCH_FAULTS[i])), st.integers(0, len(WATCH_FAULTS) - 1)
        ),
        st.sampled_from(["served", "forbidden", "forbidden_watch", "down"]).map(lambda m: (m, lambda s: toggle(s, m))),
        st.just(("lose history", FaultyServer.lose_history)),
        st.just(("cut", FaultyServer.cut)),
        st.just(("go back", go_back)),
    )


async def converge(world: World) -> None:
    server = world.server
    server.served, server.forbidden, server.forbidden_watch, server.down = True, False, False, False
    server.lists.clear()
    server.watches.clear()
    server.put("last", 1)
    await until(world.right, 5)
    assert world.mirror() == world.store.records
    assert world.store.versions == {
        uid: int(each["metadata"]["resourceVersion"]) for uid, each in server.objects.items()
    }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(st.lists(st.tuples(steps(), st.integers(0, 3)), max_size=20))
def test_any_sequence_of_faults_and_changes_converges(sequence: list[tuple[tuple[str, Step], int]]) -> None:
    async def scenario() -> None:
        server = FaultyServer(bookmark_every=0.03, version=10_000)
        async with reading(server) as world:
            for (_, step), wait in sequence:
                step(server)
                requests = server.seen.total()
                for _ in range(wait * 20):  # let some of it be noticed; how much does not matter
                    if server.seen.total() > requests + wait:
                        break
                    await asyncio.sleep(0.001)
                assert world.mirror() == world.store.records
            await converge(world)

    asyncio.run(scenario())
