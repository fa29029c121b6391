"""Answers leave in one piece, and none has to wait for more than the turn of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from socket import socketpair
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.server import ServerState

from app.serving import Gathered, Protocol

pytestmark = pytest.mark.asyncio(loop_scope="session")

LENGTH = [(b"content-length", b"5")]
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Recorded(asyncio.Transport):
    """A transport that keeps what it is to send, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    @override
    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Keep it."""
        self.sent.append(b"".join(list_of_data))

    @override
    def close(self) -> None:
        """Keep that it is closed now."""
        self.sent.append(b"closed")


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


async def test_nothing_is_lost_at_the_end() -> None:
    """A connection is closed after everything has left; the rest is as of any transport."""
    recorded = Recorded()
    transport = Gathered(recorded, asyncio.get_running_loop())
    transport.write(b"all")
    transport.close()
    await asyncio.sleep(0)
    assert recorded.sent == [b"all", b"closed"]
    assert transport.is_closing == recorded.is_closing


async def test_it_speaks_http() -> None:
    """With the server's own protocol below: head and body of an answer come together."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LENGTH})
        await send({"type": "http.response.body", "body": b"hello"})

    config = uvicorn.Config(app, lifespan="off", log_config=None)
    loop = asyncio.get_running_loop()
    here, there = socketpair()
    with closing(there):
        there.setblocking(False)
        transport, _ = await loop.connect_accepted_socket(
            lambda: Protocol(config, ServerState(), {}), here
        )
        await loop.sock_sendall(there, REQUEST)
        answer = await loop.sock_recv(there, 1000)
        transport.close()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")
