"""Request ids, figures, a log line for each request, and headers that keep browsers careful."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Mapping
from functools import cache

from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import metrics, tracing
from app.current import CURRENT, Current
from app.errors import unexpected

REQUEST_COUNT = metrics.counter(
    "http_requests_total", "Total HTTP requests", "method", "endpoint", "status"
)
REQUEST_DURATION = metrics.histogram(
    "http_request_duration_seconds", "HTTP request duration in seconds", "method", "endpoint"
)
IN_PROGRESS = metrics.gauge("http_requests_in_progress", "Requests that have no whole answer yet")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "OTHER"
UNMATCHED = "<unmatched>"
UNREMARKABLE = frozenset({"/health/live", "/health/ready", "/metrics"})

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
READ = frozenset({b"x-request-id", b"authorization", b"traceparent", b"tracestate"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
STRICT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")

access_log = logging.getLogger("app.access")
error_log = logging.getLogger("app.errors")


class Monitoring:
    """Watches every request, as pure ASGI. A HEAD request is answered as GET without the body.

    What nothing else has caught is logged and answered here, so that such answers are as complete
    as all others.
    """

    running = 0

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    @classmethod
    def sample(cls) -> None:
        """Set the gauge of what is in progress; to do so at each change would cost too much."""
        IN_PROGRESS.set(cls.running)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and note what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        method = scope["method"]
        asked = {name: value for name, value in scope["headers"] if name in READ}
        request_id = _request_id(asked.get(b"x-request-id", b""))
        status, begun = 500, False

        async def watched_send(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message = {**message, "headers": _headers(message, asked, request_id)}
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"} if method == "HEAD" else scope
        known = method if method in METHODS else OTHER
        if tracing.spans is None:
            span, traceparent = None, tracing.incoming(asked.get(b"traceparent", b""))
        else:
            span = tracing.spans.request(known, asked)
            traceparent = span.traceparent
        current = Current(request_id, traceparent, inner)
        token = CURRENT.set(current)
        Monitoring.running += 1
        try:
            await self.app(inner, receive, watched_send)
        except Exception:
            if begun:
                raise
            error_log.exception("unexpected", extra={"fields": current.ids})
            await unexpected(Request(inner))(inner, receive, watched_send)
        finally:
            Monitoring.running -= 1
            _note(known, current, status, time.perf_counter() - started)
            if span is not None:
                endpoint = _endpoint(inner)
                span.end(f"{known} {endpoint}", endpoint, status)
            CURRENT.reset(token)


def _request_id(given: bytes) -> str:
    """The id that the client gave, if it is harmless, or a new one."""
    return given.decode() if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _headers(
    message: Message, asked: Mapping[bytes, bytes], request_id: str
) -> list[tuple[bytes, bytes]]:
    given = message["headers"]
    names = [name for name, _ in given]
    headers = [*given, *SECURITY_HEADERS, (b"x-request-id", request_id.encode())]
    if STRICT_POLICY[0] not in names:
        headers.append(STRICT_POLICY)
    if b"authorization" in asked and NO_STORE[0] not in names:
        headers.append(NO_STORE)
    return headers


def _endpoint(scope: Scope) -> str:
    """The template of the route that a request is for."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))


def _note(method: str, current: Current, status: int, seconds: float) -> None:
    endpoint = _endpoint(current.scope)
    count, duration = _meters(method, endpoint, status)
    count.inc()
    duration.observe(seconds)
    level = logging.DEBUG if endpoint in UNREMARKABLE else logging.INFO
    if access_log.isEnabledFor(level):
        fields = {
            **current.ids,
            "method": method,
            "endpoint": endpoint,
            "status": status,
            "milliseconds": round(seconds * 1000, 3),
        }
        # Made by hand: to find out which line of code logs takes longer than to log.
        record = access_log.makeRecord(access_log.name, level, "", 0, "request", (), None)
        record.fields = fields
        access_log.handle(record)


@cache
def _meters(method: str, endpoint: str, status: int) -> tuple[Counter, Histogram]:
    """What counts and times requests of one kind; there are only so many kinds."""
    return REQUEST_COUNT.labels(method, endpoint, status), REQUEST_DURATION.labels(method, endpoint)
