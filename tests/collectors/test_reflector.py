"""Every fault of an API server ends in a store that equals the truth, or says why it must not be used."""

import dataclasses

import pytest

from readiness.evidence.resources import Shape
from readiness.evidence.seen import Seen, Unseen, Why
from tests.collectors.faulty_server import (
    FAST,
    THINGS,
    FaultyServer,
    Handler,
    Thing,
    Unreadable,
    answering,
    frame,
    hanging,
    reading,
    silent,
    status,
    streaming,
    until,
)

DEEP = b"[" * 50_000 + b"]" * 50_000


def small() -> FaultyServer:
    server = FaultyServer()
    for number in range(8):
        server.put(f"u{number}", number)
    return server


async def test_pages_make_one_list() -> None:
    async with reading(small()) as world:
        await until(world.right)
        assert len(world.store.records) == 8
        assert world.server.seen["list"] == 3
        assert world.states == ["Seen"]
        assert world.mirror() == world.store.records


async def test_events_are_followed() -> None:
    async with reading(small()) as world:
        await until(world.right)
        world.server.put("new", 1)
        world.server.put("u1", 99)
        world.server.delete("u2")
        await until(world.right)
        assert world.server.seen["list"] == 3
        assert world.mirror() == world.store.records


async def test_a_change_outside_the_projection_is_not_published() -> None:
    async with reading(small()) as world:
        await until(world.right)
        count, before = len(world.published), world.store.records["u1"]
        world.server.put("u1", 1, annotations={"checked": "again"})
        await until(lambda: world.store.versions["u1"] == world.server.version)
        assert len(world.published) == count
        assert world.store.records["u1"] is before


async def test_requests_carry_selector_pages_and_bookmarks() -> None:
    async with reading(small(), resource=dataclasses.replace(THINGS, shape=Shape.METADATA)) as world:
        await until(lambda: world.server.seen["watch"])
        (first, accept), *_ = world.server.queries
        assert first == {"limit": "500", "fieldSelector": "status.phase!=Done"}
        assert accept == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        watch, accept = world.server.queries[-1]
        assert accept == "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        assert watch["allowWatchBookmarks"] == "true"
        assert watch["resourceVersion"] == str(world.server.version)
        assert watch["fieldSelector"] == "status.phase!=Done"


async def test_an_empty_list_is_null() -> None:
    async with reading(FaultyServer()) as world:
        await until(world.right)
        world.server.put("u1", 1)
        await until(world.right)


@pytest.mark.parametrize("body", [b"{}", b"", b"<html>login</html>", status(200), b'{"kind":"ThingList","items":null}'])
async def test_an_answer_that_is_no_list_is_not_an_empty_list(body: bytes) -> None:
    server = small()
    server.lists.extend([answering(200, body)] * 5)
    async with reading(server) as world:
        await until(lambda: world.states)
        assert world.states[0] == "Failed"
        await until(world.right)


@pytest.mark.parametrize(
    "fault",
    [
        answering(500),
        answering(503),
        answering(502, b"<html>bad gateway</html>"),
        answering(504, status(504, "Timeout", details={"causes": [{"reason": "ResourceVersionTooLarge"}]})),
        answering(401),
        answering(400),
        answering(429, None, Retry_After="0"),
        hanging,
        silent,
        streaming(b'{"kind":"ThingList","meta', cut=True),
        streaming(cut=True),
    ],
)
async def test_a_failing_first_list_is_failed_until_one_succeeds(fault: Handler) -> None:
    server = small()
    server.lists.append(fault)
    async with reading(server, dataclasses.replace(FAST, request=0.1)) as world:
        await until(world.right)
        assert world.states == ["Failed", "Seen"]


@pytest.mark.parametrize(
    "fault",
    [
        answering(410, status(410, "Expired")),
        answering(500),
        answering(429, None, Retry_After="0"),
        streaming(frame("ERROR", status(410, "Expired"))),
        streaming(frame("ERROR", status(500))),
        streaming(frame("ERROR", status(504, "Timeout", details={"causes": [{"reason": "ResourceVersionTooLarge"}]}))),
        streaming(frame("ERROR", b"null")),
        streaming(),
        streaming(cut=True),
        streaming(b'{"type":"MODIFIED","object":{"meta', cut=True),
        streaming(b'{"type":"MODIFIED","object":{"meta'),
        streaming(b"garbage\n"),
        streaming(b"\xff\xfe\x00\n"),
        streaming(b'{"type":"CHANGED","object":{}}\n'),
        streaming(frame("MODIFIED", b"{}")),
        streaming(frame("MODIFIED", b'{"metadata":{"uid":"u1","resourceVersion":"3"},"spec":{"value":1}}')),
        streaming(b"x" * (9 * 1024 * 1024)),
        silent,
        hanging,
    ],
)
async def test_a_failing_watch_leads_to_a_list_without_ghosts(fault: Handler) -> None:
    server = small()
    server.watches.append(None)
    async with reading(server) as world:
        await until(world.right)
        await until(lambda: server.seen["watch"])
        for _ in range(3):
            server.watches.append(fault)
        server.put("u1", 77)
        server.delete("u3")
        server.delete("u4")
        server.lose_history()
        server.put("u9", 9)
        await until(lambda: not server.watches)
        await until(world.right)
        assert world.mirror() == world.store.records
        assert "Stale" not in world.states or world.states[-1] == "Seen"


async def test_deletions_in_a_gap_leave_no_ghosts() -> None:
    server = FaultyServer(page=500)
    for number in range(1000):
        server.put(f"u{number:04}", number)
    async with reading(server) as world:
        await until(world.right)
        for number in range(100):
            server.delete(f"u{number * 7:04}")
        server.lose_history()
        await until(world.right)
        assert len(world.store.records) == 900
        assert sum(after is None for _, _, after in world.published) == 100


async def test_a_watch_that_ends_after_frames_is_resumed_without_a_list() -> None:
    async with reading(small()) as world:
        await until(world.right)
        lists = world.server.seen["list"]
        for turn in range(1, 6):
            world.server.put("u1", 100 + turn)
            await until(world.right)
            world.server.cut()
            await until(lambda watches=turn + 1: world.server.seen["watch"] == watches)  # type: ignore[misc]
        assert world.server.seen["list"] == lists


async def test_a_continue_token_that_expired_restarts_the_list() -> None:
    server = small()
    server.lists.extend([None, answering(410, status(410, "Expired"))])
    async with reading(server) as world:
        await until(world.right)
        assert world.states == ["Seen"]


async def test_silence_becomes_stale_and_only_a_list_ends_it() -> None:
    server = small()
    timing = dataclasses.replace(FAST, inactivity=5.0, stale_after=0.3)
    server.watches.append(silent)
    async with reading(server, timing) as world:
        await until(lambda: world.why() is Why.STALE)
        state = world.store.state
        assert isinstance(state, Unseen)
        assert state.last_contact is not None
        assert state.message.startswith("no contact with the watch of things.example.dev since 20")
        assert world.states == ["Seen", "Stale"]


async def test_an_accepted_watch_that_stays_silent_is_no_contact() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.watches.extend([silent] * 50)
        server.lists.extend([answering(500)] * 10_000)
        server.cut()
        await until(lambda: world.why() is Why.STALE)
        server.delete("u1")
        server.lists.clear()
        server.watches.clear()
        await until(world.right)
        assert world.states == ["Seen", "Stale", "Seen"]


async def test_a_server_that_is_gone_is_stale_then_seen_again() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.down = True
        server.lose_history()
        await until(lambda: world.why() is Why.STALE)
        assert world.values() == server.truth()  # kept, but not to be used
        server.delete("u5")
        server.down = False
        await until(world.right)
        assert world.store.restarts > 0


async def test_forbidden_says_what_to_grant() -> None:
    server = small()
    server.forbidden = True
    async with reading(server) as world:
        await until(lambda: world.why() is Why.FORBIDDEN)
        state = world.store.state
        assert isinstance(state, Unseen)
        assert state.message == "not permitted to list things.example.dev: grant list and watch"
        assert state.resource == "things.example.dev"
        server.forbidden = False
        await until(world.right)
        assert world.states == ["Forbidden", "Seen"]


async def test_one_refusal_is_not_believed() -> None:
    """A server that has just started answers 403 until it has read its own roles."""
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.lists.append(answering(403))
        server.lose_history()
        server.put("u1", 77)
        await until(lambda: world.values().get("u1") == 77)
        assert world.states == ["Seen"]


async def test_refusals_of_a_server_that_was_just_out_of_reach_are_not_believed() -> None:
    """It says that it is ready before it knows every role; what is really not permitted stays so."""
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.down = True
        server.cut()
        await until(lambda: world.store.restarts >= 2)
        server.down, server.forbidden = False, True
        refused = server.seen["list"]
        await until(lambda: server.seen["list"] >= refused + 3)
        server.forbidden = False
        await until(world.right)
        assert "Forbidden" not in world.states
        server.down = True
        server.cut()
        await until(lambda: world.store.restarts >= 8)
        server.down, server.forbidden = False, True
        await until(lambda: world.why() is Why.FORBIDDEN)


async def test_a_permission_that_is_taken_away_is_forbidden_at_once() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.forbidden = True
        server.lose_history()
        await until(lambda: world.why() is Why.FORBIDDEN)
        assert world.states == ["Seen", "Forbidden"]


async def test_a_list_that_may_not_be_followed_is_never_seen() -> None:
    """It is true for a moment: a certificate earned by it would then be held, as if the watch had been lost."""
    server = small()
    server.forbidden_watch = True
    async with reading(server) as world:
        await until(lambda: server.seen["watch"] >= 5)
        assert world.states == ["Forbidden"]
        state = world.store.state
        assert isinstance(state, Unseen)
        assert state.message == "not permitted to watch things.example.dev: grant list and watch"
        server.forbidden_watch = False
        await until(world.right)
        assert world.states == ["Forbidden", "Seen"]


async def test_a_list_is_not_seen_before_its_watch_is_answered() -> None:
    server = small()
    server.watches.append(hanging)
    async with reading(server) as world:
        await until(lambda: server.seen["watch"])
        assert world.store.records
        assert world.why() is Why.NOT_SYNCED
        await until(world.right)


async def test_a_watch_that_is_forbidden_later_does_not_flap() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.forbidden_watch = True
        server.cut()
        await until(lambda: world.why() is Why.FORBIDDEN)
        watches = server.seen["watch"]
        await until(lambda: server.seen["watch"] >= watches + 3)
        assert world.states == ["Seen", "Forbidden"]
        assert world.store.unseen is not None
        assert "not permitted to watch things.example.dev" in world.store.unseen.message
        server.forbidden = True
        await until(lambda: "not permitted to list" in str(world.store.unseen))
        server.forbidden = server.forbidden_watch = False
        await until(world.right)
        assert world.states == ["Seen", "Forbidden", "Seen"]


async def test_not_installed_until_discovery_says_it_is_served() -> None:
    server = small()
    server.served = False
    async with reading(server) as world:
        await until(lambda: world.why() is Why.NOT_INSTALLED)
        assert server.seen["list"] == 0
        server.served = True
        await until(world.right)
        server.served = False
        server.lose_history()
        await until(lambda: world.why() is Why.NOT_INSTALLED)
        assert world.store.records == {}
        assert world.mirror() == {}
        server.served = True
        await until(world.right)


async def test_a_stray_404_is_not_a_missing_crd() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)
        server.lists.append(answering(404))
        server.put("u2", 5)
        server.lose_history()
        await until(lambda: not server.lists)
        server.put("u1", 5)
        await until(world.right)
        assert world.states == ["Seen"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            b'{"metadata":{"uid":"odd","resourceVersion":"VERSION","labels":{"app":"x"}},"spec":{"value":"no"}}',
            "Expected",
        ),
        (b'{"metadata":{"uid":"odd","resourceVersion":"VERSION","labels":{"app":"x"}},"spec":null}', "Expected"),
        (
            b'{"spec":{"value":1,"deep":' + DEEP + b'},"metadata":{"managedFields":' + DEEP + b","
            b'"uid":"odd","resourceVersion":"VERSION","labels":{"app":"x"}}}',
            "nested too deep",
        ),
        (
            b'{"metadata":{"uid":"odd","resourceVersion":"VERSION","labels":{"app":"x"}},"spec":{"value":1,"s":"'
            + b"a" * 1_600_000
            + b'"}}',
            "larger than 1536 KiB",
        ),
    ],
    ids=["mistyped", "null", "deep", "oversized"],
)
@pytest.mark.parametrize("by_watch", [False, True])
async def test_one_misfit_object_is_unreadable_and_harms_no_other(content: bytes, why: str, by_watch: bool) -> None:
    server = small()
    if not by_watch:
        server.put_raw("odd", content)
    async with reading(server) as world:
        await until(lambda: world.why() is None)
        if by_watch:
            await until(lambda: server.seen["watch"])
            server.put_raw("odd", content)
        await until(lambda: "odd" in world.store.records)
        record = world.store.records["odd"]
        assert isinstance(record, Unreadable)
        assert record.labels == (("app", "x"),)
        assert why in record.why
        assert world.store.versions["odd"] == server.version
        server.put("u1", 55)
        await until(lambda: world.store.records["u1"] == Thing("u1", 55))
        server.raw.clear()
        server.put("odd", 3)
        await until(world.right)


async def test_the_initial_bookmark_is_half_empty() -> None:
    server = small()
    bookmark = (
        b'{"kind":"Thing","metadata":{"resourceVersion":"%d","annotations":{"k8s.io/initial-events-end":"true"},'
        b'"creationTimestamp":null},"spec":{"containers":null,"selector":null,"value":null}}'
    )
    server.watches.append(streaming(frame("BOOKMARK", bookmark % server.version)))
    async with reading(server) as world:
        await until(lambda: server.seen["watch"] >= 2)
        server.put("u1", 5)
        await until(world.right)
        assert world.states == ["Seen"]
        assert server.seen["list"] == 3


async def test_an_etcd_restored_under_a_watch() -> None:
    server = small()
    past, version = dict(server.objects), server.version
    async with reading(server) as world:
        await until(world.right)
        for number in range(20):
            server.put(f"later{number}", number)
        server.delete("u1")
        await until(world.right)
        server.restore(past, version)  # the running watch falls silent
        await until(lambda: world.back)
        await until(world.right)
        assert world.mirror() == world.store.records
        assert world.store.version == str(version)
        server.put("u1", 123)  # a version number that has been seen before
        await until(world.right)


async def test_equal_versions_after_going_back_are_read_anew() -> None:
    server = small()
    past, version = dict(server.objects), server.version
    async with reading(server) as world:
        await until(world.right)
        server.put("u1", 1000)
        server.put("u2", 1)
        await until(world.right)
        server.restore(past, version)
        server.put("u1", 2000)  # the same resourceVersion as 1000 had
        await until(lambda: world.back)
        await until(world.right)


async def test_retry_after_is_honoured() -> None:
    server = small()
    server.lists.append(answering(429, None, Retry_After="0.4"))
    async with reading(server) as world:
        await until(lambda: server.seen["list"] == 1)
        begun = world.api.clock.monotonic()
        await until(lambda: server.seen["list"] >= 2)
        assert world.api.clock.monotonic() - begun > 0.35


async def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readiness.collectors.connection.BODY_LIMIT", 20_000)
    server = FaultyServer(page=1000)
    for number in range(300):
        server.put(f"u{number}", number)
    async with reading(server) as world:
        await until(world.right)
        assert [query.get("limit") for query, _ in server.queries][:2] == ["500", "50"]


async def test_messages_quote_nothing_of_the_server() -> None:
    server = small()
    messages: list[str] = []
    server.lists.extend([answering(500), answering(422), *[answering(403)] * 20])
    async with reading(server) as world:
        world.reflector._publish_state = lambda store: messages.append(str(store.unseen))
        await until(world.right)
    assert len(messages) == 3
    assert not any("secret" in message or "team-b" in message for message in messages)


async def test_the_listing_names_what_the_watch_has_not_explained() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)
        assert world.reflector.behind(await world.reflector.list_versions()) == set()
        server.watches.extend([silent] * 20)
        server.bookmark_every = 100
        watches = server.seen["watch"]
        server.cut()
        await until(lambda: server.seen["watch"] > watches)
        server.put("u1", 5)
        server.put("new", 5)
        server.delete("u2")
        listing = await world.reflector.list_versions()
        assert world.reflector.behind(listing) == {"u1", "new", "u2"}
        server.put("u3", 6)
        server.watches.clear()
        await until(lambda: not world.reflector.behind(listing))
        await until(world.right)


async def test_a_reader_that_dies_of_a_defect_is_not_seen() -> None:
    server = small()
    async with reading(server) as world:
        await until(world.right)

        def broken(_: bytes) -> Thing:
            raise ZeroDivisionError

        object.__setattr__(world.store.reading, "project", broken)
        server.put("u1", 5)
        await until(world.running.done)
        assert isinstance(world.running.exception(), ZeroDivisionError)
        assert world.why() is Why.NOT_SYNCED
        assert world.states == ["Seen", "NotSynced"]


async def test_a_reader_that_is_cancelled_tells_nobody() -> None:
    async with reading(small()) as world:
        await until(world.right)
        state = world.store.state
        assert isinstance(state, Seen)
        assert state.as_of >= state.value
    assert world.why() is Why.NOT_SYNCED
    assert world.states == ["Seen"]
