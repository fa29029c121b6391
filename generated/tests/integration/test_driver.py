"""Single statements on the driver's own connections: shared, kept for a moment, and replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import QueuePool, text

from app import driver
from app.config import Settings, get_settings
from app.database import Database
from app.driver import ATTEMPTS, Driver
from app.errors import Unavailable
from app.sharing import AT_ONCE
from tests.conftest import settings_with
from tests.scratch import Scratch

pytestmark = pytest.mark.asyncio(loop_scope="session")

BACKEND = "SELECT pg_backend_pid()"
SLEEP = "SELECT pg_sleep($1)"
STATE = "SELECT state FROM pg_stat_activity WHERE pid = :backend"


@asynccontextmanager
async def connected(settings: Settings | None = None) -> AsyncIterator[Database]:
    """A database with its pool."""
    database = Database(settings or get_settings())
    database.connect()
    try:
        yield database
    finally:
        await database.disconnect()


def checked_out(database: Database) -> int:
    """How many connections are in use, as far as the pool knows."""
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def one(known: Driver, statement: str, *arguments: object, repeatable: bool = True) -> object:
    """The one value that a statement gives."""
    [row] = await known.fetch(statement, arguments, repeatable=repeatable)
    return row[0]


async def outside(statement: str, backend: object) -> object:
    """What another connection says about one."""
    unit = Database(get_settings()).unit_of_work()
    try:
        return await unit.session.scalar(text(statement), {"backend": backend})
    finally:
        await unit.close()


async def end(backend: object) -> None:
    """End a connection from outside, as a restart of the server does."""
    await outside("SELECT pg_terminate_backend(:backend, 5000)", backend)


async def until_busy(backend: object) -> None:
    """Wait until a statement runs on a connection."""
    async with asyncio.timeout(30):
        while await outside(STATE, backend) != "active":
            await asyncio.sleep(0.01)


@pytest.fixture
def races(scratch: Scratch) -> Iterator[None]:
    """A function that loses races until it has been called often enough."""
    scratch.execute(
        "CREATE SCHEMA apart",
        "CREATE SEQUENCE apart.calls",
        """
        CREATE FUNCTION apart.race(wins integer) RETURNS integer LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('apart.calls') < wins THEN
                RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure';
            END IF;
            RETURN currval('apart.calls');
        END $$
        """,
    )
    yield
    scratch.execute("DROP SCHEMA apart CASCADE")


async def test_statements_share_connections() -> None:
    """However many there are at once, no more connections are used than are allowed."""
    async with connected(settings_with(database_pool_size=2)) as database:
        asked = [one(database.driver, "SELECT $1::integer", number) for number in range(20)]
        assert await asyncio.gather(*asked) == list(range(20))
        assert len({await one(database.driver, BACKEND) for _ in range(5)}) == 1
        assert checked_out(database) <= 2


async def test_idle_connections_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection is kept for a moment, and then it is anybody's."""
    monkeypatch.setattr(driver, "KEPT_SECONDS", 0.01)
    async with connected() as database:
        await one(database.driver, BACKEND)
        assert checked_out(database) == 1
        async with asyncio.timeout(30):
            while checked_out(database):
                await asyncio.sleep(0.01)


async def test_nothing_is_kept_after_the_end() -> None:
    """What is still busy while the service shuts down gives its connection back by itself."""
    async with connected() as database:
        known = await one(database.driver, BACKEND)
        busy = asyncio.create_task(one(database.driver, SLEEP, 1))
        await until_busy(known)
        await database.driver.close()
        assert checked_out(database) == 1
        await busy
        assert checked_out(database) == 0


async def test_without_a_pool_nothing_is_kept() -> None:
    """Before the pool is there, each statement has a connection of its own."""
    database = Database(get_settings())
    assert await one(database.driver, BACKEND) != await one(database.driver, BACKEND)


async def test_whoever_waits_too_long_is_told() -> None:
    """A connection that doesn't become free in time is not waited for."""
    settings = settings_with(database_pool_size=1, database_pool_timeout=1.0)
    async with connected(settings) as database:
        known = await one(database.driver, BACKEND)
        busy = asyncio.create_task(one(database.driver, SLEEP, 30))
        await until_busy(known)
        with pytest.raises(Unavailable):
            await one(database.driver, BACKEND)
        busy.cancel()
        with pytest.raises(asyncio.CancelledError):
            await busy


async def test_a_statement_can_be_given_up() -> None:
    """Who hangs up leaves a connection behind that others can use."""
    async with connected(settings_with(database_pool_size=1)) as database:
        known = await one(database.driver, BACKEND)
        busy = asyncio.create_task(one(database.driver, SLEEP, 30))
        await until_busy(known)
        busy.cancel()
        with pytest.raises(asyncio.CancelledError):
            await busy
        assert await one(database.driver, BACKEND)


async def test_a_turn_that_comes_too_late_is_passed_on() -> None:
    """Who stops waiting in the moment of being served keeps nothing from the others."""
    async with connected(settings_with(database_pool_size=1)) as database:
        known = await one(database.driver, BACKEND)
        lease = database.driver._at_hand()
        assert lease is not None
        waiting = asyncio.create_task(one(database.driver, BACKEND, repeatable=False))
        await asyncio.sleep(0.05)
        await database.driver._return(lease)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await one(database.driver, BACKEND) == known


async def test_reads_that_are_the_same_are_shared(races: None) -> None:
    """By those who ask while some run; what differs, or may write, is run for each who asks."""
    call, other = "SELECT nextval('apart.calls')", "SELECT nextval($1::text::regclass)"
    async with connected(settings_with(database_pool_size=1)) as database:
        known = await one(database.driver, BACKEND)
        busy = asyncio.create_task(one(database.driver, SLEEP, 1))
        await until_busy(known)
        same = [asyncio.create_task(one(database.driver, call)) for _ in range(AT_ONCE + 5)]
        different = asyncio.create_task(one(database.driver, other, "apart.calls"))
        writing = [
            asyncio.create_task(one(database.driver, call, repeatable=False)) for _ in range(2)
        ]
        await asyncio.sleep(0)
        same.pop().cancel()
        assert len(set(await asyncio.gather(*same))) == AT_ONCE + 1
        assert len({*await asyncio.gather(*writing), await different}) == 3
        assert await one(database.driver, call) == AT_ONCE + 5
        await busy


async def test_what_takes_too_long_is_not_run_again(races: None) -> None:
    """A statement that runs out of time says nothing against its connection."""
    async with connected(settings_with(database_statement_timeout=0.2)) as database:
        known = await one(database.driver, BACKEND)
        with pytest.raises(Unavailable):
            await one(database.driver, "SELECT pg_sleep(nextval('apart.calls') * 30)")
        assert await one(database.driver, BACKEND) == known
        assert await one(database.driver, "SELECT nextval('apart.calls')") == 2


async def test_connections_that_have_ended_are_replaced() -> None:
    """A restart of the database while nothing happens passes unnoticed."""
    async with connected() as database:
        known = await one(database.driver, BACKEND)
        await end(known)
        assert await one(database.driver, BACKEND) != known


@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_connection_may_end_in_the_middle(repeatable: bool) -> None:
    """What only reads is run again; of what writes nobody knows how far it came."""
    async with connected() as database:
        known = await one(database.driver, BACKEND)
        seconds = 1 if repeatable else 30
        running = asyncio.create_task(one(database.driver, SLEEP, seconds, repeatable=repeatable))
        await until_busy(known)
        await end(known)
        if repeatable:
            await running
        else:
            with pytest.raises(Unavailable):
                await running
        assert await one(database.driver, BACKEND) != known


async def test_a_connection_that_confuses_the_driver_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it may when its server dies just then."""
    fetch, confused = asyncpg.Connection.fetch, [True]

    async def fetches(connection: asyncpg.Connection, statement: str) -> object:
        if confused:
            confused.pop()
            raise asyncpg.InternalClientError("another operation is in progress")
        return await fetch(connection, statement)

    async with connected() as database:
        known = await one(database.driver, BACKEND)
        monkeypatch.setattr(asyncpg.Connection, "fetch", fetches)
        assert await one(database.driver, BACKEND) != known
        assert not confused


async def test_lost_races_are_run_again(races: None) -> None:
    """Whoever lost a race may win the next one, but doesn't try for ever."""
    async with connected() as database:
        assert await one(database.driver, "SELECT apart.race(3)", repeatable=False) == ATTEMPTS
        with pytest.raises(Unavailable):
            await one(database.driver, "SELECT apart.race(100)", repeatable=False)


async def test_other_errors_are_passed_on() -> None:
    """What is wrong with a statement is no reason to run it again, nor to drop the connection."""
    async with connected() as database:
        known = await one(database.driver, BACKEND)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await one(database.driver, "SELECT 1 / 0")
        assert await one(database.driver, BACKEND) == known


async def test_a_database_that_is_gone_is_told() -> None:
    """Nobody listens: the client may come again later."""
    url = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    async with connected(settings_with(database_url=url)) as database:
        with pytest.raises(Unavailable):
            await one(database.driver, BACKEND)
