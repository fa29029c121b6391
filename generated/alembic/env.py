"""Runs migrations with the settings and the models of the service.

One process at a time migrates a database; others wait until it is done. Transactions wait for locks
only briefly, since everybody else queues behind whoever waits, and are tried again later: a
revision happens as a whole, or can be run again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from pathlib import Path
from typing import Any

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, event, pool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.config import get_settings
from app.database import database_url
from app.models import Base

WORTH_ANOTHER_TRY = {"55P03": "a lock could not be had", "40P01": "there was a deadlock"}
"""SQLSTATEs that another try can get past (PostgreSQL, appendix A)."""

LONGEST_PAUSE = 10.0
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('alembic_version'))"

log = logging.getLogger("app.migrations")
settings = get_settings()


class Patience:
    """Pauses that grow, until MIGRATION_PATIENCE is used up."""

    def __init__(self) -> None:
        self._end = time.monotonic() + settings.migration_patience
        self._next = 0.25

    def pause(self, why: str) -> None:
        """Wait a while; CommandError if there has been enough of that."""
        if time.monotonic() + self._next > self._end:
            raise CommandError(f"{why}; gave up after {settings.migration_patience:g} s")
        log.warning("%s; trying again in %g s", why, self._next)
        time.sleep(self._next)
        self._next = min(self._next * 2, LONGEST_PAUSE)


def limits() -> tuple[str, str]:
    """How long a statement of a transaction may wait for a lock, and how long it may take."""
    lock, statement = settings.migration_lock_timeout, settings.migration_statement_timeout
    return (
        f"SET LOCAL lock_timeout = {int(lock * 1000)}",
        f"SET LOCAL statement_timeout = {int(statement * 1000)}",
    )


def limit(connection: Connection) -> None:
    """Put a transaction under its limits.

    What runs outside of one (concurrent builds, backfills, validations) blocks nobody while it
    waits, and takes as long as it takes.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        for statement in limits():
            connection.exec_driver_sql(statement)


def retained() -> set[tuple[str, str]]:
    """Tables, columns and indexes that are there on purpose, and no longer in the models."""
    found = set()
    for file in sorted((Path(__file__).parent / "schema").glob("*.json")):
        table = json.loads(file.read_text(encoding="utf-8"))
        parts = [table, *table["columns"], *table["indexes"]]
        found |= {(table["name"], part["name"]) for part in parts if part.get("retained")}
    return found


def counts(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Whether a difference between models and database is one: not if it is retained."""
    if not reflected or compared is not None:
        return True
    if kind == "table":
        return (name, name) not in retained()
    table = item.table.name
    parts = {name, *(column.name for column in getattr(item, "columns", ()))}
    return not parts & {part for owner, part in retained() if owner == table}


def run_offline() -> None:
    """Write the SQL of the migrations, without a database."""
    context.configure(
        url=database_url(settings),
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.execute(f"SET lock_timeout = {int(settings.migration_lock_timeout * 1000)}")
        context.run_migrations()


def run(connection: Connection) -> None:
    """Run the migrations, each in a transaction of its own; again while locks are in the way."""
    event.listen(connection, "begin", limit)
    patience, applied = Patience(), []
    while True:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_server_default=True,
            transaction_per_migration=True,
            include_object=counts,
            on_version_apply=lambda **done: applied.append(done["step"]),
        )
        # Only what changes a database has a destination.
        destination = context.get_context().opts.get("destination_rev", "")
        if destination:
            wait_for_others(connection)
        try:
            with context.begin_transaction():
                context.run_migrations()
            return
        except DBAPIError as error:
            why = WORTH_ANOTHER_TRY.get(getattr(error.orig, "sqlstate", ""))
            # After a step, "+2" would lead further than it did before.
            if why is None or (applied and re.search(r"[+-]\d+$", str(destination))):
                raise
            connection.rollback()
            patience.pause(f"{why} for {' '.join((error.statement or '').split())[:100]}")


def wait_for_others(connection: Connection) -> None:
    """Wait until no other process migrates this database.

    Asking again and again, since a concurrent build would wait for whoever waits in a statement.
    """
    patience = Patience()
    while not connection.exec_driver_sql(TRY_LOCK).scalar():
        connection.rollback()
        patience.pause("another process is migrating this database")
    connection.rollback()


async def run_online() -> None:
    """Run the migrations on the database of the settings."""
    engine = create_async_engine(
        database_url(settings),
        poolclass=pool.NullPool,
        connect_args={
            "timeout": settings.database_connect_timeout,
            "server_settings": {"lock_timeout": "0", "statement_timeout": "0"},
        },
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
