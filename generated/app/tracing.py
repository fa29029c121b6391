"""The trace that a request belongs to (W3C Trace Context)."""

from __future__ import annotations

import re

TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


def trace_id(traceparent: bytes) -> str:
    """The id of the trace that a header names, or "" if it is none."""
    found = TRACEPARENT.match(traceparent) if traceparent else None
    return found[1].decode() if found else ""
