"""The edge around a tiny application, on real sockets: what it lets through, and how it refuses the rest."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from uvicorn.server import ServerState

from llm_service.api.edge import (
    LEAVING,
    ApiKey,
    Edge,
    EdgeLimits,
    GuardedHttp,
    KeyScope,
    RateLimits,
    check_bind,
    fingerprint,
    forwarded_client,
    parse_keys,
    parse_limit,
    read_keys,
)
from llm_service.api.edge.keys import needed_scope
from llm_service.api.edge.limits import below_room
from llm_service.api.edge.rate_limits import MAX_WINDOWS
from llm_service.errors import RateLimited, SettingsError
from redis_server import INSTALLED, RedisServer

KEYS = ("bot:chat:0123456789abcdef", "mod:moderate:1123456789abcdef", "ops:admin:2123456789abcdef")
QUICK = EdgeLimits(body_seconds=0.2, drain_seconds=0.2)


async def echo(scope, receive, send):
    """Answers with what it saw, as JSON."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    seen = {"path": scope["path"], "body": body.decode(), "state": scope["state"]}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


@asynccontextmanager
async def serving(app, protocol=GuardedHttp):
    """uvicorn's protocol on a free port; gives the port."""
    config = uvicorn.Config(app, http=protocol, log_config=None, proxy_headers=False)
    config.load()
    state = ServerState()

    def connection():
        return config.http_protocol_class(config=config, server_state=state, app_state={})

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for left in list(state.connections):
            left.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)


class Answer:
    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if raw else 0
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:])

    def json(self):
        body = self.body
        if self.headers.get("transfer-encoding") == "chunked":
            body = b"".join(body.split(b"\r\n")[1::2])
        return json.loads(body)

    def is_problem(self, status, code):
        """Whether it is that refusal, in full and without anything more."""
        assert self.status == status
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json()
        assert problem.keys() == {"type", "title", "status", "code", "request_id"}
        assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
        return True


async def exchange(port, *pieces, pause=0.0):
    """Send bytes as they are and read until the server closes (every request asks it to) or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(30):
            return Answer(await reader.read())
    except ConnectionError:
        return Answer(b"")
    finally:
        writer.close()


def request(method="POST", path="/chat", body=b"{}", headers=(), host="127.0.0.1", json_type=True):
    lines = [f"{method} {path} HTTP/1.1", "Connection: close", *headers]
    if host:
        lines.insert(1, f"Host: {host}")
    if body:
        lines.append(f"Content-Length: {len(body)}")
        lines += ["Content-Type: application/json"] if json_type else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(app, *args, **kwargs):
    async with serving(app) as port:
        return await exchange(port, request(*args, **kwargs))


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        b'{"username": "a", "message": "b", "emotes": []}',
        '{"m": "Grüße 🎉 \\ud83c\\udf89"}'.encode(),
        b"[1, -2.5e10, 9223372036854775807, null, true]",
        b'"text"',
        b"{" * 0 + b"[" * 64 + b"]" * 64,
        b'{"m": "' + b"[" * 5000 + b'"}',
        b'[{"a": []}' + b', {"a": []}' * 2000 + b"]",
    ],
)
async def test_a_sound_body_arrives_as_it_was_sent(body):
    answer = await ask(Edge(echo), body=body)
    assert answer.status == 200
    assert answer.json()["body"].encode() == body


async def test_a_byte_order_mark_is_dropped():
    assert (await ask(Edge(echo), body=b"\xef\xbb\xbf{}")).json()["body"] == "{}"


async def test_a_chunked_body_arrives_whole():
    head = request(body=b"", headers=["Content-Type: application/json", "Transfer-Encoding: chunked"])
    async with serving(Edge(echo)) as port:
        answer = await exchange(port, head, b'5\r\n{"a":\r\n', b"2\r\n1}\r\n0\r\n\r\n", pause=0.02)
    assert answer.json()["body"] == '{"a":1}'


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"{}x", b"nope", b"{'a': 1}", b"{} // no", b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1e400}',
        b'{"a": ' + b"9" * 6000 + b"}", b'{"a": 1, "a": 2}', b'{"a": "\xff"}', b'{"a": "\xc0\xaf"}', b'{"a": "\x01"}',
        '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-16-le"), b" ",
    ],
)  # fmt: skip
async def test_a_body_that_is_not_strict_json_is_refused(body):
    assert (await ask(Edge(echo), body=body)).is_problem(400, "invalid_json")


async def test_a_string_that_never_ends_is_read_once():
    body = b"[" * 65 + b'"' + b'\\"' * 500_000
    assert (await ask(Edge(echo), path="/messages", body=body)).status == 422


@pytest.mark.parametrize("body", [b"[" * 65 + b"]" * 65, b'{"a":' * 9000 + b"1" + b"}" * 9000])
async def test_deep_nesting_is_refused(body):
    assert (await ask(Edge(echo), body=body)).is_problem(422, "json_too_deep")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Content-Type: text/plain"],
        ["Content-Type: application/x-www-form-urlencoded"],
        ["Content-Type: multipart/form-data; boundary=x"],
        ["Content-Type: application/json; charset=utf-16"],
        ["Content-Type: application/json, text/plain"],
    ],
)
async def test_other_types_are_refused(headers):
    assert (await ask(Edge(echo), headers=headers, json_type=False)).is_problem(415, "unsupported_type")


@pytest.mark.parametrize("kind", ["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"'])
async def test_json_in_utf8_may_say_so(kind):
    assert (await ask(Edge(echo), headers=[f"Content-Type: {kind}"], json_type=False)).status == 200


async def test_compressed_bodies_are_refused():
    assert (await ask(Edge(echo), headers=["Content-Encoding: gzip"])).is_problem(415, "unsupported_encoding")


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/chat", 65536, 200),
        ("/chat", 65537, 413),
        ("/messages", 65537, 200),
        ("/rooms/den/messages", 65537, 200),
        ("/v1/chat/completions", 65537, 200),
        ("/messages", 1048577, 413),
        ("/rooms/messages/chat", 65537, 413),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_be_as_large_as_its_route_allows(path, size, status, chunked):
    body = b'"' + b"x" * (size - 2) + b'"'
    whole = request(path=path, body=body)
    if chunked:
        headers = ["Content-Type: application/json", "Transfer-Encoding: chunked"]
        whole = request(path=path, body=b"", headers=headers) + f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    async with serving(Edge(echo)) as port:
        answer = await exchange(port, whole)
    assert answer.status == status
    if status == 413:
        assert answer.is_problem(413, "body_too_large")


async def test_a_body_too_large_is_refused_before_it_is_sent_when_the_client_waits_for_leave():
    head = request(
        body=b"", headers=["Content-Type: application/json", "Content-Length: 9999999", "Expect: 100-continue"]
    )
    async with serving(Edge(echo)) as port:
        answer = await exchange(port, head)
    assert answer.is_problem(413, "body_too_large")


async def test_a_slow_body_is_refused_however_it_drips():
    head = request(body=b"", headers=["Content-Type: application/json", "Content-Length: 100"])
    async with serving(Edge(echo, limits=QUICK)) as port:
        silent, dripping = await asyncio.gather(exchange(port, head), exchange(port, head, *[b" "] * 8, pause=0.05))
    assert silent.is_problem(408, "request_timeout")
    assert dripping.status in (408, 0), "who still writes may not hear the refusal"
    assert silent.headers["connection"] == "close"


async def test_a_caller_who_leaves_in_the_middle_of_a_body_never_reaches_the_application():
    reached = []

    async def app(scope, receive, send):
        reached.append(scope)
        await echo(scope, receive, send)

    async with serving(Edge(app)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(body=b"", headers=["Content-Type: application/json", "Content-Length: 100"]) + b"{")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.05)
    assert not reached


async def test_the_application_still_learns_that_its_caller_left():
    left = asyncio.Event()

    async def app(scope, receive, send):
        assert (await receive())["body"] == b"{}"
        if (await receive())["type"] == "http.disconnect":
            left.set()

    async with serving(Edge(app)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        async with asyncio.timeout(2):
            await left.wait()


async def test_who_leaves_is_noticed_although_its_next_request_waits():
    left = asyncio.Event()

    async def app(scope, receive, send):
        scope[LEAVING].tell(left.set)
        await asyncio.sleep(1)

    async with serving(Edge(app)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request() + request())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        async with asyncio.timeout(0.5):
            await left.wait()


async def test_a_request_without_a_body_needs_no_type():
    async with serving(Edge(echo)) as port:
        for method, headers in (("GET", []), ("DELETE", []), ("POST", ["Content-Length: 0"]), ("POST", [])):
            answer = await exchange(port, request(method, body=b"", headers=headers))
            assert answer.json()["body"] == ""


# ── Heads ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "x" * 8191, [], 200),
        ("/" + "x" * 8192, [], 414),
        ("/?" + "x" * 100_000, [], 414),
        ("/", ["X-Long: " + "x" * 65536], 431),
        ("/", [f"X-{i}: y" for i in range(101)], 431),
        ("/", [f"X-{i}: y" for i in range(10_000)], 431),
    ],
)
async def test_heads_are_bounded(path, headers, status):
    async with serving(Edge(echo)) as port:
        answer = await exchange(port, request("GET", path, body=b"", headers=headers))
    assert answer.status == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("LocalHost:8000", 200),
        ("[::1]:8000", 200),
        ("chat.example", 200),
        ("Chat.Example.:443", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::2]", 421),
        ("localhost:8000/#@x", 400),
        ("localhost/", 400),
        ("a@localhost", 400),
        ("local host", 400),
        ("", 400),
    ],
)
async def test_only_our_own_hosts_are_answered(host, status):
    answer = await ask(Edge(echo, hosts=["chat.example"]), host=host)
    assert answer.status == status
    if status != 200:
        assert answer.is_problem(status, "bad_host" if status == 400 else "unknown_host")


async def test_two_hosts_are_none():
    assert (await ask(Edge(echo), headers=["Host: 127.0.0.1"])).is_problem(400, "bad_host")


async def test_any_host_may_be_allowed():
    assert (await ask(Edge(echo, hosts=["*"]), host="whatever.example")).status == 200


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("POST", "http://127.0.0.1:8000", 200),
        ("POST", "https://overlay.example", 200),
        ("POST", "https://evil.example", 403),
        ("POST", "http://127.0.0.1:9000", 403),
        ("POST", "null", 403),
        ("DELETE", "https://evil.example", 403),
        ("PUT", "https://evil.example", 403),
        ("GET", "https://evil.example", 200),
    ],
)
async def test_strangers_pages_can_change_nothing(method, origin, status):
    app = Edge(echo, origins=["https://overlay.example"])
    answer = await ask(app, method, body=b"", headers=[f"Origin: {origin}"], host="127.0.0.1:8000")
    assert answer.status == status
    assert not any(name.startswith("access-control") for name in answer.headers)


async def test_a_strangers_preflight_is_refused():
    headers = ["Origin: https://evil.example", "Access-Control-Request-Method: DELETE"]
    assert (await ask(Edge(echo), "OPTIONS", body=b"", headers=headers)).is_problem(400, "unknown_origin")


@pytest.mark.parametrize(
    ("offered", "kept"),
    [("abc-DEF_123", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("a\tb", False), ("<b>", False)],
)
async def test_every_request_has_an_id(offered, kept):
    answer = await ask(Edge(echo), headers=[f"X-Request-ID: {offered}"])
    request_id = answer.json()["state"]["request_id"]
    assert answer.headers["x-request-id"] == request_id.lower()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (request_id == offered) is kept


async def test_a_refusal_names_the_request_and_repeats_nothing():
    answer = await ask(Edge(echo), body=b'{"secret": nonsense}', headers=["X-Request-ID: r1"])
    assert answer.json()["request_id"] == "r1"
    assert b"secret" not in answer.body


async def test_heads_are_bounded_behind_any_server():
    headers = [f"X-{i}: y" for i in range(1000)]
    async with serving(Edge(echo), "httptools") as port:
        assert (await exchange(port, request("GET", "/" + "x" * 9000, body=b""))).is_problem(414, "uri_too_long")
        assert (await exchange(port, request(headers=headers))).is_problem(431, "headers_too_large")


async def test_nothing_but_http_gets_past_the_edge():
    sent = []

    async def send(message):
        sent.append(message["type"])

    await Edge(echo)({"type": "websocket", "path": "/", "headers": []}, None, send)
    assert sent == ["websocket.close"]


# ── Connections ──────────────────────────────────────────────────────────────────────────────────────────────────


class Hasty(GuardedHttp):
    head_seconds = 0.2
    unread_seconds = 0.2


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"hello\r\n\r\n",
        b"POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_once(raw):
    async with serving(Edge(echo)) as port:
        answer = await exchange(port, raw)
    assert answer.is_problem(400, "malformed_request")
    assert b"HTTP/1.1" not in answer.body


async def test_a_slow_head_is_refused_and_a_silent_connection_closed():
    head = request("GET", body=b"")
    async with serving(Edge(echo), Hasty) as port:
        slow, dripping, silent, whole = await asyncio.gather(
            exchange(port, head[:-4]),
            exchange(port, *[b"GET /", *[b"x"] * 7], pause=0.05),
            exchange(port),
            exchange(port, head),
        )
    assert slow.is_problem(408, "request_timeout")
    assert dripping.status in (408, 0)
    assert silent.status == 0
    assert whole.status == 200


async def test_an_endless_head_is_cut():
    async with serving(Edge(echo)) as port:
        headers = await exchange(port, b"GET / HTTP/1.1\r\n", *[b"X: " + b"y" * 4000 + b"\r\n"] * 20, pause=0.002)
        url = await exchange(port, b"GET /", *[b"y" * 8000] * 20, pause=0.002)
    assert headers.status in (431, 0)
    assert url.status in (414, 0)


FLOOD = 400 * 65536
"""Bytes: 25 MiB, where a loopback connection holds a few."""


class Flood:
    """Answers with far more than a connection holds."""

    def __init__(self):
        self.over = asyncio.Event()

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(FLOOD // 65536):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.over.set()


async def test_who_does_not_read_is_cut_off():
    flood = Flood()
    async with serving(flood, Hasty) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(request("GET", body=b""))
        async with asyncio.timeout(5):
            await flood.over.wait()  # what is sent to a connection that is gone is dropped
        got = 0
        with suppress(ConnectionError):
            while piece := await reader.read(1 << 20):
                got += len(piece)
        writer.close()
    assert got < FLOOD


async def test_who_reads_slowly_gets_all():
    async with serving(Flood(), Hasty) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(request("GET", body=b""))
        got = 0
        while piece := await reader.read(4 << 20):
            got += len(piece)
            await asyncio.sleep(0.005)
        writer.close()
    assert got > FLOOD


async def test_a_connection_is_used_again_and_again():
    keep = request().replace(b"Connection: close\r\n", b"")
    async with serving(Edge(echo), Hasty) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(keep)
            assert b"200 OK" in await reader.readuntil(b"0\r\n\r\n")
            await asyncio.sleep(0.12)
        writer.write(keep * 3)
        answers = b""
        while answers.count(b"200 OK") < 3:
            answers += await reader.read(65536)
        writer.close()


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/health", None),
        ("GET", "/health/live", None),
        ("POST", "/health", KeyScope.CHAT),
        ("GET", "/healthy", KeyScope.CHAT),
        ("POST", "/chat", KeyScope.CHAT),
        ("GET", "/rooms/den/context", KeyScope.CHAT),
        ("DELETE", "/context", KeyScope.MODERATE),
        ("DELETE", "/rooms/den/messages/1", KeyScope.MODERATE),
        ("GET", "/users/anna", KeyScope.MODERATE),
        ("GET", "/rooms/den/users/anna", KeyScope.MODERATE),
        ("POST", "/rooms/users/chat", KeyScope.CHAT),
        ("PUT", "/rooms/den/policy", KeyScope.MODERATE),
        ("GET", "/persona", KeyScope.MODERATE),
        ("GET", "/metrics", KeyScope.ADMIN),
        ("GET", "/v1/models", KeyScope.CHAT),
        ("GET", "/rooms/den/health", None),
        ("GET", "/rooms", KeyScope.CHAT),
        ("DELETE", "/rooms/den", KeyScope.MODERATE),
    ],
)
def test_one_table_says_who_may_do_what(method, path, scope):
    assert needed_scope(method, path) == scope


@pytest.mark.parametrize(
    ("key", "method", "path", "status"),
    [
        (None, "GET", "/health", 200),
        (None, "GET", "/context", 401),
        ("Bearer nonsense-nonsense", "GET", "/context", 401),
        ("Basic 0123456789abcdef", "GET", "/context", 401),
        ("Bearer 0123456789abcdef", "GET", "/context", 200),
        ("bearer 0123456789abcdef", "GET", "/context", 200),
        ("Bearer 0123456789abcdef", "DELETE", "/context", 403),
        ("Bearer 1123456789abcdef", "DELETE", "/context", 200),
        ("Bearer 1123456789abcdef", "GET", "/metrics", 403),
        ("Bearer 2123456789abcdef", "GET", "/metrics", 200),
        ("Bearer 2123456789abcdef", "DELETE", "/users/anna", 200),
    ],
)
async def test_a_key_opens_what_its_scope_allows(key, method, path, status):
    headers = [f"Authorization: {key}"] if key else []
    answer = await ask(Edge(echo, keys=parse_keys(KEYS)), method, path, body=b"", headers=headers)
    assert answer.status == status
    if status == 401:
        assert answer.is_problem(401, "unauthorized")
        assert answer.headers["www-authenticate"] == "bearer"
    if status == 403:
        assert answer.is_problem(403, "forbidden")


async def test_handlers_learn_whose_key_it_was():
    headers = ["Authorization: Bearer 0123456789abcdef"]
    answer = await ask(Edge(echo, keys=parse_keys(KEYS)), headers=headers)
    assert answer.json()["state"]["key"] == "bot"


def test_keys_are_read_from_a_file(tmp_path):
    path = tmp_path / "keys"
    path.write_text("# callers\n\n" + "\n".join(KEYS) + "\n")
    keys = read_keys(path)
    assert keys == parse_keys(KEYS)
    assert [key.name for key in keys] == ["bot", "mod", "ops"]
    assert all("0123456789abcdef" not in repr(key) for key in keys)


@pytest.mark.parametrize(
    "lines",
    [["secret"], ["a:owner:0123456789abcdef"], ["a:chat:short"], ["a b:chat:0123456789abcdef"], [KEYS[0]] * 2,
     ["a:chat:0123456789abcdef", "b:chat:0123456789abcdef"]],
)  # fmt: skip
def test_keys_that_cannot_be_used_are_refused(lines):
    with pytest.raises(SettingsError) as refused:
        parse_keys(lines)
    assert "0123456789abcdef" not in str(refused.value)


def test_a_missing_key_file_is_a_wrong_setting(tmp_path):
    with pytest.raises(SettingsError):
        read_keys(tmp_path / "none")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_key(host):
    check_bind(host, (), allow_open=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "chat.example", ""])
def test_other_addresses_need_a_key_or_a_decision(host):
    with pytest.raises(SettingsError):
        check_bind(host, (), allow_open=False)
    check_bind(host, (), allow_open=True)
    check_bind(host, [ApiKey("a", KeyScope.CHAT, b"")], allow_open=False)


# ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


async def hits(limits, count, **who):
    """How many of ``count`` hits are let through."""
    passed = 0
    for number in range(count):
        try:
            await limits.hit(**{name: value.format(number) for name, value in who.items()})
            passed += 1
        except RateLimited:
            continue
    return passed


async def test_a_viewer_has_a_share_and_gets_it_back():
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert await hits(limits, 8, viewer="anna") == 5
    assert await hits(limits, 8, viewer="bert") == 5
    clock.now += 9.5
    with pytest.raises(RateLimited) as refused:
        await limits.hit(viewer="anna")
    assert refused.value.retry_after == pytest.approx(0.5)
    clock.now += 0.6
    assert await hits(limits, 8, viewer="anna") == 5


async def test_spellings_of_a_name_share_one_limit():
    limits = RateLimits(clock=Clock())
    spellings = ["Spammer", "sPAMMER", "spam\u200bmer", "ｓｐａｍｍｅｒ", "spаmmer", "SPAMMER"]
    for name in spellings[:5]:
        await limits.hit(viewer=name)
    with pytest.raises(RateLimited):
        await limits.hit(viewer=spellings[5])


async def test_a_flood_by_many_accounts_is_one_flood():
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert await hits(limits, 40, viewer="raider{}", text="RAID RAID RAID") == 10
    assert await hits(limits, 40, viewer="other{}", text="raid raid {} raaaid!!") == 0
    assert await hits(limits, 40, viewer="chatter{}", text="") == 40
    clock.now += 10.1
    assert await hits(limits, 40, viewer="raider{}", text="raid raid raid") == 10


def test_a_flood_is_recognised_by_its_letters():
    assert len({fingerprint(text) for text in ("Buy now!", "buy NOW 17", "buuuy nоw", "b\u200buy now")}) == 1
    assert len({fingerprint(text) for text in ("RAID", "raid raid", "RAID! raid! RAID!", "raidraidraid")}) == 1
    assert len({fingerprint(text) for text in ("1", "2", "??", "🎉", "こんにちは", "buy new")}) == 6


async def test_keys_and_everybody_have_limits_of_their_own():
    limits = RateLimits(key="20/minute", total="30/minute", clock=Clock())
    assert await hits(limits, 25, viewer="a{}", key="bot") == 20
    assert await hits(limits, 25, viewer="b{}", key="other") == 10


async def test_addresses_behind_a_trusted_proxy_are_viewers_too():
    assert await hits(RateLimits(clock=Clock()), 9, viewer="v{}", address="10.0.0.9") == 5


async def test_limits_can_be_turned_off():
    assert await hits(RateLimits(viewer="off"), 100, viewer="a", text="same", address="1") == 100


async def test_windows_in_memory_are_bounded():
    clock = Clock()
    limits = RateLimits(clock=clock)
    for number in range(MAX_WINDOWS + 100):
        await limits.hit(viewer=f"v{number}")
    windows = limits._memory._hits
    assert len(windows) == MAX_WINDOWS
    clock.now += 11
    await limits.hit(viewer="late")
    assert len(windows) == 1


@pytest.fixture
def redis_server():
    server = RedisServer()
    yield server
    server.stop()


@pytest.mark.skipif(not INSTALLED, reason="redis-server is not installed")
async def test_processes_share_windows_in_redis_and_count_alone_while_it_is_away(redis_server):
    clock = Clock()
    one, other = (RateLimits(redis_url=f"redis://127.0.0.1:{redis_server.port}/0", clock=clock) for _ in range(2))
    await redis_server.start()
    assert await hits(one, 3, viewer="anna") == 3
    assert await hits(other, 4, viewer="anna") == 2
    with pytest.raises(RateLimited) as refused:
        await one.hit(viewer="anna")
    assert 5 < refused.value.retry_after <= 10
    redis_server.stop()
    with capture_logs() as logged:
        for wait in (0, 3, 3, 3, 3):
            clock.now += wait
            assert await hits(one, 1, viewer="anna") == 1
        assert [event["event"] for event in logged] == ["redis_away"]
        clock.now += 50
        await one.hit(viewer="bert")
        assert [event["event"] for event in logged] == ["redis_away"] * 2
    await redis_server.start()
    assert await hits(other, 1, viewer="bert") == 1, "it finds its connection broken"
    clock.now += 3
    assert await hits(one, 3, viewer="anna") == 3
    assert await hits(other, 4, viewer="anna") == 2
    await one.aclose()
    await other.aclose()


def test_a_redis_url_of_another_kind_is_a_wrong_setting():
    with pytest.raises(SettingsError):
        RateLimits(redis_url="postgres://127.0.0.1")


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), max_size=60))
async def test_no_window_ever_holds_more_than_its_limit(steps):
    clock = Clock()
    limits = RateLimits(viewer="3/4 seconds", clock=clock)
    passed: dict[str, list[float]] = {"a": [], "b": []}
    for wait, viewer in steps:
        clock.now += wait
        if await hits(limits, 1, viewer=viewer):
            passed[viewer].append(clock.now)
        else:
            assert clock.now - passed[viewer][-3] < 4
    for times in passed.values():
        assert all(later - earlier >= 4 for earlier, later in zip(times, times[3:], strict=False))


@pytest.mark.parametrize(
    ("spec", "limit"),
    [("5/10 seconds", (5, 10)), ("5/10s", (5, 10)), ("600/minute", (600, 60)), ("7 per 2 hours", (7, 7200))],
)
def test_limits_are_written_as_amount_and_time(spec, limit):
    parsed = parse_limit(spec)
    assert parsed is not None
    assert (parsed.amount, parsed.seconds) == limit


@pytest.mark.parametrize("spec", ["", "5", "5/0s", "0/10s", "5/fortnight", "-1/s", "5/10s;6/1s"])
def test_other_specifications_are_wrong_settings(spec):
    with pytest.raises(SettingsError):
        parse_limit(spec)


def test_no_limit_is_none_or_off():
    assert parse_limit(None) is None
    assert parse_limit(" Off ") is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, junk", None),
        ("10.0.0.1", "", None),
        ("10.0.0.1", "10.0.0.2", None),
        ("1.2.3.4", "6.6.6.6", None),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer, forwarded, client):
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert forwarded_client(scope, ["10.0.0.1", "10.0.0.2"]) == client
    assert forwarded_client(scope, []) is None


def test_rooms_have_the_same_paths():
    assert below_room("/rooms/den/users/a") == below_room("/users/a") == "/users/a"
    assert below_room("/rooms/den") == ""
    assert below_room("/rooms") == "/rooms"
