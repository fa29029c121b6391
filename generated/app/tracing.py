"""Traces: which one a request belongs to (W3C Trace Context), and its spans, if they are wanted.

Spans are made when OTEL_EXPORTER_OTLP_ENDPOINT is set; then, and only then, OpenTelemetry's SDK is
imported. Without them, log lines and outgoing requests still name the trace that a client began.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.config import Settings
from app.current import CURRENT

if TYPE_CHECKING:
    from app.spans import Spans

TRACEPARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(-.*)?"
)

spans: Spans | None = None
"""Where spans are made; None if nobody wants any."""


def incoming(traceparent: bytes) -> str:
    """A header as this version writes it, or "" if it is none (section 3.2)."""
    found = TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or (found[1] == b"00" and found[3]):
        return ""
    return f"00-{found[2].decode()}"


def outgoing() -> dict[str, str]:
    """Headers for a request to somebody else that is made while one is served."""
    current = CURRENT.get()
    return {"traceparent": current.traceparent} if current and current.traceparent else {}


@asynccontextmanager
async def exported(settings: Settings, service: str, version: str) -> AsyncIterator[None]:
    """Make spans and send them off, for as long as the application serves; if that is wanted."""
    global spans
    if not settings.otel_exporter_otlp_endpoint:
        yield
        return
    from app.spans import Spans

    made = spans = Spans(settings.otel_exporter_otlp_endpoint, service, version)
    try:
        yield
    finally:
        spans = None
        await asyncio.to_thread(made.close)
