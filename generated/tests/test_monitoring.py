"""What every request leaves behind, and what every answer comes with."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from starlette.responses import StreamingResponse

from app.logs import JsonFormatter
from app.main import create_app
from tests.contract import HEADERS, NOWHERE


def counted(method: str, endpoint: str, status: int) -> float:
    """How many requests there have been of a kind."""
    labels = {"method": method, "endpoint": endpoint, "status": str(status)}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0


def series() -> int:
    """How many kinds of requests are told apart."""
    return sum(len(metric.samples) for metric in REGISTRY.collect())


@pytest.fixture
def echoing() -> TestClient:
    """A client of the application, and a route with a parameter."""
    app = create_app()

    @app.get(NOWHERE + "/{name}")
    async def echo(name: str) -> str:
        if name == "bad":
            raise RuntimeError(name)
        return name

    return TestClient(app, raise_server_exceptions=False)


def test_requests_are_counted_by_route(echoing: TestClient) -> None:
    """Paths of one route are one series, whatever stands for its parameters."""
    endpoint = NOWHERE + "/{name}"
    before = counted("GET", endpoint, 200)
    for name in ("one", "two", "three"):
        echoing.get(f"{NOWHERE}/{name}")
    assert counted("GET", endpoint, 200) == before + 3


def test_requests_for_nothing_make_no_series(client: TestClient) -> None:
    """Whoever asks for what isn't there can't fill the memory with metrics."""
    client.get(NOWHERE)
    client.request("BREW", NOWHERE)
    before = series()
    for number in range(10):
        assert client.get(f"{NOWHERE}/{number}").status_code == 404
        client.request(f"BREW{number}", NOWHERE)
    assert series() == before


def test_failures_are_counted(echoing: TestClient) -> None:
    """A request at which the service fails is counted as what the client was told."""
    endpoint = NOWHERE + "/{name}"
    before = counted("GET", endpoint, 500)
    response = echoing.get(f"{NOWHERE}/bad")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"]
    assert counted("GET", endpoint, 500) == before + 1


def test_an_answer_that_breaks_off_is_not_passed_off_as_whole() -> None:
    """What has begun can't be taken back: the connection ends, so that the client notices."""
    app = create_app()

    async def halves() -> AsyncIterator[str]:
        yield "half"
        raise RuntimeError("out of luck")

    @app.get(NOWHERE)
    async def begin() -> StreamingResponse:
        return StreamingResponse(halves())

    with pytest.raises(RuntimeError, match="out of luck"):
        TestClient(app).get(NOWHERE)


def test_metrics_are_shown(client: TestClient) -> None:
    """Prometheus reads them, and asking for them is counted too."""
    client.get("/metrics")
    response = client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert 'http_requests_total{endpoint="/metrics",method="GET",status="200"}' in response.text
    assert "http_request_duration_seconds_bucket" in response.text


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/docs", NOWHERE])
def test_every_answer_keeps_browsers_careful(client: TestClient, path: str) -> None:
    """Headers that cost nothing and close doors are on all answers alike."""
    response = client.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_request_can_be_followed(client: TestClient) -> None:
    """The client's id for a request is kept if it is harmless; else the request gets a new one."""
    response = client.get("/health/live", headers={"X-Request-ID": "order-17.b_2"})
    assert response.headers["X-Request-ID"] == "order-17.b_2"
    for harmful in ("", "a b", "a" * 65, "\u00e4", '"}', "../.."):
        response = client.get("/health/live", headers={b"X-Request-ID": harmful.encode()})
        assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_head_is_get_without_the_body(client: TestClient) -> None:
    """HEAD is answered wherever GET is, with the same headers."""
    got, head = client.get("/health/live"), client.head("/health/live")
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_log_lines_are_json(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """A request is one line, with the route instead of the path, which may hold what is private."""
    log = logging.getLogger("app.access")
    log.addHandler(caplog.handler)
    try:
        client.get(f"{NOWHERE}/private", headers={"X-Request-ID": "request-17"})
    finally:
        log.removeHandler(caplog.handler)
    line = JsonFormatter().format(caplog.records[-1])
    assert "private" not in line
    said = json.loads(line)
    assert (said["request_id"], said["method"], said["status"]) == ("request-17", "GET", 404)
    assert said["level"] == "INFO"


def test_nothing_breaks_a_log_line() -> None:
    """Line feeds and quotes in a message, and tracebacks, stay within the line."""
    try:
        raise ValueError('first\nsecond "third" \u2028')
    except ValueError as error:
        record = logging.LogRecord(
            "app", logging.ERROR, "", 0, "%s", (error,), (type(error), error, error.__traceback__)
        )
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert "Traceback" in json.loads(line)["traceback"]
