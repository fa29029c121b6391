"""The migrations of the reference service on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from tests.support.running import ROOT, run_python, service_environ

GENERATED = ROOT / "generated"
OBJECTS = """
    SELECT c.relkind::text || ' ' || c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relname NOT LIKE 'alembic_version%'
    UNION ALL SELECT 'constraint ' || conname FROM pg_constraint c
    JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE n.nspname = 'public' AND conname NOT LIKE 'alembic_version%'
    UNION ALL SELECT 'type ' || t.typname FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = 'public' AND t.typtype = 'e'
    ORDER BY 1
"""


def objects(url: str) -> list[str]:
    """The names of everything in the database that a migration can make."""

    async def read() -> list[str]:
        connection = await asyncpg.connect(url)
        try:
            return [str(row["name"]) for row in await connection.fetch(OBJECTS)]
        finally:
            await connection.close()

    return asyncio.run(read())


def alembic(url: str, *arguments: str, folder: Path = GENERATED) -> str:
    """What Alembic says."""
    return run_python(folder, service_environ(url), "-m", "alembic", *arguments)


def test_up_down_up(database_url: str) -> None:
    """Down to the base leaves nothing, and up again gives the same."""
    alembic(database_url, "upgrade", "head")
    first = objects(database_url)
    assert "r items" in first
    alembic(database_url, "downgrade", "base")
    assert objects(database_url) == []
    alembic(database_url, "upgrade", "head")
    assert objects(database_url) == first


def test_models_and_migrations_agree(database_url: str) -> None:
    """Alembic finds nothing to add."""
    alembic(database_url, "upgrade", "head")
    assert "No new upgrade operations" in alembic(database_url, "check")


def test_migrations_can_be_written_as_sql(database_url: str) -> None:
    """Offline, the same revisions come out as SQL."""
    sql = alembic(database_url, "upgrade", "head", "--sql")
    assert "CREATE TABLE items" in sql
    assert "CREATE INDEX ix_items_tags ON items USING gin (tags) WHERE deleted_at IS NULL" in sql


def test_there_is_one_head(database_url: str) -> None:
    """The history is a line."""
    assert len(alembic(database_url, "heads").split()) == 2
