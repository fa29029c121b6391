"""Databases that exist for the tests alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.models import Base

T = TypeVar("T")

DRIVER = "postgresql+asyncpg"
LOCK_TIMEOUT = "SET lock_timeout = '10s'"
"""Whoever still holds a lock after this has forgotten to let go of it."""


class Scratch:
    """A database, made on entering and dropped on leaving.

    It is worked with from tests that are not asynchronous, side by side with the application.
    """

    def __init__(self, url: URL, server: URL | None = None) -> None:
        self.url = url
        self._server = (server or url.set(database="postgres")).set(drivername=DRIVER)
        self._engine = create_async_engine(url.set(drivername=DRIVER))
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        name = quoted(self.url.database or "")
        self._on_server(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._runner.run(self._engine.dispose())
        name = quoted(self.url.database or "")
        self._on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._runner.close()

    def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """What `work` gives; what it does to the database is committed."""

        async def in_session() -> T:
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                result = await work(session)
                await session.commit()
                return result

        return self._runner.run(in_session())

    def execute(self, *statements: str) -> list[Any]:
        """Run statements, and commit; the first column of what the last one gives."""

        async def work(session: AsyncSession) -> list[Any]:
            connection = await session.connection()
            for statement in statements:
                result = await connection.exec_driver_sql(statement)
            return [row[0] for row in result] if result.returns_rows else []

        return self.run(work)

    def count(self, model: type[Base]) -> int:
        """How many rows a table has."""
        return int(self.execute(f"SELECT count(*) FROM {quoted(model.__tablename__)}")[0])

    def empty(self) -> None:
        """Leave no rows in any table, and let generated keys begin again.

        Deleting a few rows takes a tenth of the time that truncating tables does.
        """
        filled = self._filled()
        if not filled:
            return
        deletes = [f"DELETE FROM {quoted(table.name)}" for table in filled]
        restarts = [
            f"SELECT setval(pg_get_serial_sequence('{quoted(table.name)}', '{column.name}'), 1, false)"
            for table in filled
            for column in table.columns
            if column.identity is not None
        ]
        try:
            self.execute(LOCK_TIMEOUT, *deletes, *restarts)
        except IntegrityError:
            names = ", ".join(quoted(table.name) for table in filled)
            self.execute(LOCK_TIMEOUT, f"TRUNCATE {names} RESTART IDENTITY CASCADE")

    def _filled(self) -> list[Table]:
        """The tables that have any rows, those that refer to others first."""
        tables = list(reversed(Base.metadata.sorted_tables))
        asked = [
            f"SELECT {place} WHERE EXISTS (SELECT FROM {quoted(table.name)})"
            for place, table in enumerate(tables)
        ]
        found = self.execute(" UNION ALL ".join(asked)) if asked else []
        return [tables[place] for place in sorted(found)]

    def disconnect_others(self) -> int:
        """End every connection to the database but ours; the number of those that there were."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        return len(
            self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        )

    def _on_server(self, statement: str) -> None:
        async def work() -> None:
            engine = create_async_engine(
                self._server, poolclass=NullPool, isolation_level="AUTOCOMMIT"
            )
            async with engine.connect() as connection:
                await connection.exec_driver_sql(statement)

        self._runner.run(work())


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'
