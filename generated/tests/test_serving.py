"""Answers leave in one piece, as soon as they are there; clients have their time, and no more.

Whatever `app.serving` uses of uvicorn is used here: a version where it means something else fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from socket import socket, socketpair
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override
from uvicorn.server import ServerState

from app.patience import BODY_RATE, FRAMING, MOST_HEADERS, patience
from app.serving import Gathered, Protocol

pytestmark = pytest.mark.asyncio(loop_scope="session")

LENGTH = [(b"content-length", b"5")]
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"


class Recorded(asyncio.Transport):
    """A transport that keeps what it is to send, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closing = False

    @override
    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Keep it."""
        self.sent.append(b"".join(list_of_data))

    @override
    def close(self) -> None:
        """Keep that it is closed now."""
        self.sent.append(b"closed")
        self.closing = True

    @override
    def is_closing(self) -> bool:
        """Whether it is, or the client has gone."""
        return self.closing


async def test_what_is_written_in_one_turn_goes_out_at_once() -> None:
    """What comes later goes out later: a stream isn't held back."""
    recorded = Recorded()
    transport = Gathered(recorded, asyncio.get_running_loop())
    transport.write(b"head ")
    transport.write(b"body ")
    assert recorded.sent == []
    await asyncio.sleep(0)
    assert recorded.sent == [b"head body "]
    transport.write(b"more")
    await asyncio.sleep(0)
    assert recorded.sent == [b"head body ", b"more"]
    for piece in (b"a ", b"b ", b"c ", b"d "):
        transport.write(piece)
    assert recorded.sent == [b"head body ", b"more", b"a b c "]
    await asyncio.sleep(0)
    assert recorded.sent == [b"head body ", b"more", b"a b c ", b"d "]


async def test_nothing_is_lost_at_the_end() -> None:
    """A connection is closed after everything has left; the rest is as of any transport."""
    recorded = Recorded()
    transport = Gathered(recorded, asyncio.get_running_loop())
    transport.write(b"all")
    transport.close()
    await asyncio.sleep(0)
    assert recorded.sent == [b"all", b"closed"]
    assert transport.is_closing == recorded.is_closing

    transport.write(b"nobody's")
    await asyncio.sleep(0)
    assert recorded.sent == [b"all", b"closed"]


async def test_clients_may_go_while_something_is_on_its_way() -> None:
    """Nothing is written to a transport that is closed: it would be an error."""
    recorded = Recorded()
    Gathered(recorded, asyncio.get_running_loop()).write(b"too late")
    recorded.closing = True
    await asyncio.sleep(0)
    assert recorded.sent == []


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers without a look at the request."""
    await send({"type": "http.response.start", "status": 200, "headers": LENGTH})
    await send({"type": "http.response.body", "body": b"hello"})


class Reading:
    """Answers when it has the whole body, and keeps the kinds of messages that it got."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, and answer."""
        more = True
        while more:
            message = await receive()
            self.got.append(message["type"])
            self.size += len(message.get("body", b""))
            more = message.get("more_body", False)
        await hello(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Connection:
    """Both ends of a connection: the server's protocol, and the client's socket."""

    protocol: Protocol
    client: socket

    async def send(self, data: bytes) -> None:
        """Let the server have read this."""
        await asyncio.get_running_loop().sock_sendall(self.client, data)
        await asyncio.sleep(0.02)

    async def receive(self) -> bytes:
        """What the client has got; nothing if the connection is closed."""
        try:
            async with asyncio.timeout(30):
                return await asyncio.get_running_loop().sock_recv(self.client, 1 << 16)
        except ConnectionResetError:
            return b""

    async def rest(self) -> bytes:
        """All that the client gets until the connection is closed."""
        parts = []
        while part := await self.receive():
            parts.append(part)
        return b"".join(parts)

    def look(self, times: float) -> None:
        """Let time pass."""
        for _ in range(int(times)):
            self.protocol.look()


@asynccontextmanager
async def connected(app: ASGIApp) -> AsyncIterator[Connection]:
    """A connection to a server of `app`."""
    config = uvicorn.Config(app, lifespan="off", log_config=None)
    loop = asyncio.get_running_loop()
    here, there = socketpair()
    there.setblocking(False)
    transport, protocol = await loop.connect_accepted_socket(
        lambda: Protocol(config, ServerState(), {}), here
    )
    try:
        yield Connection(protocol, there)
    finally:
        there.close()
        transport.abort()
        await asyncio.sleep(0)


async def test_it_speaks_http() -> None:
    """With the server's own protocol below: head and body of an answer come together."""
    async with connected(hello) as connection:
        for _ in range(2):
            await connection.send(REQUEST)
            answer = await connection.receive()
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\nhello")


async def test_requests_may_follow_each_other_at_once() -> None:
    """Answers come in their order, bodies stay with their heads, and nobody is too slow."""
    reading = Reading()
    bodies = b"".join(POST % size + b"x" * size for size in (1, 100_000, 3))
    async with connected(reading) as connection:
        await connection.send(bodies + REQUEST.replace(b"GET", b"HEAD"))
        answers = b""
        while answers.count(b"HTTP/1.1 200 OK") < 4:
            connection.look(1)
            answers += await connection.receive()
        assert (answers.count(b"hello"), reading.size) == (3, 100_004)


async def test_whoever_sends_nothing_is_let_go() -> None:
    """Not before the time of a head, and without an answer."""
    limit = patience().header
    async with connected(hello) as connection:
        connection.look(limit)
        assert not connection.protocol.transport.is_closing()
        connection.look(1)
        assert await connection.rest() == b""


@pytest.mark.parametrize("before", [b"", REQUEST])
async def test_a_head_has_its_time(before: bytes) -> None:
    """From its first byte on, as the first of a connection or a later one; more bytes don't help."""
    limit = patience().header
    async with connected(hello) as connection:
        connection.look(limit)
        if before:
            await connection.send(before)
            await connection.receive()
        await connection.send(REQUEST[:-4])
        for _ in range(int(limit)):
            connection.look(1)
            await connection.send(b"x")
        assert not connection.protocol.transport.is_closing()
        connection.look(1)
        answer = await connection.rest()
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close\r\n" in answer.lower()


async def test_a_body_has_its_time() -> None:
    """What has come of it gives some more; whoever waits for it learns that it will not come."""
    limits, reading = patience(), Reading()
    assert limits.for_body(0) == limits.body
    assert limits.for_body(10 * BODY_RATE) == limits.body + 10
    assert limits.for_body(1 << 60) == limits.for_body(limits.body_bytes)
    async with connected(reading) as connection:
        await connection.send(POST % (6 * BODY_RATE))
        await connection.send(b"x" * (3 * BODY_RATE))
        connection.look(limits.body + 3)
        assert not connection.protocol.transport.is_closing()
        connection.look(1)
        answer = await connection.rest()
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert reading.got[-1] == "http.disconnect"


async def test_the_time_that_the_server_takes_is_its_own() -> None:
    """Its clients can't be late meanwhile, whether they have sent everything or have to wait."""
    begun, answering = asyncio.Event(), asyncio.Event()

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await answering.wait()
        await Reading()(scope, receive, send)

    for body in (b"", b"x" * 200_000):
        begun.clear()
        answering.clear()
        async with connected(busy) as connection:
            sending = asyncio.create_task(connection.send(POST % len(body) + body + REQUEST[:9]))
            await begun.wait()
            await asyncio.sleep(0.02)
            connection.look(1000)
            answering.set()
            assert (await connection.receive()).endswith(b"hello")
            await sending


async def test_readers_have_their_time() -> None:
    """As long as they take something, however little; then whoever writes for them is let go."""
    limit, ended = patience().reader, asyncio.Event()

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
        ended.set()

    async with connected(endless) as connection:
        await connection.send(REQUEST)
        for _ in range(3):
            connection.look(limit)
            for _ in range(20):
                assert await connection.receive()
            await asyncio.sleep(0.02)
        assert not ended.is_set()
        connection.look(limit + 2)
        await asyncio.wait_for(ended.wait(), 30)
        assert len(await connection.rest()) < 10_000_000


async def test_a_connection_that_can_not_be_closed_is_cut() -> None:
    """Its client would have to read first."""

    async def large(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"8000000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(8_000_000)})

    async with connected(large) as connection:
        await connection.send(REQUEST)
        assert connection.protocol.transport.is_closing()
        connection.look(patience().reader + 2)
        assert len(await connection.rest()) < 8_000_000


@pytest.mark.parametrize("after", [b"\r\n", b"x"])
async def test_idle_connections_are_closed_whatever_they_send(after: bytes) -> None:
    """Blank lines, or a body that nobody wants any more, don't keep them open."""
    request = REQUEST if after.isspace() else POST % 1000
    async with connected(hello) as connection:
        await connection.send(request)
        assert (await connection.receive()).endswith(b"hello")
        for _ in range(int(patience().body) + 2):
            connection.look(1)
            if not connection.protocol.transport.is_closing():
                await connection.send(after)
        assert await connection.rest() == b""


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"a: b\r\n" * (MOST_HEADERS - 1), b"200"),
        (b"a: b\r\n" * MOST_HEADERS, b"431"),
        (b"a: " + b"b" * (patience().header_bytes - 100) + b"\r\n", b"200"),
        (b"a: " + b"b" * patience().header_bytes + b"\r\n", b"431"),
        (b"a: " + b"b" * patience().header_bytes * 20, b"431"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 10])
async def test_heads_have_a_limit(head: bytes, status: bytes, pieces: int) -> None:
    """For their header fields, and for all of them together, before they are whole as well."""
    request = REQUEST[:-2] + head + b"\r\n"
    async with connected(hello) as connection:
        await connection.send(REQUEST)
        await connection.receive()
        size = len(request) // pieces + 1
        for start in range(0, len(request), size):
            with suppress(BrokenPipeError):
                await connection.send(request[start : start + size])
        answer = await connection.receive()
        assert answer.startswith(b"HTTP/1.1 " + status)
        if status != b"200":
            assert b"\r\nconnection: close\r\n" in answer.lower()
            assert await connection.rest() == b""


async def test_nothing_is_read_without_end() -> None:
    """Not even what nobody keeps: the rest of a body, and trailers."""
    limits = patience()
    async with connected(hello) as connection:
        await connection.send(POST % (1 << 40))
        assert (await connection.receive()).endswith(b"hello")
        most = limits.header_bytes + FRAMING * limits.body_bytes
        much = bytes(2 * most)
        with pytest.raises(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(connection.client, much)


async def test_no_other_protocol_is_offered() -> None:
    """A request for one is answered as any other (RFC 9110, section 7.8)."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    async with connected(hello) as connection:
        await connection.send(REQUEST[:-2] + upgrade)
        assert (await connection.receive()).startswith(b"HTTP/1.1 200 OK\r\n")
