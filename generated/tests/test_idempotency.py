"""Idempotency keys: what was done once is not done again, and the answer is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi import Depends, Request, Response
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import idempotency
from app.api.dependencies import DbSession
from app.api.idempotency import HEADER, REPLAYED, once
from app.api.routing import UnitOfWorkRoute
from app.config import get_settings
from app.database import Database
from app.errors import Conflict
from app.main import create_app
from app.models.idempotency import IdempotencyKey
from app.repositories.idempotency import KeyInUse, claim, complete, remove_expired
from tests.conftest import SignIn
from tests.contract import NOWHERE, OPERATIONS, Guard, Operation
from tests.scratch import Scratch

NOTE = text("INSERT INTO apart.notes (size) VALUES (1) RETURNING id")
DAY = timedelta(days=1)
KEY = b"k" * 32
MALFORMED = ["", '""', '"a', "two words", "é", 'a"b', '"a";b=1', "x" * 256, '"' + "x" * 256 + '"']

KEYED = [
    operation
    for operation in OPERATIONS
    if operation.id in ("createItem", "reserveItem")
    and (operation.guard is Guard.OPEN or operation.role is not None)
]


@pytest.fixture(autouse=True)
def _notes(scratch: Scratch) -> Iterator[None]:
    """A table apart, for effects that can be counted."""
    scratch.execute("CREATE SCHEMA apart", "CREATE TABLE apart.notes (id serial, size integer)")
    yield
    scratch.execute("DROP SCHEMA apart CASCADE")


def notes(scratch: Scratch) -> int:
    """How many notes are stored for all to see."""
    return int(scratch.execute("SELECT count(*) FROM apart.notes")[0])


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of an application that has idempotent operations where the contract has none."""
    app = create_app()

    async def who(request: Request) -> None:
        if "as" in request.headers:
            account = SimpleNamespace(id=request.headers["as"])
            request.state.caller = SimpleNamespace(account=account)

    async def note(request: Request, session: DbSession) -> Response:
        made = (await session.execute(NOTE)).scalar_one()
        if request.headers.get("fail"):
            raise Conflict
        return Response(f"{made}", 201, {"Location": f"/{made}", "X-Other": "1"}, "text/plain")

    for path, known in ((NOWHERE, once()), (f"{NOWHERE}-needed", once(required=True))):
        app.router.add_api_route(
            path,
            note,
            methods=["POST"],
            dependencies=[Depends(who), Depends(known)],
            route_class_override=UnitOfWorkRoute,
        )
    with TestClient(app, raise_server_exceptions=False) as served:
        yield served


def test_a_repetition_has_no_effect(client: TestClient, scratch: Scratch) -> None:
    """The same answer, with the headers that belong to it, and a sign that it isn't new."""
    headers = {HEADER: '"a key"'}
    first, second = (client.post(NOWHERE, json={"a": 1, "b": 2}, headers=headers) for _ in "ab")
    assert (first.status_code, first.text) == (second.status_code, second.text) == (201, "1")
    assert first.headers["Location"] == second.headers["Location"] == "/1"
    assert first.headers["Content-Type"] == second.headers["Content-Type"]
    assert (first.headers.get(REPLAYED), second.headers[REPLAYED]) == (None, "true")
    assert notes(scratch) == 1


def test_a_string_and_a_token_are_the_same_key(client: TestClient, scratch: Scratch) -> None:
    """Quotes are only a way to write it."""
    for written in ("k-1", '"k-1"', ' "k-1" '):
        assert client.post(NOWHERE, headers={HEADER: written}).status_code == 201
    assert notes(scratch) == 1


def test_without_a_key_everything_happens_each_time(client: TestClient, scratch: Scratch) -> None:
    """Nothing is remembered."""
    assert [client.post(NOWHERE).text for _ in range(2)] == ["1", "2"]
    assert scratch.count(IdempotencyKey) == 0


@pytest.mark.parametrize("key", MALFORMED)
def test_a_malformed_key_is_refused(client: TestClient, scratch: Scratch, key: str) -> None:
    """Nobody guesses which request it means."""
    sent = [(HEADER.encode(), key.encode("latin-1"))]
    assert client.post(NOWHERE, headers=sent).status_code == 400
    assert notes(scratch) == 0


@pytest.mark.parametrize("operation", KEYED, ids=lambda operation: operation.id)
def test_operations_look_at_their_keys(
    serving: TestClient, sign_in: SignIn, operation: Operation
) -> None:
    """Those of the contract, too, as soon as they know who calls."""
    who = {} if operation.role is None else sign_in(operation.role).headers
    assert operation.call(serving, {**who, HEADER: "no key"}).status_code == 400


def test_two_keys_are_none(client: TestClient) -> None:
    """A request has one key, or none."""
    sent = [(HEADER.encode(), b"a"), (HEADER.encode(), b"a")]
    assert client.post(NOWHERE, headers=sent).status_code == 400


def test_a_key_may_be_needed(client: TestClient, scratch: Scratch) -> None:
    """Some operations do nothing for requests that could be sent twice."""
    path = f"{NOWHERE}-needed"
    assert client.post(path).status_code == 400
    assert notes(scratch) == 0
    assert client.post(path, headers={HEADER: "x" * 255}).status_code == 201


def test_the_form_of_the_body_does_not_matter(client: TestClient, scratch: Scratch) -> None:
    """The order of keys and the blanks between say nothing."""
    for body in (b'{"a": 1, "b": [2.50]}', b'{ "b":[2.50],"a":1}'):
        assert client.post(NOWHERE, content=body, headers={HEADER: "k"}).status_code == 201
    assert notes(scratch) == 1


def test_another_body_is_refused(client: TestClient, scratch: Scratch) -> None:
    """A key stands for one request; whoever sends another has made a mistake."""
    assert client.post(NOWHERE, json=[1], headers={HEADER: "k"}).status_code == 201
    for changed in ({"json": [2]}, {"content": b"[1"}, {}):
        assert client.post(NOWHERE, headers={HEADER: "k"}, **changed).status_code == 422
    assert notes(scratch) == 1


def test_another_address_is_refused(client: TestClient) -> None:
    """What stands in the address is part of the request."""
    assert client.post(NOWHERE, headers={HEADER: "k"}).status_code == 201
    assert client.post(f"{NOWHERE}?a=1", headers={HEADER: "k"}).status_code == 422


def test_another_operation_has_its_own_keys(client: TestClient, scratch: Scratch) -> None:
    """The same key means nothing elsewhere."""
    for path in (NOWHERE, f"{NOWHERE}-needed"):
        assert REPLAYED not in client.post(path, headers={HEADER: "k"}).headers
    assert notes(scratch) == 2


def test_another_caller_has_their_own_keys(client: TestClient, scratch: Scratch) -> None:
    """Nobody gets an answer that was somebody else's."""
    for caller in ({}, {"as": "ada"}, {"as": "bob"}):
        answer = client.post(NOWHERE, headers={HEADER: "k", **caller})
        assert REPLAYED not in answer.headers
    assert notes(scratch) == 3


def test_a_failure_is_not_remembered(client: TestClient, scratch: Scratch) -> None:
    """What was not done can be tried again under its key."""
    refused = client.post(NOWHERE, headers={HEADER: "k", "fail": "yes"})
    assert refused.status_code == 409
    assert scratch.count(IdempotencyKey) == 0
    assert client.post(NOWHERE, headers={HEADER: "k"}).status_code == 201
    assert notes(scratch) == 1


def test_an_expired_key_is_new(client: TestClient, scratch: Scratch) -> None:
    """Nothing is remembered for longer than was promised."""
    for _ in range(2):
        assert REPLAYED not in client.post(NOWHERE, headers={HEADER: "k"}).headers
        scratch.execute("UPDATE idempotency_keys SET expires_at = now()")
    assert notes(scratch) == 2
    assert scratch.run(remove_expired) == 1
    assert scratch.count(IdempotencyKey) == 0


@pytest.mark.asyncio(loop_scope="session")
async def test_who_comes_too_early_does_not_wait() -> None:
    """While a request runs, another one with its key is sent away; afterwards it is answered."""
    database = Database(get_settings())
    first, second = (database.unit_of_work() for _ in "ab")
    try:
        assert await claim(first.session, KEY, b"f", DAY) is None
        with pytest.raises(KeyInUse) as refused:
            await asyncio.wait_for(claim(second.session, KEY, b"f", DAY), 10)
        assert refused.value.headers == {"Retry-After": "1"}
        await complete(first.session, KEY, 201, {}, b"body")
        await first.commit()
        done = await claim(second.session, KEY, b"f", DAY)
        assert done is not None
        assert (done.status, done.body) == (201, b"body")
    finally:
        await first.close()
        await second.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_sweep_removes_what_has_expired(
    monkeypatch: pytest.MonkeyPatch, session: AsyncSession
) -> None:
    """And nothing else; it goes on until it is told to stop."""
    monkeypatch.setattr(idempotency, "SWEEP_SECONDS", 0.01)
    for key, lifetime in ((b"old" * 9, -DAY), (b"new" * 9, DAY)):
        await claim(session, key, b"f", lifetime)
        await complete(session, key, 201, {}, b"")
    await session.commit()
    task = asyncio.create_task(idempotency.sweep(Database(get_settings())))
    left = text("SELECT id FROM idempotency_keys")
    async with asyncio.timeout(20):
        while (await session.scalars(left)).all() != [b"new" * 9]:
            await session.commit()
            await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
