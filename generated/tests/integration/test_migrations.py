"""Migrations: each can be undone, and together they give what the models describe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory

import tests
from app.config import get_settings
from tests.conftest import alembic_config
from tests.scratch import Scratch

OBJECTS = """
    SELECT relkind::text || ' ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
    UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic_version%'
    ORDER BY 1
"""
"""The names of everything that a migration can make."""


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scratch]:
    """A database without tables, which Alembic's commands work on."""
    url = tests.DATABASE_URL.set(database=f"{tests.DATABASE_URL.database}_empty")
    with Scratch(url, tests.SERVER_URL) as database:
        monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        get_settings.cache_clear()
        yield database
    get_settings.cache_clear()


def test_each_migration_can_be_undone(empty: Scratch) -> None:
    """Up, down and up again, one after the other: down leaves what was there before."""
    config = alembic_config()
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())[::-1]
    for revision in revisions:
        before = empty.execute(OBJECTS)
        command.upgrade(config, revision.revision)
        after = empty.execute(OBJECTS)
        command.downgrade(config, "-1")
        assert empty.execute(OBJECTS) == before
        command.upgrade(config, revision.revision)
        assert empty.execute(OBJECTS) == after
    command.downgrade(config, "base")
    assert empty.execute(OBJECTS) == []


def test_migrations_give_what_the_models_describe(empty: Scratch) -> None:
    """Alembic finds nothing to add."""
    config = alembic_config()
    command.upgrade(config, "head")
    command.check(config)
