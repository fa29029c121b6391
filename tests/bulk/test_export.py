"""Exports: all rows, as the client likes them, from one moment, without keeping anybody waiting."""

from __future__ import annotations

import csv
import io
import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.warehouse import READERS_TIME, Warehouse, measured

NDJSON = "application/x-ndjson"
OPEN = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@pytest.fixture
def client(warehouse: Warehouse, ada: httpx2.Client) -> httpx2.Client:
    """Somebody who has 2,500 parts, and one that is deleted."""
    warehouse.fill(2_501)
    warehouse.ask("UPDATE parts SET deleted_at = now() WHERE sku = 'S2501'")
    return ada


def lines(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The objects of an export, a line each."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def table(answer: httpx2.Response) -> list[dict[str, str]]:
    """The rows of comma-separated values, by the names of the first line."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_lines_are_the_rows_of_the_list(client: httpx2.Client) -> None:
    """Every row that is not deleted, as the list shows it."""
    answer = client.get("/parts/export")
    assert answer.headers["Content-Type"] == NDJSON
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parts.ndjson"'
    rows = {row["id"]: row for row in lines(answer)}
    assert len(rows) == 2_500
    for shown in client.get("/parts", params={"limit": 100}).json():
        assert rows[shown["id"]] == shown


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", NDJSON),
        ("*/*", NDJSON),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        (f"{NDJSON};q=0.2, text/csv;q=0.5", "text/csv"),
        ("text/csv;q=0, */*", NDJSON),
        ("text/csv;q=x, application/*;q=0.1", NDJSON),
        ("image/png", NDJSON),
    ],
)
def test_clients_choose(client: httpx2.Client, accept: str, kind: str) -> None:
    """By `Accept`, with its weights; whoever likes nothing of it gets the first."""
    answer = client.head("/parts/export", headers={"Accept": accept})
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["Vary"] == "Accept"
    assert answer.content == b""


def test_comma_separated_values(warehouse: Warehouse, client: httpx2.Client) -> None:
    """A line of names, then the same values; null is nothing."""
    rows = table(client.get("/parts/export", headers={"Accept": "text/csv"}))
    shown = {row["id"]: row for row in lines(client.get("/parts/export"))}
    assert len(rows) == 2_500
    for row in rows:
        values = {name: "" if v is None else str(v) for name, v in shown[row["id"]].items()}
        assert row == values


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-1.50", "-1.50"),
        ("a=1", "a=1"),
        ('say "hi", you\r\n', 'say "hi", you\r\n'),
    ],
)
def test_no_cell_is_a_formula(
    warehouse: Warehouse, ada: httpx2.Client, name: str, written: str
) -> None:
    """What a spreadsheet would run begins with an apostrophe; numbers and the rest stay."""
    assert ada.post("/parts", json={"sku": "x", "name": name, "price": "1.00"}).is_success
    [row] = table(ada.get("/parts/export", headers={"Accept": "text/csv"}))
    assert row["name"] == written


def test_filters_and_order(warehouse: Warehouse, client: httpx2.Client) -> None:
    """Those of the list; none of one's own rows where the caller has none."""
    rows = lines(client.get("/parts/export", params={"min_price": "9.90", "sort": "-price"}))
    assert len(rows) == 20
    assert [row["price"] for row in rows] == sorted((row["price"] for row in rows), reverse=True)
    assert client.get("/parts/export", params={"min_price": "cheap"}).status_code == 422
    assert len(table(client.get("/parts/mine.csv"))) == 2_500
    with warehouse.keeper("bob") as bob:
        empty = bob.get("/parts/mine.csv")
        assert (table(empty), empty.text.count("\r\n")) == ([], 1)
        del bob.headers["Authorization"]
        assert bob.get("/parts/mine.csv").status_code == 401
        assert bob.get("/parts/export", params={"min_price": "99.00"}).content == b""


def reached(condition: Callable[[], bool]) -> bool:
    """Whether something comes true within some seconds."""
    deadline = time.monotonic() + 10 + READERS_TIME
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_who_goes_away_takes_no_connection_along(
    warehouse: Warehouse, client: httpx2.Client
) -> None:
    """More clients than may export at once leave amid the rows; no transaction is left behind."""
    warehouse.fill(20_000, "T")
    address = urlsplit(warehouse.running.url)
    for _ in range(8):
        with socket.create_connection((address.hostname, address.port or 80), 10) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.sendall(b"GET /parts/export HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(1024).startswith(b"HTTP/1.1 200")
            assert warehouse.ask(OPEN) >= 1
        assert reached(lambda: warehouse.ask(OPEN) == 0)
    assert len(lines(client.get("/parts/export"))) == 22_500


def test_others_get_through_while_exports_wait(warehouse: Warehouse, client: httpx2.Client) -> None:
    """Clients that don't read hold half of the pool at most; one export more is refused."""
    warehouse.fill(20_000, "T")
    address = urlsplit(warehouse.running.url)
    waiting = []
    try:
        for _ in range(5):
            raw = socket.create_connection((address.hostname, address.port or 80), 10)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            waiting.append(raw)
            raw.sendall(b"GET /parts/export HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(1024).startswith(b"HTTP/1.1 200")
        refused = client.get("/parts/export")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert client.get("/parts").status_code == 200
    finally:
        for raw in waiting:
            raw.close()
    assert reached(lambda: client.head("/parts/export").status_code == 200)


def test_who_stops_reading_loses_the_connection(
    warehouse: Warehouse, client: httpx2.Client
) -> None:
    """Then nothing of it is left, neither in the service nor in the database."""
    warehouse.fill(60_000, "T")
    address = urlsplit(warehouse.running.url)
    with socket.create_connection((address.hostname, address.port or 80), 10) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(b"GET /parts/export HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.recv(1024).startswith(b"HTTP/1.1 200")
        assert warehouse.ask(OPEN) >= 1
        assert reached(lambda: warehouse.ask(OPEN) == 0)
    assert 'slow_clients_total{over="answer"} 1.0' in client.get("/metrics").text
    assert "Exception" not in warehouse.running.log.read_text()


def test_rows_are_those_of_one_moment(warehouse: Warehouse, client: httpx2.Client) -> None:
    """What is written while an export runs is not in it."""
    with client.stream("GET", "/parts/export") as answer:
        texts = answer.iter_lines()
        next(texts)
        warehouse.ask("DELETE FROM parts WHERE sku <> 'S1'")
        assert sum(1 for _ in texts) == 2_499
    assert len(lines(client.get("/parts/export"))) == 1


@pytest.mark.parametrize("media_type", [NDJSON, "text/csv"])
def test_memory_stays_as_it_is(warehouse: Warehouse, ada: httpx2.Client, media_type: str) -> None:
    """However many rows there are; `tests/scale` has a million."""
    warehouse.fill(20_000)
    found = measured(warehouse, media_type)
    assert found.lines == 20_000 + (media_type != NDJSON)
    assert found.growth < 20_000_000
