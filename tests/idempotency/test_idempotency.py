"""Idempotency keys of the reference service, over HTTP: parallel, killed, foreign, forbidden."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from apiwright.local import Servers
from tests.support.running import (
    ROOT,
    Running,
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
        keys = json.dumps({"tests": secrets.token_urlsafe(48)})
        environ = service_environ(url, servers.redis_url, JWT_KEYS=keys)
        folder = tmp_path_factory.mktemp("idempotency")
        with running_service(ROOT / "generated", environ, folder) as found:
            yield found


@pytest.fixture
def ada(running: Running) -> Iterator[httpx2.Client]:
    """Somebody who is signed in."""
    with signed_in(running.url, "ada@example.com") as client:
        yield client


@contextmanager
def signed_in(url: str, email: str) -> Iterator[httpx2.Client]:
    """A client of somebody who has an account, from now on at least."""
    with httpx2.Client(base_url=url, timeout=30) as client:
        client.post("/api/v1/users/", json={"email": email, "password": PASSWORD, "full_name": "A"})
        form = {"username": email, "password": PASSWORD}
        token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


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
    sent = {**ITEM, "title": "killed"}
    headers = {KEY: "killed", "Authorization": ada.headers["Authorization"]}
    with (
        running_service(
            ROOT / "generated", environ, tmp_path, application="fragile:app"
        ) as fragile,
        pytest.raises(httpx2.TransportError),
    ):
        httpx2.post(
            f"{fragile.url}{ITEMS}", json=sent, headers={**headers, "X-Kill": "1"}, timeout=30
        )
    assert titled(running, "killed") == 1
    first, second = (ada.post(ITEMS, json=sent, headers=headers) for _ in "ab")
    assert (first.status_code, first.content) == (201, second.content)
    assert first.headers["Idempotency-Replayed"] == "true"
    assert titled(running, "killed") == 1
    assert ada.get(first.headers["Location"]).content == first.content


def test_a_key_belongs_to_its_caller(running: Running, ada: httpx2.Client) -> None:
    """Somebody else with the same key makes a row of their own."""
    sent, headers = {**ITEM, "title": "shared"}, {KEY: "shared"}
    with signed_in(running.url, "bob@example.com") as bob:
        answers = [client.post(ITEMS, json=sent, headers=headers) for client in (ada, bob)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["owner_id"] != answers[1].json()["owner_id"]
    assert titled(running, "shared") == 2


def test_a_key_stands_for_one_request(running: Running, ada: httpx2.Client) -> None:
    """Another body is refused, in the shape that the contract declares; the order of keys isn't."""
    sent, headers = {**ITEM, "title": "one"}, {KEY: "one"}
    assert ada.post(ITEMS, json=sent, headers=headers).status_code == 201
    refused = ada.post(ITEMS, json={**sent, "quantity": 13}, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["header", KEY]
    reordered = dict(reversed(sent.items()))
    assert ada.post(ITEMS, json=reordered, headers=headers).status_code == 201
    assert titled(running, "one") == 1


def test_what_failed_can_be_sent_again(running: Running, ada: httpx2.Client) -> None:
    """A request that broke the contract did nothing, and leaves its key to the one that follows."""
    sent, headers = {**ITEM, "title": "mended"}, {KEY: "mended"}
    assert ada.post(ITEMS, json={**sent, "quantity": -1}, headers=headers).status_code == 422
    assert ada.post(ITEMS, json=sent, headers=headers).status_code == 201
    assert titled(running, "mended") == 1


def test_an_override_runs_once(running: Running, ada: httpx2.Client) -> None:
    """Stock that is reserved twice under a key is taken once; each item is another request."""
    item, other = (ada.post(ITEMS, json={**ITEM, "title": "stock"}).json()["id"] for _ in "ab")
    headers = {KEY: "stock"}
    first, second = (
        ada.post(f"{ITEMS}{item}/reserve", json={"quantity": 5}, headers=headers) for _ in "ab"
    )
    assert first.json()["quantity"] == second.json()["quantity"] == 7
    assert ada.get(f"{ITEMS}{item}").json()["quantity"] == 7
    elsewhere = ada.post(f"{ITEMS}{other}/reserve", json={"quantity": 5}, headers=headers)
    assert elsewhere.status_code == 422
    too_many = [
        ada.post(f"{ITEMS}{item}/reserve", json={"quantity": 8}, headers={KEY: "too-many"})
        for _ in "ab"
    ]
    assert [answer.status_code for answer in too_many] == [409, 409]
    assert "Idempotency-Replayed" not in too_many[1].headers


def test_who_may_no_more_gets_no_stored_answer(running: Running) -> None:
    """Whoever has lost a role, or has signed out, is told that and nothing else."""
    sent, headers = {**ITEM, "title": "secret"}, {KEY: "secret"}
    with signed_in(running.url, "eve@example.com") as eve:
        assert eve.post(ITEMS, json=sent, headers=headers).status_code == 201
        ask(running, "UPDATE users SET roles = '{}' WHERE email = 'eve@example.com'")
        refused = eve.post(ITEMS, json=sent, headers=headers)
        assert (refused.status_code, "secret" in refused.text) == (403, False)
        del eve.headers["Authorization"]
        refused = eve.post(ITEMS, json=sent, headers=headers)
        assert (refused.status_code, "secret" in refused.text) == (401, False)


def test_the_served_contract_tells_of_it(running: Running) -> None:
    """The header, and every answer that it can bring about."""
    document = json.loads((ROOT / "generated/app/contract/openapi.json").read_text())
    for path in ("/items/", "/items/{item_id}/reserve"):
        operation = document["paths"][path]["post"]
        [header] = [known for known in operation["parameters"] if known.get("name") == KEY]
        assert (header["in"], header["required"]) == ("header", False)
        assert {"400", "409", "422"} <= operation["responses"].keys()
    assert "x-idempotent" not in json.dumps(document)
