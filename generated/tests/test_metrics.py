"""Figures: who is shown them, what they count, and that nobody can make more of them."""

from __future__ import annotations

import asyncio
import random
import secrets
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import text
from starlette.types import Message

from app.config import Environment, get_settings
from app.database import Database
from app.main import create_app
from app.queries import kind
from tests import contract
from tests.conftest import new_application, settings_with
from tests.contract import NOWHERE

REQUESTS = 10_000
TOKEN = secrets.token_urlsafe(24)


def series() -> int:
    """How many there are."""
    return sum(len(metric.samples) for metric in REGISTRY.collect())


def sample(name: str, **labels: str) -> float:
    """The value of one of them."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def asks(headers: dict[str, str] | None = None, **settings: object) -> int:
    """The status of the answer for somebody who asks for the figures."""
    client = TestClient(create_app(settings_with(**settings)))
    response = client.get("/metrics", headers=headers)
    shown = "http_requests_total" in response.text
    assert shown is (response.status_code == 200)
    return response.status_code


def test_figures_are_not_for_everybody() -> None:
    """In production they are shut, until a token or the network keeps strangers away."""
    assert asks() == 200
    assert asks(metrics_open=False) == 404
    assert asks(environment=Environment.PRODUCTION) == 404
    assert asks(environment=Environment.PRODUCTION, metrics_open=True) == 200


def test_a_token_opens_them() -> None:
    """As Prometheus sends it; nothing else does."""
    token = SecretStr(TOKEN)
    given = {"Authorization": f"Bearer {TOKEN}"}
    assert asks(given, metrics_token=token) == 200
    for refused in (
        None,
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
    ):
        assert asks(refused, metrics_token=token, metrics_open=True) == 401


def test_nobody_can_make_more_of_them() -> None:
    """Ten thousand paths and methods that nobody has thought of leave as many as there were."""
    app, chosen = new_application(), random.Random(17)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    paths = [operation.path for operation in contract.OPERATIONS] or [NOWHERE]

    async def ask(method: str, path: str) -> None:
        await app(request(method, path), nothing, ignored)

    async def ask_all(count: int) -> None:
        for _ in range(count):
            method = chosen.choice([*methods, secrets.token_hex(3).upper()])
            strange = f"{NOWHERE}/{secrets.token_urlsafe(6)}"
            await ask(method, chosen.choice([strange, strange, strange + chosen.choice(paths)]))

    async def everything() -> tuple[int, int]:
        for method in [*methods, "BREW"]:
            await ask(method, NOWHERE)
        before = series()
        await ask_all(REQUESTS)
        return before, series()

    before, after = asyncio.run(everything())
    assert after == before


def request(method: str, path: str) -> dict[str, Any]:
    """A request as a server makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


async def nothing() -> Message:
    """A request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignored(_message: Message) -> None:
    """Nobody looks at the answers."""


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("SELECT 1", "select"),
        ("\n WITH written AS \n(UPDATE items SET x = $1 RETURNING x) SELECT x", "update"),
        ("WITH written AS (insert INTO x VALUES ($1)) SELECT 1", "insert"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "select"),
        ("DELETE FROM x", "delete"),
        ("LISTEN x", "other"),
        ("SELECTED", "other"),
    ],
)
def test_statements_are_told_apart_by_what_they_do(statement: str, word: str) -> None:
    """Their texts are not: there may be any number of those."""
    assert kind(statement) == word


@pytest.mark.asyncio
async def test_statements_are_timed() -> None:
    """Those of sessions, failing ones among them, and those of the driver."""
    labels = {"operation": "<none>", "statement": "select"}
    database = Database(get_settings())
    database.connect()
    before = sample("database_query_duration_seconds_count", **labels)
    unit = database.unit_of_work()
    await unit.session.execute(text("SELECT pg_sleep(0.01)"))
    with pytest.raises(Exception, match="division"):
        await unit.session.execute(text("SELECT 1 / 0"))
    await unit.close()
    await database.driver.fetch("SELECT 1", (), repeatable=True)
    more = 3
    await database.disconnect()
    assert sample("database_query_duration_seconds_count", **labels) >= before + more


@pytest.mark.asyncio
async def test_the_pool_is_seen() -> None:
    """What is open, in use, and waited for."""
    database = Database(settings_with(database_pool_size=1, database_max_overflow=0))
    database.connect()
    units = [database.unit_of_work() for _ in range(2)]
    await units[0].session.execute(text("SELECT 1"))
    waits = asyncio.create_task(units[1].session.execute(text("SELECT 1")))
    while not sample("database_pool_waiting"):
        await asyncio.sleep(0.01)
        database.sample()
    assert sample("database_pool_limit") == 1
    assert sample("database_pool_connections", state="in_use") == 1
    await units[0].close()
    await waits
    await units[1].close()
    database.sample()
    assert sample("database_pool_waiting") == 0
    assert sample("database_pool_connections", state="idle") == 1
    assert sample("database_pool_connections", state="in_use") == 0
    await database.disconnect()


def test_the_process_is_seen(application: FastAPI, client: TestClient) -> None:
    """What it is, how much memory it holds, and how late its event loop is."""
    shown = client.get("/metrics").text
    assert "service_build_info{python=" in shown
    assert f'version="{application.version}"' in shown
    assert sample("service_workers") == 1
    assert sample("worker_resident_memory_bytes") > 1_000_000
    assert sample("worker_cpu_seconds_total") > 0
    assert "event_loop_lag_seconds_bucket" in shown
    assert sample("http_requests_in_progress") == 1
