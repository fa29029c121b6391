"""Less than the floor: an ASGI function that answers with the same bytes, always.

What a load test takes here is what its client takes, on this machine.
"""

from __future__ import annotations

from typing import Any

BODY = b"[" + b"x" * 9000 + b"]"
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"9002")]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
