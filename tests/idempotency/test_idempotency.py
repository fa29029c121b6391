"""Idempotency keys of the reference service, over HTTP: parallel, killed, foreign, forbidden."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from apiwright.local import Servers
from tests.support.running import (
    ROOT,
    Running,
    free_port,
    run_python,
    running_service,
    scratch_database,
    service_environ,
)

# The reference service, which is killed when an answer begins that has been committed.
FRAGILE = """
import os, signal
from app.main import create_app

class Fragile:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def killed(message):
            os.kill(os.getpid(), signal.SIGKILL)
        marked = any(name == b"x-kill" for name, _ in scope.get("headers", ()))
        await self.app(scope, receive, killed if marked else send)

app = create_app()
app.add_middleware(Fragile)
"""
ITEM = {"title": "Desk lamp", "price": "19.99", "quantity": 12}
ITEMS = "/api/v1/items/"
KEY = "Idempotency-Key"
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The reference service, with its overrides."""
    with scratch_database(servers) as url:
        environ = service_environ(url, servers.redis_url, DATABASE_POOL_SIZE="10")
        folder = tmp_path_factory.mktemp("idempotency")
        with running_service(ROOT / "generated", environ, folder) as found:
            yield found


@pytest.fixture
def ada(running: Running) -> Iterator[httpx2.Client]:
    """Somebody who is signed in."""
    with signed_in(running.url, "ada@example.com") as client:
        yield client


def signed_in(url: str, email: str) -> httpx2.Client:
    """A client of somebody who has an account, from now on at least."""
    client = httpx2.Client(base_url=url, timeout=30)
    client.post("/api/v1/users/", json={"email": email, "password": PASSWORD, "full_name": "A"})
    form = {"username": email, "password": PASSWORD}
    token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def ask(running: Running, statement: str) -> Any:
    """What the database says."""

    async def asked() -> Any:
        connection = await asyncpg.connect(running.environ["DATABASE_URL"])
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(asked())


def titled(running: Running, title: str) -> int:
    """How many items have a title."""
    return int(ask(running, f"SELECT count(*) FROM items WHERE title = '{title}'"))


def test_fifty_at_once_make_one_row(running: Running, ada: httpx2.Client) -> None:
    """Each gets the answer, or is told to come again and gets it then."""
    sent = {**ITEM, "title": "fifty"}
    headers = {KEY: "fifty", "Authorization": ada.headers["Authorization"]}

    async def at_once() -> list[httpx2.Response]:
        async with httpx2.AsyncClient(base_url=running.url, timeout=60) as client:
            posts = (client.post(ITEMS, json=sent, headers=headers) for _ in range(50))
            return await asyncio.gather(*posts)

    answers = asyncio.run(at_once())
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}, statuses
    assert titled(running, "fifty") == 1
    again = ada.post(ITEMS, json=sent, headers=headers)
    made = [answer for answer in (*answers, again) if answer.status_code == 201]
    assert {answer.content for answer in made} == {again.content}
    assert {answer.headers["Location"] for answer in made} == {again.headers["Location"]}
    fresh = [answer for answer in made if "Idempotency-Replayed" not in answer.headers]
    assert len(fresh) == 1
    for refused in (answer for answer in answers if answer.status_code == 409):
        assert refused.headers["Retry-After"] == "1"
        assert refused.json()["code"] == "idempotency_key_in_use"


def test_a_server_is_killed_before_it_answers(
    running: Running, ada: httpx2.Client, tmp_path: Path
) -> None:
    """The effect is there, once, and so is its answer, for whoever asks again."""
    (tmp_path / "fragile.py").write_text(FRAGILE)
    environ = {**running.environ, "PYTHONPATH": str(tmp_path)}
    output = ROOT / "generated"
    sent = {**ITEM, "title": "killed"}
    headers = {KEY: "killed", "Authorization": ada.headers["Authorization"], "X-Kill": "1"}
    at = free_port()
    tokens = {"JWT_KEYS": running.environ.get("JWT_KEYS", "")} if "JWT_KEYS" in environ else {}
    with running_service(
        output, {**environ, **tokens}, tmp_path, port=at, application="fragile:app"
    ) as fragile:
        with pytest.raises(httpx2.TransportError):
            httpx2.post(f"{fragile.url}{ITEMS}", json=sent, headers=headers, timeout=30)
    assert titled(running, "killed") == 1
    del headers["X-Kill"]
    first, second = (ada.post(ITEMS, json=sent, headers=headers) for _ in "ab")
    assert (first.status_code, first.content) == (201, second.content)
    assert first.headers["Idempotency-Replayed"] == "true"
    assert titled(running, "killed") == 1
    assert ada.get(first.headers["Location"]).content == first.content
