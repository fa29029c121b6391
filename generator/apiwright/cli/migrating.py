"""What the commands of `apiwright migrate` share: the database, its revisions, and Alembic."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.cli.progress import Progress
from apiwright.local import start_database
from apiwright.migrate.alembic import Alembic
from apiwright.migrate.catalog import current_revisions
from apiwright.migrate.database import address, ask
from apiwright.migrate.errors import MigrateError
from apiwright.migrate.revisions import BASE, Revision, Revisions
from apiwright.project import Project

_DATABASE = "app"
_RELATIVE = re.compile(r"([+-])(\d+)")


@dataclass(frozen=True, slots=True)
class Way:
    """Where to go, and the revisions on the way, in the order in which they run."""

    to: str
    revisions: tuple[Revision, ...]


@contextmanager
def database_of(project: Project) -> Iterator[str]:
    """The address of the database: that of DATABASE_URL, else of the one `apiwright dev` keeps."""
    url = os.environ.get("DATABASE_URL", "")
    if url:
        address(url)
        yield url
        return
    with start_database(project.root) as server:
        server.create_database(_DATABASE)
        yield server.url(_DATABASE)


@contextmanager
def alembic_of(project: Project, progress: Progress) -> Iterator[Alembic]:
    """Alembic in the folder of the service; what it does is told."""
    with Alembic(project.output, on_step=progress.say, on_note=progress.warn) as alembic:
        yield alembic


def revisions_at(url: str, revisions: Revisions) -> tuple[str, ...]:
    """The revisions that a database is at; MigrateError if one of them is in no file."""
    current = ask(url, current_revisions)
    unknown = [name for name in current if name not in revisions.by_id]
    if unknown:
        raise MigrateError(
            f"the database is at {', '.join(unknown)}, which no file here has",
            "check out the branch that made it, and go down from there first",
        )
    return current


def way_up(revisions: Revisions, current: tuple[str, ...], wanted: str) -> Way:
    """The way up to a revision, to "head", or over some revisions ("+1")."""
    relative = _RELATIVE.fullmatch(wanted)
    if relative is not None:
        pending = revisions.pending(current)[: int(relative[2])]
        return Way(pending[-1].id if pending else revisions.head, pending)
    name = revisions.find(wanted)
    missing = revisions.ancestry([name]) - revisions.ancestry(current)
    return Way(name, revisions.ordered(missing))


def way_down(revisions: Revisions, current: tuple[str, ...], wanted: str) -> Way:
    """The way down to a revision, to "base", or over some revisions ("-1")."""
    done = revisions.ordered(revisions.ancestry(current))
    relative = _RELATIVE.fullmatch(wanted)
    if relative is not None:
        undone = done[::-1][: int(relative[2])]
        parents = undone[-1].parents if undone else current
        if len(parents) > 1:
            raise MigrateError(
                f"{undone[-1].id} follows several revisions", "name the one to go down to"
            )
        return Way(parents[0] if parents else BASE, undone)
    if wanted == BASE:
        return Way(BASE, done[::-1])
    name = revisions.find(wanted)
    if name not in revisions.ancestry(current):
        raise MigrateError(f"the database has not been at {name}: there is no way down to it")
    staying = revisions.ancestry([name])
    return Way(name, tuple(revision for revision in done[::-1] if revision.id not in staying))


def empty_tables(url: str) -> frozenset[str]:
    """The tables of a database that have no row."""

    async def look(connection: AsyncConnection) -> frozenset[str]:
        listed = await connection.execute(
            text(
                "SELECT relname, quote_ident(relname) FROM pg_class "
                "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
            )
        )
        found = set()
        for name, quoted in list(listed):
            # The server has quoted the name.
            asked = await connection.execute(text(f"SELECT EXISTS (SELECT FROM {quoted})"))  # nosec B608 - names are quoted
            if not asked.scalar_one():
                found.add(str(name))
        return frozenset(found)

    return ask(url, look)
