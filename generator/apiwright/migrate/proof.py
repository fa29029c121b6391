"""Proving revisions on a scratch database: up, as the models and the snapshots say, down, up."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.local import PostgresServer
from apiwright.migrate.alembic import Alembic
from apiwright.migrate.catalog import current_schema, read_catalog
from apiwright.migrate.database import ask
from apiwright.migrate.drift import find_drift
from apiwright.migrate.errors import MigrateError, UnprovenError
from apiwright.migrate.revisions import BASE, Part
from apiwright.migrate.snapshots import read_tables, unmanaged_tables


@contextmanager
def scratch_database(server: PostgresServer) -> Iterator[str]:
    """The address of an empty database that goes away again."""
    name = f"verify_{secrets.token_hex(6)}"
    server.create_database(name)
    try:
        yield server.url(name)
    finally:
        server.drop_database(name)


def prove(
    output: Path, alembic: Alembic, url: str, part: Part, tell: Callable[[str], None]
) -> tuple[str, ...]:
    """What is proven of a part of the revisions of `output`, on the empty database at `url`.

    `tell` hears each claim once it is proven. UnprovenError says what does not hold; MigrateError
    where a revision fails.
    """
    proven: list[str] = []

    def holds(claim: str) -> None:
        proven.append(claim)
        tell(claim)

    alembic.url = url
    if part.lower != BASE:
        alembic.upgrade(part.lower)
    before = _lines(url)
    alembic.upgrade(part.upper)
    after = _lines(url)
    holds(f"up to {part.upper} from {part.lower}: every revision runs")
    if part.at_head:
        _same_as_models(alembic)
        holds("the models and the database are the same: `alembic check` finds nothing")
        _same_as_snapshots(output, url)
        holds("the snapshots and the database are the same: tables, columns, constraints, indexes")
    alembic.downgrade(part.lower)
    _compare(before, _lines(url), f"the way down to {part.lower} does not lead back", part.lower)
    nothing = "leaves nothing" if part.lower == BASE else "leads back to the schema before"
    holds(f"down to {part.lower} {nothing}")
    alembic.upgrade(part.upper)
    _compare(after, _lines(url), "the second way up leads elsewhere", part.upper)
    holds(f"up to {part.upper} again gives the same schema")
    return tuple(proven)


def _same_as_models(alembic: Alembic) -> None:
    try:
        alembic.check()
    except MigrateError as error:
        raise UnprovenError(f"the models and the migrated database differ: {error}") from error


def _same_as_snapshots(output: Path, url: str) -> None:
    tables, unmanaged = read_tables(output), unmanaged_tables(output)

    async def compare(connection: AsyncConnection) -> list[str]:
        found = await find_drift(connection, tables, unmanaged, at_head=True)
        return [drift.message for drift in found]

    messages = ask(url, compare)
    if messages:
        listed = "".join(f"\n  {message}" for message in messages)
        raise UnprovenError(f"the snapshots and the migrated database differ:{listed}")


def _lines(url: str) -> list[str]:
    async def read(connection: AsyncConnection) -> list[str]:
        return (await read_catalog(connection, await current_schema(connection))).lines()

    return ask(url, read)


def _compare(wanted: list[str], found: list[str], message: str, at: str) -> None:
    if wanted == found:
        return
    lines = difflib.unified_diff(wanted, found, f"{at} before", f"{at} after", lineterm="")
    raise UnprovenError(message, "\n".join(lines))
