"""Answers, typed errors, credentials and the server's clock."""

import asyncio
import base64
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from readiness.collectors import connection, credentials
from readiness.collectors.clock import Backoff, ServerClock
from readiness.collectors.connection import (
    Api,
    ApiError,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    NotFound,
    Refused,
    ServerFailed,
    Throttled,
    TooLarge,
    Unauthorized,
    Unreachable,
    VersionTooLarge,
)
from tests.collectors.faulty_server import FaultyServer, Handler, answering, clock, hanging, status, streaming

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))

PATH = "/apis/example.dev/v1/things"


@asynccontextmanager
async def serving(*faults: Handler) -> AsyncIterator[tuple[FaultyServer, Api]]:
    server = FaultyServer()
    server.lists.extend(faults)
    server.watches.extend(faults)
    async with server.running(), Api.plain(server.base, clock=clock(), token="t") as api:
        yield server, api


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (400, status(400), Refused),
        (401, status(401), Unauthorized),
        (403, status(403), Forbidden),
        (403, b"<html>", Forbidden),
        (404, status(404), NotFound),
        (409, status(409), Conflict),
        (410, status(410), Gone),
        (413, b"", Refused),
        (422, status(422), Refused),
        (429, status(429), Throttled),
        (500, status(500), ServerFailed),
        (503, b"", ServerFailed),
        (504, status(504, details={"causes": [{"reason": "ResourceVersionTooLarge"}]}), VersionTooLarge),
        (302, b"", Refused),
        (500, b"[" * 60_000, ServerFailed),
    ],
)
async def test_each_status_is_a_typed_error(code: int, body: bytes, expected: type[ApiError]) -> None:
    async with serving(answering(code, body)) as (_, api):
        with pytest.raises(ApiError) as caught:
            await api.get(PATH)
        assert type(caught.value) is expected


async def test_retry_after_is_told() -> None:
    async with serving(answering(503, None, Retry_After="7"), answering(429, None, Retry_After="nan")) as (_, api):
        with pytest.raises(Throttled) as caught:
            await api.get(PATH)
        assert caught.value.after == 7.0
        with pytest.raises(Throttled) as caught:
            await api.get(PATH)
        assert caught.value.after is None


async def test_a_refusal_keeps_the_message() -> None:
    async with serving(answering(422, status(422, message="spec.x: too long"))) as (_, api):
        with pytest.raises(Refused, match=r"422: spec.x: too long") as caught:
            await api.get(PATH)
        assert caught.value.status == 422


async def not_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    await writer.drain()
    writer.close()


async def test_no_exception_of_the_library_leaks() -> None:
    async with serving(hanging) as (_, api):
        with pytest.raises(Unreachable, match="timed out"):
            await api.get(PATH, timeout=0.05)
    async with serving(streaming(b"{", cut=True)) as (_, api):
        with pytest.raises(Unreachable):
            await api.get(PATH)
    assert api.missed is None, "it answered, if badly"
    with pytest.raises(Unreachable):  # the server is closed now
        async with Api.plain(api._credentials.host, clock=clock()) as alone:
            await alone.get(PATH)
    assert alone.missed == pytest.approx(asyncio.get_running_loop().time(), abs=5)
    async with Api.plain("http://name.invalid", clock=clock()) as nowhere:
        with pytest.raises(Unreachable):
            await nowhere.get(PATH)
    stranger = await asyncio.start_server(not_http, "127.0.0.1", 0)
    async with stranger:
        port = stranger.sockets[0].getsockname()[1]
        async with Api.plain(f"http://127.0.0.1:{port}", clock=clock()) as api:
            with pytest.raises(Garbled):
                await api.get(PATH)


async def collect(api: Api, inactivity: float = 1.0) -> list[bytes]:
    found = []
    async with aclosing(api.lines(PATH, params={"watch": "true"}, inactivity=inactivity)) as lines:
        async for line in lines:
            found.append(line)
    return found


async def test_lines_are_put_together_from_chunks() -> None:
    async with serving(streaming(b'{"a":', b'1}\n{"b":2}\n\n{"c', b'":3', b"}\n")) as (_, api):
        assert await collect(api) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (streaming(b"{}\n{"), Unreachable),
        (streaming(b"{}\n", cut=True), Unreachable),
        (streaming(b"x" * (connection.LINE_LIMIT + 1)), TooLarge),
        (answering(410), Gone),
        (answering(403), Forbidden),
        (hanging, Unreachable),
    ],
)
async def test_lines_fail_with_typed_errors(fault: Handler, expected: type[ApiError]) -> None:
    async with serving(fault) as (_, api):
        with pytest.raises(expected):
            await collect(api, 0.2)


async def test_a_trickle_without_an_end_of_line_is_inactivity() -> None:
    async def trickle(server: FaultyServer, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not server.closing.is_set():
            await response.write(b"x")
            await asyncio.sleep(0.01)
        return response

    async with serving(trickle) as (_, api):
        with pytest.raises(Unreachable, match="timed out"):
            await collect(api, 0.1)


async def test_an_endless_body_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_LIMIT", 1000)
    async with serving(streaming(*[b"x" * 400] * 5)) as (_, api):
        with pytest.raises(TooLarge):
            await api.get(PATH)


async def test_names_of_strangers_stay_one_segment_of_the_path() -> None:
    paths: list[str] = []

    async def remember(_: FaultyServer, request: web.Request) -> web.StreamResponse:
        paths.append(request.raw_path)
        return web.Response(body=b"{}")

    async with serving(remember) as (_, api):
        await api.get(f"{PATH}", params={"fieldSelector": "a!=b,c=d&e"})
    assert paths == [f"{PATH}?fieldSelector=a!%3Db,c%3Dd%26e"]


async def test_writes_send_json() -> None:
    requests: list[tuple[str, bytes, str]] = []

    async def remember(_: FaultyServer, request: web.Request) -> web.StreamResponse:
        requests.append((request.method, await request.read(), request.headers["Content-Type"]))
        return web.Response(body=b'{"ok":true}')

    async with serving(remember, remember) as (_, api):
        answer = await api.put(PATH, b'{"a":1}', params={"fieldManager": "x"})
        assert (answer.status, answer.body) == (200, b'{"ok":true}')
        await api.post(PATH, b'{"b":1}')
    assert requests == [("PUT", b'{"a":1}', "application/json"), ("POST", b'{"b":1}', "application/json")]


# --- credentials


@asynccontextmanager
async def showing(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that records the Authorization headers; a token that is `old` is refused."""
    shown: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        shown.append(request.headers.get("Authorization", ""))
        return web.Response(status=401 if shown[-1] == "Bearer old" else 200, body=b"{}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}", shown
    finally:
        await runner.cleanup()


def kubeconfig(folder: Path, server: str, user: dict[str, Any], **cluster: Any) -> str:
    path = folder / "config"
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                "clusters": [{"name": "k", "cluster": {"server": server, **cluster}}],
                "users": [{"name": "u", "user": user}],
            }
        )
    )
    return str(path)


def signed(name: str, issuer: Pair | None, called: x509.GeneralName = LOOPBACK) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(hours=1))
        .not_valid_after(today + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([called]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return made, key


def pem(pair: Pair) -> tuple[bytes, bytes]:
    return pair[0].public_bytes(serialization.Encoding.PEM), pair[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


async def test_the_token_file_of_a_pod_is_read_anew_for_every_request(tmp_path: Path) -> None:
    authority = signed("ca", None)
    certificate, key = pem(signed("server", authority))
    (tmp_path / "server.pem").write_bytes(certificate + key)
    (tmp_path / "ca.crt").write_bytes(pem(authority)[0])
    token = tmp_path / "token"
    token.write_text("first\n")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    async with showing(context) as (url, shown):
        environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": url.rsplit(":", 1)[1]}
        found = credentials.Credentials.in_cluster(str(token), str(tmp_path / "ca.crt"), environ)
        async with Api(found, clock()) as api:
            await api.get("/version")
            token.write_text("second\n")
            await api.get("/version")
            token.unlink()
            with pytest.raises(Unauthorized):
                await api.get("/version")
    assert shown == ["Bearer first", "Bearer second"]


async def test_a_client_certificate_and_a_private_ca(tmp_path: Path) -> None:
    authority = signed("ca", None)
    (tmp_path / "server.pem").write_bytes(b"".join(pem(signed("server", authority))))
    (tmp_path / "ca.crt").write_bytes(pem(authority)[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.crt"))
    context.load_cert_chain(tmp_path / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    encoded = [base64.b64encode(part).decode() for part in (*pem(signed("client", authority)), pem(authority)[0])]
    user = {"client-certificate-data": encoded[0], "client-key-data": encoded[1]}
    async with showing(context) as (url, shown):
        config = kubeconfig(tmp_path, url, user, **{"certificate-authority-data": encoded[2]})
        async with await Api.connect(config, clock=clock()) as api:
            await api.get("/version")
        async with await Api.connect(kubeconfig(tmp_path, url, user), clock=clock()) as api:
            with pytest.raises(Unreachable):  # not signed by an authority we know
                await api.get("/version")
    assert shown == [""]


async def asked_twice(kubeconfig: str) -> None:
    """By ourselves, and by whoever borrows the session."""
    async with await Api.connect(kubeconfig, clock=clock()) as api:
        await api.get("/version")
        host, session = api.lend()
        async with session, session.get(f"{host}/version") as answer:
            assert answer.status == 200


async def test_the_name_in_the_servers_certificate_may_be_another(tmp_path: Path) -> None:
    authority, name = signed("ca", None), "kube.example.test"
    (tmp_path / "server.pem").write_bytes(b"".join(pem(signed("server", authority, x509.DNSName(name)))))
    (tmp_path / "ca.crt").write_bytes(pem(authority)[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    cluster = {"certificate-authority": str(tmp_path / "ca.crt")}
    async with showing(context) as (url, shown):
        async with await Api.connect(kubeconfig(tmp_path, url, {"token": "t"}, **cluster), clock=clock()) as api:
            with pytest.raises(Unreachable):
                await api.get("/version")
        await asked_twice(kubeconfig(tmp_path, url, {"token": "t"}, **cluster, **{"tls-server-name": name}))
    assert shown == ["Bearer t", "Bearer t"]


async def test_requests_go_through_the_proxy_that_a_kubeconfig_names(tmp_path: Path) -> None:
    """The server's own name leads nowhere."""
    async with showing() as (url, shown):
        await asked_twice(kubeconfig(tmp_path, "http://kube.invalid", {"token": "t"}, **{"proxy-url": url}))
    assert shown == ["Bearer t", "Bearer t"]


async def test_a_token_of_a_kubeconfig_is_renewed_after_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old")
    async with showing() as (url, shown):
        config = kubeconfig(tmp_path, url, {"tokenFile": str(tmp_path / "token")})
        time = [0.0]
        ours = ServerClock(lambda: datetime.now(UTC), lambda: time[0])
        async with await Api.connect(config, clock=ours) as api:
            time[0] += 20
            (tmp_path / "token").write_text("new")
            await api.get("/version")
            await api.get("/version")
    assert shown == ["Bearer old", "Bearer new", "Bearer new"]


async def test_an_exec_plugin_is_asked_again_when_its_token_expires(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(
        f"#!/bin/sh\necho x >> {tmp_path}/calls\n"
        'printf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":'
        '{"token":"t%s","expirationTimestamp":"2020-01-01T00:00:00Z"}}\' '
        f"$(wc -l < {tmp_path}/calls | tr -d ' ')\n"
    )
    plugin.chmod(0o755)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}}
    time = [0.0]
    async with showing() as (url, shown):
        ours = ServerClock(lambda: datetime.now(UTC), lambda: time[0])
        async with await Api.connect(kubeconfig(tmp_path, url, user), clock=ours) as api:
            await api.get("/version")
            await api.get("/version")
            time[0] += 61
            await api.get("/version")
    assert shown == ["Bearer t1", "Bearer t1", "Bearer t2"]


@pytest.mark.parametrize("text", ["", "[", "{}", "current-context: x\ncontexts: 7\n"])
async def test_a_broken_kubeconfig_is_a_typed_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(Unauthorized):
        await Api.connect(str(tmp_path / "config"), clock=clock())
    with pytest.raises(Unauthorized):
        await Api.connect(str(tmp_path / "absent"), clock=clock())


# --- the clock


class Times:
    def __init__(self) -> None:
        self.seconds = 1000.0
        self.wall = datetime(2030, 1, 1, tzinfo=UTC)
        self.clock = ServerClock(lambda: self.wall, lambda: self.seconds)

    def hear(self, instant: str, sent: float | None = None) -> None:
        self.clock.heard(f"Tue, 01 Jan 2030 {instant} GMT", self.seconds if sent is None else sent)

    def shown(self) -> str:
        return self.clock.now().strftime("%H:%M:%S.%f")[:10]


def test_the_wall_clock_serves_only_before_the_first_answer() -> None:
    times = Times()
    assert times.clock.now() == times.wall
    assert not times.clock.answered
    times.hear("06:00:00")
    assert times.shown() == "06:00:00.0"
    assert times.clock.skew == timedelta(hours=-6)
    times.wall += timedelta(days=3)  # set by hand: of no importance
    times.seconds += 5.5
    assert times.shown() == "06:00:05.5"


def test_the_clock_keeps_the_greatest_lower_bound() -> None:
    times = Times()
    times.hear("06:00:00")
    times.seconds += 0.9
    times.hear("06:00:01")  # the server's second began: we were late
    assert times.shown() == "06:00:01.0"
    times.seconds += 0.5
    times.hear("06:00:01")  # cut to the second
    assert times.shown() == "06:00:01.5"
    times.seconds += 30
    times.hear("06:00:02", sent=times.seconds - 29.5)  # an answer that took half a minute
    assert times.shown() == "06:00:31.5"


def test_the_clock_follows_a_server_that_was_set() -> None:
    times = Times()
    times.hear("06:00:00")
    times.seconds += 10
    times.hear("05:00:00")
    assert times.shown() == "05:00:00.0"
    times.hear("07:00:00")
    assert times.shown() == "07:00:00.0"


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Jan 2030 06:00:00 GMT", "\x00"])
def test_a_date_that_is_none_is_ignored(date: str) -> None:
    times = Times()
    times.clock.heard(date, times.seconds)
    assert not times.clock.answered


async def test_every_answer_sets_the_clock() -> None:
    async with serving(answering(500, None, Date="Tue, 01 Jan 2030 06:00:00 GMT")) as (_, api):
        with pytest.raises(ServerFailed):
            await api.get(PATH)
        assert api.clock.now().year == 2030


def test_back_off_doubles_to_its_cap_and_is_jittered() -> None:
    whole = Backoff(1, 10, lambda: 1.0)
    assert [whole.next() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    whole.reset()
    assert whole.next() == 1
    assert Backoff(1, 10, lambda: 0.0).next() == 0.5
    assert Backoff(1, 10, lambda: 0.0).next(at_least=7) == 7
    endless = Backoff(1, 10, lambda: 0.0)
    endless.attempts = 100_000
    assert endless.next() == 5


async def test_a_lent_session_tells_of_each_watch_whether_it_is_permitted() -> None:
    """Whoever borrows it may ask again and again without a word."""
    told: list[tuple[str, bool]] = []
    async with serving(answering(403), answering(500)) as (_, api):
        host, session = api.lend(watched=lambda path, permitted: told.append((path, permitted)))
        async with session:
            for query in ("?watch=true", "?watch=true", "?watch=true", "?limit=1"):
                async with session.get(f"{host}{PATH}{query}") as answer:
                    assert answer.status
    assert told == [(PATH, False), (PATH, True), (PATH, True)]
