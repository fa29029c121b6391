"""Databases that were there before a service, and a service that runs on one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from apiwright.local import Servers
from apiwright.migrate.catalog import current_schema, read_catalog
from apiwright.migrate.database import ask
from tests.support.command import apiwright, succeeded
from tests.support.running import ROOT, run_python, scratch_database, service_environ

HERE = Path(__file__).parent
REFERENCE = "reference"


@dataclass(frozen=True)
class Adopted:
    """A database, the project that was made for it, and what was said on the way."""

    name: str
    url: str
    project: Path
    said: str
    before: tuple[str, ...]

    @property
    def output(self) -> Path:
        """The generated service."""
        return self.project / "generated"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of commands on this database."""
        return {"DATABASE_URL": self.url}


def catalog(url: str) -> tuple[str, ...]:
    """Everything that the database holds, in PostgreSQL's words; Alembic's own table aside."""

    async def read(connection: object) -> tuple[str, ...]:
        return tuple((await read_catalog(connection, await current_schema(connection))).lines())  # type: ignore[arg-type]

    return ask(url, read)


def execute(url: str, sql: str) -> None:
    """Run SQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def rows(url: str) -> list[tuple[str, str]]:
    """The rows of all tables, each as text."""
    tables = """
        SELECT quote_ident(relname) FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND relname <> 'alembic_version' ORDER BY 1
    """
    found = []
    with psycopg.connect(url) as connection:
        for (name,) in connection.execute(tables.encode()).fetchall():
            listed = connection.execute(f"SELECT x::text FROM {name} x ORDER BY 1".encode())
            found += [(str(name), str(row[0])) for row in listed.fetchall()]
    return found


@contextmanager
def adopted(name: str, servers: Servers, folder: Path) -> Iterator[Adopted]:
    """The project that `init --from-database` makes for a database that goes away again."""
    with scratch_database(servers) as url:
        if name == REFERENCE:
            run_python(ROOT / "generated", service_environ(url), "-m", "alembic", "upgrade", "head")
            execute(url, "DROP TABLE alembic_version")
            execute(url, (HERE / "reference.sql").read_text())
        else:
            execute(url, (HERE / f"{name}.sql").read_text())
        before, there = catalog(url), rows(url)
        done = succeeded(apiwright(folder, "init", name, "--from-database", url))
        assert catalog(url) == before
        assert rows(url) == there
        try:
            yield Adopted(name, url, folder / name, done.text, before)
        finally:
            shutil.rmtree(folder / name)
