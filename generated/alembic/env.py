"""Runs migrations with the settings and the models of the service."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from app.config import get_settings
from app.database import database_url
from app.models import Base

# What the contract has no more and the database keeps: tables, and columns as table.column.
RETAINED = frozenset(())


def include_object(
    thing: object, name: str | None, kind: str, _reflected: bool, _compared: object
) -> bool:
    """Whether `alembic check` looks at a table or a column: at all but those that are kept."""
    table = getattr(getattr(thing, "table", None), "name", "")
    return (f"{table}.{name}" if kind == "column" else name) not in RETAINED


def run_offline() -> None:
    """Write the SQL of the migrations, without a database."""
    context.configure(
        url=database_url(get_settings()),
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run(connection: Connection) -> None:
    """Run the migrations, each in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=include_object,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    """Run the migrations on the database of the settings."""
    engine = create_async_engine(database_url(get_settings()), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
