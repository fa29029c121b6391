"""What each feature around the operations costs: microseconds of CPU a request, in one process.

`features.py service ROUNDS`, in the folder of a generated service, or `features.py fastapi ROUNDS`,
for what the same costs with FastAPI's own means; prints pairs of a feature and its cost as JSON.
Features are turned on one after the other; each is charged with what it adds.
"""

import asyncio
import importlib
import io
import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any
from unittest.mock import patch
from uuid import uuid4

from fastapi import FastAPI, Query, Request, Response

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

CALLS, ROUNDS = 3000, int(sys.argv[2])
QUERY = (
    "limit=20&offset=0&owner_id=5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10&status=available&tag=brass"
    "&min_price=1.00&max_price=99.00&created_from=2026-01-15T09%3A30%3A00Z"
    "&created_to=2027-01-15T09%3A30%3A00Z&q=lamp&sort=-created_at"
)
ITEMS = "/api/v1/items/"
STATEMENT = "SELECT row_to_json(items) FROM items WHERE id = $1"
TRACEPARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
}
BODY = {"type": "http.response.body", "body": b"{}"}


class Route:
    """What a router leaves in the scope."""

    path = ITEMS
    operation_id = "listItems"


async def answer(scope: Scope, receive: Any, send: Any) -> None:
    """The operation: nothing at all."""
    scope["route"] = Route
    await send(dict(START))
    await send(dict(BODY))


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: dict[str, Any]) -> None:
    """Nobody listens."""


def scope(query: str = "") -> Scope:
    """A request as a server makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": ITEMS,
        "raw_path": ITEMS.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"accept", b"application/json"),
            (b"user-agent", b"bench"),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def served(app: App, query: str = "") -> float:
    """Microseconds of CPU time for one request to an application."""

    async def run() -> list[float]:
        found = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(CALLS):
                await app(scope(query), receive, send)
            found.append((time.process_time() - started) / CALLS * 1e6)
        return found

    return statistics.median(asyncio.run(run())[1:])


def called(function: Callable[[], object]) -> float:
    """Microseconds of CPU time for one call of a function."""
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(CALLS):
            function()
        found.append((time.process_time() - started) / CALLS * 1e6)
    return statistics.median(found[1:])


def watching() -> Iterator[tuple[str, float]]:
    """The middleware of the service, feature by feature."""
    monitoring = importlib.import_module("app.monitoring")
    app = monitoring.Monitoring(answer)
    stand_ins: dict[str, Callable[..., object]] = {
        "_request_id": lambda *_: "none",
        "_headers": lambda message, *_: message["headers"],
        "_note": lambda *_: None,
    }
    before = served(answer)
    logs = importlib.import_module("app.logs")
    with quiet_log(logs.JsonFormatter()) as log:
        for feature, without, level in (
            ("the middleware by itself", ("_request_id", "_headers", "_note"), logging.ERROR),
            ("request id", ("_headers", "_note"), logging.ERROR),
            ("security headers", ("_note",), logging.ERROR),
            ("metrics by route", (), logging.ERROR),
            ("log line in JSON", (), logging.INFO),
        ):
            log.setLevel(level)
            with ExitStack() as stack:
                for name in without:
                    stack.enter_context(patch.object(monitoring, name, stand_ins[name]))
                now = served(app)
            yield feature, now - before
            before = now


def following() -> Iterator[tuple[str, float]]:
    """What is noted of statements and traces; spans are made only where a collector is named."""
    queries = importlib.import_module("app.queries")
    tracing = importlib.import_module("app.tracing")
    yield "a statement timed", called(lambda: queries.note(STATEMENT, time.perf_counter()))
    yield "trace of the client, read", called(partial(tracing.incoming, TRACEPARENT))
    spans = importlib.import_module("app.spans")
    app = importlib.import_module("app.monitoring").Monitoring(answer)
    logging.getLogger("app").setLevel(logging.ERROR)
    before = served(app)
    with patch.object(spans, "OTLPSpanExporter", lambda **_: Exporter()):
        made = spans.Spans("", "features", "1")
    with closing(made), patch.object(tracing, "spans", made):
        yield "span of a request, where wanted", served(app) - before


class Exporter:
    """Takes spans, and sends them nowhere."""

    def export(self, spans: object) -> Any:
        return importlib.import_module("opentelemetry.sdk.trace.export").SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is left to do."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


@contextmanager
def quiet_log(formatter: logging.Formatter) -> Iterator[logging.Logger]:
    """The log of the service, written to where nobody reads it."""
    log = logging.getLogger("app")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        handler = logging.StreamHandler(nowhere)
        handler.setFormatter(formatter)
        log.handlers, log.propagate = [handler], False
        yield log


def binding() -> Iterator[tuple[str, float]]:
    """The parameters of listItems, as the service reads them."""
    kind = importlib.import_module("app.schemas.item").ListItemsQuery
    bind = importlib.import_module("app.api.binding").from_query(kind).dependency

    def request(query: str) -> Request:
        return Request({**scope(query), "route": Route})

    for feature, query in (("query parameters, eleven sent", QUERY), ("the same, none sent", "")):
        alone = partial(request, query)
        yield feature, called(partial(_bound, bind, alone)) - called(alone)


def _bound(bind: Callable[[Request], object], request: Callable[[], Request]) -> object:
    return bind(request())


def verifying() -> Iterator[tuple[str, float]]:
    """A token, as the service verifies it."""
    security = importlib.import_module("app.utils.security")
    settings = importlib.import_module("app.config").get_settings()
    tokens = security.Tokens(settings)
    token = security.AccessToken(uuid4(), uuid4(), frozenset({"items:write", "profile"}))
    text = tokens.write_access_token(token)
    yield "access token", called(lambda: tokens.read_access_token(text))


def conditions() -> Iterator[tuple[str, float]]:
    """What a read of one row costs more where rows have versions."""
    known = importlib.import_module("app.utils.conditions")
    plain = Request(scope())
    asking = Request({**scope(), "headers": [(b"if-none-match", b'"3-b0ad65fd"')]})
    body = b"x" * 400
    tag = known.entity_tag(3, "b0ad65fd", body)
    yield "entity tag of a row", called(lambda: known.entity_tag(3, "b0ad65fd", body))
    yield "conditions, none sent", called(lambda: known.conditions_of(plain).not_modified(tag))
    yield (
        "If-None-Match, and it fits",
        called(lambda: known.conditions_of(asking).not_modified(tag)),
    )


def limiting() -> Iterator[tuple[str, float]]:
    """A request as the limiter counts it: by itself, and in Redis beside others of its time."""
    settings = importlib.import_module("app.config").get_settings()
    shared = importlib.import_module("app.redis").SharedRedis(settings)
    limiter = importlib.import_module("app.limits.limiter").Limiter(settings, shared)
    tokens = importlib.import_module("app.utils.security").Tokens(settings)
    state = SimpleNamespace(tokens=tokens)
    asked = {**scope(), "route": Route, "app": SimpleNamespace(state=state)}
    for feature, connected, at_once in (
        ("limit, counted in the process", False, 1),
        ("limit, counted in Redis, 32 at once", True, 32),
        ("limit, counted in Redis, one at a time", True, 1),
    ):
        yield feature, asyncio.run(_limited(limiter, asked, shared if connected else None, at_once))


async def _limited(limiter: Any, asked: Scope, redis: Any, at_once: int) -> float:
    if redis is not None:
        redis.connect()
    found = []
    for _ in range(ROUNDS):
        calls = iter(range(CALLS))

        async def ask(calls: Iterator[int] = calls) -> None:
            for _ in calls:
                await limiter.hold(Request(dict(asked)))

        started = time.process_time()
        await asyncio.gather(*(ask() for _ in range(at_once)))
        found.append((time.process_time() - started) / CALLS * 1e6)
    if redis is not None:
        assert redis.available
        await redis.disconnect()
    return statistics.median(found[1:])


def for_comparison() -> Iterator[tuple[str, float]]:
    """The same with FastAPI's own means."""
    features = importlib.import_module("tests.performance.peers.features")
    query = importlib.import_module("tests.performance.peers.schemas").ItemQuery
    logging.getLogger().handlers = [logging.NullHandler()]
    logging.getLogger("access").handlers = [logging.StreamHandler(io.StringIO())]

    def application(*, watched: bool = False, bound: bool = False) -> FastAPI:
        app = FastAPI()
        if watched:
            features.install(app)

        async def plain() -> Response:
            return Response(b"{}")

        async def with_query(query: Annotated[query, Query()]) -> Response:  # type: ignore[valid-type]  # found at run time
            return Response(b"{}")

        app.get(ITEMS)(with_query if bound else plain)
        return app

    plain = served(application())
    yield "FastAPI: a route, without anything", plain
    yield "FastAPI: the same features by @app.middleware", served(application(watched=True)) - plain
    bound = application(bound=True)
    yield "FastAPI: the same parameters by Query(), eleven sent", served(bound, QUERY) - plain
    yield "FastAPI: the same parameters by Query(), none sent", served(bound) - plain


def main(whose: str) -> None:
    """Print what was measured."""
    if whose == "service":
        sys.path.insert(0, ".")
        found = [*watching(), *following(), *binding(), *verifying(), *limiting(), *conditions()]
    else:
        found = [*for_comparison()]
    print(json.dumps([(feature, round(cost, 1)) for feature, cost in found]))


if __name__ == "__main__":
    main(sys.argv[1])
