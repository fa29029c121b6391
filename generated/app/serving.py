"""How the server speaks HTTP: `uvicorn app.main:app --http app.serving:Protocol`.

A server writes the head of an answer as soon as it has it, and the body after that. To write is
what costs most, and wakes up the client besides: here both go out at once. And it waits for ever:
here it waits as long as `patience` says.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.errors import respond
from app.patience import FRAMING, LET_GO, MOST_HEADERS, Refused, Sweep, patience

PIECES = 2
"""What most answers are written in: a head, and a body."""

SWEEPS: WeakKeyDictionary[ServerState, Sweep] = WeakKeyDictionary()


class Gathered:
    """A transport that writes once in a turn of the event loop; else it is the one it is given."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        # What is asked for often is asked without a detour.
        self.is_closing = transport.is_closing
        self.get_write_buffer_size = transport.get_write_buffer_size
        self._call_soon = loop.call_soon
        self._unsent: list[bytes] = []
        self._closed = False

    def write(self, data: bytes) -> None:
        """Send `data` before the next turn, with what else is written in this one.

        More than a head and a body is sent at once: only then the writer learns of slow readers.
        """
        if self._closed:
            return
        if not self._unsent:
            self._call_soon(self._send)
        self._unsent.append(data)
        if len(self._unsent) > PIECES:
            self._send()

    def close(self) -> None:
        """Close the connection once everything is sent; what is written later is nobody's."""
        self._closed = True
        self._send()
        self._transport.close()

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and not self.is_closing():
            self._transport.writelines(unsent)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with fewer writes, and limits for slow or endless clients.

    Of uvicorn's own state it uses `app`; `scope`, `url` and `headers` of the request that is read;
    `cycle` of the last one whose head was whole, with `scope`, `more_body`, `response_started` and
    `response_complete`. tests/test_serving.py fails where these mean something else.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.ws_protocol_class = None
        self._patience = patience()
        self._received = 0  # bytes since the last head that was whole
        self._head: tuple[object, int] = (None, 0)  # one that is long, and what was received before
        self._awaited: object = None
        self._looks = 0
        self._unsent = 0
        self._stalled = 0

    @override
    def connection_made(  # type: ignore[override]  # uvicorn narrows it as well
        self, transport: asyncio.Transport
    ) -> None:
        """Serve a connection."""
        super().connection_made(cast("asyncio.Transport", Gathered(transport, self.loop)))
        sweep = SWEEPS.get(self.server_state)
        if sweep is None:
            sweep = Sweep(self.loop, self.connections, Protocol.look)
            SWEEPS[self.server_state] = sweep
        sweep.begin()

    @override
    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        self._received += len(data)
        super().data_received(data)
        if self._received > self._patience.header_bytes:
            self._measure()

    @override
    def on_headers_complete(self) -> None:
        """Begin to answer."""
        most = self._patience.header_bytes
        if len(self.headers) > MOST_HEADERS or (
            self._received > most and self._head_bytes() > most
        ):
            self.app = too_large
        self._received = 0
        super().on_headers_complete()

    @override
    def resume_writing(self) -> None:
        """Write on: the client has read."""
        super().resume_writing()
        self._stalled = 0

    def look(self) -> None:
        """Once a second: let the client go if it has had more time than it should need."""
        unsent, closing = self.transport.get_write_buffer_size(), self.transport.is_closing()
        if unsent or closing:
            self._stalled = self._stalled + 1 if unsent >= self._unsent else 0
            self._unsent = unsent
            if self._stalled > self._patience.reader:
                LET_GO.labels("answer").inc()
                self.transport.abort()
            return
        self._unsent = self._stalled = 0
        awaited, most = self._waits()
        if awaited is None or awaited is not self._awaited:
            self._awaited, self._looks = awaited, 0
            return
        self._looks += 1
        if self._looks >= most:
            self._let_go()

    @property
    def _reads_head(self) -> bool:
        """Whether a head is awaited, or has come in part."""
        cycle = self.cycle
        return cycle is None or self.scope is not cycle.scope

    @property
    def _answers(self) -> bool:
        """Whether a request has no whole answer yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def _waits(self) -> tuple[object, float]:
        """What the client has to send, and how many looks it has for that; None: it is our turn."""
        limits = self._patience
        if not self._answers:
            if self._reads_head:
                return self.scope or self, limits.header
            # uvicorn ends idle connections by itself, but not those that go on to send anything.
            return self.cycle.scope, max(self.timeout_keep_alive, limits.body)
        if self.cycle.more_body and self.transport.is_reading():
            return self.cycle, limits.for_body(self._received)
        return None, 0

    def _let_go(self) -> None:
        """Answer 408 if a request has begun that has no answer, and close the connection."""
        if self._answers:
            LET_GO.labels("body").inc()
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, told=not self.cycle.response_started)
        else:
            LET_GO.labels("head").inc()
            begun = self.scope is not None and self._reads_head
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, told=begun)

    def _measure(self) -> None:
        """End a head that is too long, though it isn't whole, and whatever else has no end."""
        limits = self._patience
        if self._reads_head and self.scope is not None:
            begun, before = self._head
            if begun is not self.scope:
                self._head = (self.scope, self._received)
            elif self._received - before > limits.header_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, told=not self._answers)
        elif self._received > limits.header_bytes + FRAMING * limits.body_bytes:
            self.transport.abort()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self, status: HTTPStatus, *, told: bool) -> None:
        if told and not self.transport.is_closing():
            self.transport.write(Refused(status).written(dict(self.scope)))
        self.transport.close()


async def too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request with a head that is too large (RFC 6585, section 5)."""
    refused = Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    await respond(Request(scope), refused)(scope, receive, send)
