"""How the server speaks HTTP: `uvicorn app.main:app --http app.serving:Protocol`.

A server writes the head of an answer as soon as it has it, and the body after that. To write is
what costs most, and wakes up the client besides: here both go out at once.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Gathered:
    """A transport that writes once in a turn of the event loop; else it is the one it is given."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._unsent: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send `data` before the next turn, with what else is written in this one."""
        if not self._unsent:
            self._call_soon(self._send)
        self._unsent.append(data)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent:
            self._transport.writelines(unsent)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with fewer writes."""

    @override
    def connection_made(  # type: ignore[override]  # uvicorn narrows it as well
        self, transport: asyncio.Transport
    ) -> None:
        """Serve a connection."""
        super().connection_made(cast("asyncio.Transport", Gathered(transport, self.loop)))
