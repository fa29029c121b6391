"""Units of work: a request happens as a whole or not at all, and again where that can help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import TypeAlias

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.dependencies import DbSession
from app.api.routing import ATTEMPTS, UnitOfWorkRoute
from app.config import Settings, get_settings
from app.database import Database, get_db
from app.errors import Conflict
from app.main import create_app
from tests.conftest import override_get_db, settings_with
from tests.contract import NOWHERE
from tests.scratch import Scratch

Handler: TypeAlias = Callable[[AsyncSession], Awaitable[object]]
Serve: TypeAlias = Callable[..., TestClient]

ADD = text("INSERT INTO apart.notes (size) VALUES (1)")
COUNT = text("SELECT count(*) FROM apart.notes")
GROW = text("UPDATE apart.notes SET size = size + 1")


@pytest.fixture(autouse=True)
def _notes(scratch: Scratch) -> Iterator[None]:
    """A table apart, with a rule that is looked at when a transaction is committed."""
    scratch.execute(
        "CREATE SCHEMA apart",
        "CREATE TABLE apart.notes (id serial PRIMARY KEY, size integer NOT NULL, next integer "
        "REFERENCES apart.notes DEFERRABLE INITIALLY DEFERRED)",
    )
    yield
    scratch.execute("DROP SCHEMA apart CASCADE")


def notes(scratch: Scratch) -> int:
    """How many notes are stored for all to see."""
    return int(scratch.execute("SELECT count(*) FROM apart.notes")[0])


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a handler as if it were an operation; gives a client."""
    with ExitStack() as stack:

        def served(handler: Handler, settings: Settings | None = None) -> TestClient:
            client = TestClient(application(handler, settings), raise_server_exceptions=False)
            return stack.enter_context(client)

        yield served


def application(handler: Handler, settings: Settings | None = None) -> FastAPI:
    """An application with a handler in a place where the contract has none."""
    app = create_app(settings)

    async def endpoint(session: DbSession) -> Response:
        await handler(session)
        return Response(status_code=204)

    app.router.add_api_route(
        NOWHERE, endpoint, methods=["GET", "POST"], route_class_override=UnitOfWorkRoute
    )
    return app


async def elsewhere(statement: str) -> None:
    """Run a statement in another unit of work, and commit."""
    unit = Database(get_settings()).unit_of_work()
    try:
        await unit.session.execute(text(statement))
        await unit.commit()
    finally:
        await unit.close()


class Watch:
    """Looks at what is stored, at the moment that an answer begins."""

    def __init__(self, app: ASGIApp, seen: list[int]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                unit = Database(get_settings()).unit_of_work()
                self.seen.append((await unit.session.execute(COUNT)).scalar_one())
                await unit.close()
            await send(message)

        await self.app(scope, receive, watched)


def test_a_write_is_committed_before_its_answer() -> None:
    """Whoever is told that something was stored finds it stored."""
    seen: list[int] = []
    app = application(lambda session: session.execute(ADD))
    app.add_middleware(Watch, seen=seen)
    with TestClient(app) as client:
        assert client.post(NOWHERE).status_code == 204
    assert seen == [1]


@pytest.mark.parametrize(("error", "status"), [(Conflict(), 409), (RuntimeError(), 500)])
def test_a_failure_undoes_everything(
    serve: Serve, scratch: Scratch, error: Exception, status: int
) -> None:
    """What a request did before it failed is not stored, whoever's fault it was."""

    async def fails(session: AsyncSession) -> None:
        await session.execute(ADD)
        raise error

    assert serve(fails).post(NOWHERE).status_code == status
    assert notes(scratch) == 0


def test_a_commit_that_fails_is_not_tried_again(serve: Serve, scratch: Scratch) -> None:
    """The client is told, and nothing is stored."""
    tried: list[int] = []

    async def breaks_a_rule(session: AsyncSession) -> None:
        tried.append(1)
        await session.execute(text("INSERT INTO apart.notes (size, next) VALUES (1, 17)"))

    assert serve(breaks_a_rule).post(NOWHERE).status_code == 409
    assert (len(tried), notes(scratch)) == (1, 0)


def test_a_lost_race_is_run_again(serve: Serve, scratch: Scratch) -> None:
    """Of two who change the same row at once, the one who is too late begins anew."""
    scratch.execute("INSERT INTO apart.notes (size) VALUES (1)")
    tried: list[int] = []

    async def races(session: AsyncSession) -> None:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await session.execute(COUNT)
        if not tried:
            await elsewhere("UPDATE apart.notes SET size = 10")
        tried.append(1)
        await session.execute(GROW)

    assert serve(races).post(NOWHERE).status_code == 204
    assert scratch.execute("SELECT size FROM apart.notes") == [11]
    assert len(tried) == 2


def test_a_race_that_is_always_lost_is_given_up(serve: Serve, scratch: Scratch) -> None:
    """The client may try again a little later."""
    scratch.execute("INSERT INTO apart.notes (size) VALUES (1)")
    tried: list[int] = []

    async def races(session: AsyncSession) -> None:
        tried.append(1)
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await session.execute(COUNT)
        await elsewhere("UPDATE apart.notes SET size = size + 1")
        await session.execute(GROW)

    response = serve(races).post(NOWHERE)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert len(tried) == ATTEMPTS


@pytest.mark.parametrize(("method", "status", "times"), [("GET", 204, 2), ("POST", 503, 1)])
def test_a_lost_connection_is_replaced(serve: Serve, method: str, status: int, times: int) -> None:
    """What only reads is run again; what writes is not, for nobody knows how far it came."""
    tried: list[int] = []

    async def loses(session: AsyncSession) -> None:
        tried.append(1)
        [backend] = await session.scalars(text("SELECT pg_backend_pid()"))
        if len(tried) == 1:
            await elsewhere(f"SELECT pg_terminate_backend({backend}, 5000)")
        await session.execute(COUNT)

    assert serve(loses).request(method, NOWHERE).status_code == status
    assert len(tried) == times


def test_a_restart_of_the_database_passes_unnoticed(serve: Serve, scratch: Scratch) -> None:
    """Connections that have ended while nobody used them are replaced."""
    client = serve(lambda session: session.execute(ADD))
    assert client.post(NOWHERE).status_code == 204
    assert scratch.disconnect_others() > 0
    assert client.post(NOWHERE).status_code == 204
    assert notes(scratch) == 2


def test_a_statement_has_a_limit(serve: Serve) -> None:
    """A statement that takes too long is given up, rather than waited for."""
    settings = settings_with(database_statement_timeout=0.05)
    client = serve(lambda session: session.execute(text("SELECT pg_sleep(30)")), settings)
    assert client.get(NOWHERE).status_code == 503


def test_the_pool_has_a_limit(serve: Serve) -> None:
    """Who gets no connection in time is told to come again."""
    settings = settings_with(
        database_pool_size=1, database_max_overflow=0, database_pool_timeout=0.01
    )
    app: list[FastAPI] = []

    async def wants_two(session: AsyncSession) -> None:
        await session.execute(COUNT)
        unit = app[0].state.database.unit_of_work()
        try:
            await unit.session.execute(COUNT)
        finally:
            await unit.close()

    client = serve(wants_two, settings)
    assert isinstance(client.app, FastAPI)
    app.append(client.app)
    assert client.post(NOWHERE).status_code == 503


def test_a_session_that_nobody_uses_takes_no_connection(serve: Serve) -> None:
    """A request that never asks the database leaves its pool alone."""

    async def idles(session: AsyncSession) -> None:
        """Nothing at all."""

    client = serve(idles)
    assert client.get(NOWHERE).status_code == 204
    assert isinstance(client.app, FastAPI)
    pool = client.app.state.database.engine.pool
    assert (pool.checkedin(), pool.checkedout()) == (0, 0)


def test_the_session_can_be_replaced(scratch: Scratch) -> None:
    """A test may give requests a session of another kind, through the dependency."""
    app = application(lambda session: session.execute(ADD))
    app.dependency_overrides[get_db] = override_get_db
    assert TestClient(app).post(NOWHERE).status_code == 204
    assert notes(scratch) == 1
