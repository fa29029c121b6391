"""Statements that take too long are told, with their plans and without their values."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from app import queries, slow
from app.config import get_settings
from app.database import Database
from app.logs import JsonFormatter
from app.slow import SlowStatements, slow_ones_told
from tests.conftest import settings_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME = "canary-sings"
CLASSES = (
    f"SELECT relname FROM pg_class WHERE relname = :name AND 'canary' <> '{NAME}' AND 1234 > 1"
)
CHANGE = "UPDATE alembic_version SET version_num = version_num WHERE version_num = :name"
PATIENCE = 30.0


class Heard(logging.StreamHandler[io.StringIO]):
    """What has been said of slow statements."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(JsonFormatter())

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All of it, in its order."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    async def plans(self, count: int) -> list[str]:
        """The first plans, as soon as they are there."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [line["plan"] for line in self.lines if "plan" in line]) < count:
                await asyncio.sleep(0.01)
        return found


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The log."""
    handler, log = Heard(), logging.getLogger("app.slow")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


@pytest_asyncio.fixture(loop_scope="session")
async def database(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database to which every statement is slow."""
    made = Database(get_settings())
    made.connect()
    listening = SlowStatements(made.without_pool(), pause=0.0)
    running = asyncio.create_task(listening.run())
    monkeypatch.setattr(queries, "slow", queries.Slow(0.0, listening.hear))
    yield made
    running.cancel()
    await made.disconnect()


async def run(database: Database, statement: str) -> None:
    """Run a statement in a session."""
    unit = database.unit_of_work()
    await unit.session.execute(text(statement), {"name": NAME})
    await unit.close()


async def test_slow_statements_are_told_with_their_plans(database: Database, heard: Heard) -> None:
    """Which tables and which indexes, but not which rows."""
    await run(database, CLASSES)
    await run(database, CHANGE)
    await database.driver.fetch("SELECT $1::text", (NAME,), repeatable=True)
    plans = await heard.plans(3)
    assert plans[0].startswith("Index Only Scan on pg_class by pg_class_")
    assert plans[1].startswith("ModifyTable on alembic_version(")
    told = [line for line in heard.lines if "statement" in line]
    assert told[0]["statement"].startswith("SELECT relname FROM pg_class WHERE relname = $1")
    assert told[0]["statement"].endswith("AND ? <> ? AND ? > ?")
    assert told[0]["operation"] == "<none>"
    assert told[0]["milliseconds"] > 0
    ids = [line["statement_id"] for line in heard.lines if "plan" in line]
    assert ids == [line["statement_id"] for line in told]
    said = heard.stream.getvalue()
    assert NAME not in said
    assert "1234" not in said


async def test_a_statement_is_told_once_in_a_while(database: Database, heard: Heard) -> None:
    """However often it is slow."""
    for _ in range(20):
        await run(database, CLASSES)
    await heard.plans(1)
    assert len(heard.lines) == 2


async def test_a_plan_that_cannot_be_had_is_no_failure(heard: Heard) -> None:
    """Nor is a statement that has none."""
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    gone = Database(settings_with(database_url=type(get_settings().database_url)(url)))
    listening = SlowStatements(gone.without_pool(), pause=0.0)
    running = asyncio.create_task(listening.run())
    listening.hear("LISTEN x", 1.0)
    for number in range(slow.MOST + 2):
        listening.hear(f"SELECT {number}", 1.0)
    [plan] = (await heard.plans(1))[:1]
    running.cancel()
    assert plan.startswith("unknown: ")


async def test_it_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is on by default."""
    database = Database(get_settings())
    async with slow_ones_told(get_settings(), database):
        assert queries.slow.seconds == 0.5
    assert queries.slow is queries.NEVER
    async with slow_ones_told(settings_with(slow_statement_milliseconds=0.0), database):
        assert queries.slow is queries.NEVER
