"""How long clients may take, and how much they may send: whoever keeps a server waiting is let go.

A server that waits for ever can be stopped by anybody who opens some hundred connections and sends
little or nothing (slow loris). All connections are looked at once a second, which costs a request
nothing. Looks are counted and not seconds: while the server itself is late, no client is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from app import metrics
from app.config import Settings, get_settings
from app.errors import ApiError, respond

PERIOD: Final = 1.0
"""Seconds between two looks."""

BODY_RATE: Final = 10_000
"""Bytes of a body that give its client another second: 80 kbit/s, less than any network has."""

FRAMING: Final = 8
"""How much longer than its content a body may be: chunks of one byte each take six."""

MOST_HEADERS: Final = 100
"""Header fields of a request."""

LET_GO = metrics.counter(
    "slow_clients_total", "Connections closed because the client took too long", "over"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many looks a client has for each thing, and how many bytes."""

    header: float
    body: float
    reader: float
    header_bytes: int
    body_bytes: int

    def for_body(self, received: int) -> float:
        """How many looks a client has for a body of which so much has come.

        Neither a fixed time, which would be too short for a large body or too long for a small one,
        nor a time for each packet, which can be had for a byte each.
        """
        return self.body + min(received, self.body_bytes) / BODY_RATE


@lru_cache
def patience(settings: Settings | None = None) -> Patience:
    """What the settings say, by default those of this process."""
    settings = settings or get_settings()
    return Patience(
        header=settings.client_header_timeout / PERIOD,
        body=settings.client_body_timeout / PERIOD,
        reader=settings.send_timeout / PERIOD,
        header_bytes=settings.max_header_bytes,
        body_bytes=settings.max_body_bytes,
    )


class Refused(ApiError):
    """A request that was not read to its end; its connection is closed (RFC 9112, section 9.6)."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.description or status.phrase, headers={"Connection": "close"})
        self.status, self.code = status, status.name.lower()

    def written(self, scope: dict[str, Any]) -> bytes:
        """The whole answer, for a connection where nobody else can answer."""
        response = respond(Request({"headers": [], **scope}), self)
        lines = [b"HTTP/1.1 %d %s" % (self.status, self.status.phrase.encode())]
        lines += [name + b": " + value for name, value in response.raw_headers]
        return b"\r\n".join([*lines, b"", bytes(response.body)])


class Sweep:
    """Calls `look` for each connection, once a second, while there are any."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connections: Collection[Any],
        look: Callable[[Any], None],
    ) -> None:
        self._loop = loop
        self._connections = connections
        self._look = look
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """See to it that there is a next look."""
        if self._next is None:
            self._next = self._loop.call_later(PERIOD, self._run)

    def _run(self) -> None:
        self._next = None
        if self._connections:
            self.begin()
        for connection in tuple(self._connections):
            self._look(connection)
