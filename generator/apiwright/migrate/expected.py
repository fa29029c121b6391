"""What the snapshots say, in PostgreSQL's own words: temporary tables that never stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.migrate.catalog import Catalog, TableFacts, read_catalog, temporary_schema
from apiwright.plan.storage.creation import TEMPORARY, statements
from apiwright.plan.storage.tables import Found, Table


async def expected_catalog(connection: AsyncConnection, tables: Iterable[Table]) -> Catalog:
    """The catalog of the tables of snapshots.

    They are made as temporary tables in the transaction of `connection`, so that this version of
    PostgreSQL writes their conditions as it writes those of the real ones; the caller rolls back.
    """
    listed = tuple(tables)
    await connection.exec_driver_sql("SET LOCAL client_min_messages = error")
    for statement in statements(listed, TEMPORARY):
        await connection.exec_driver_sql(statement)
    read = await read_catalog(connection, await temporary_schema(connection))
    for table in listed:
        if table.found is not None:
            _with_other_words(read.tables[table.name], table.found)
    return read


def _with_other_words(facts: TableFacts, found: Found) -> None:
    """Add what a database of before says where PostgreSQL would write something else today."""
    for column in found.columns:
        known = facts.columns.get(column.name)
        if known is not None and not column.loose:
            also = column.also or column.default
            facts.columns[column.name] = replace(known, also=also)
    for part in found.parts:
        of_kind = facts.constraints if part.kind == "constraint" else facts.indexes
        if part.name in of_kind:
            of_kind[part.name] = replace(of_kind[part.name], also=part.definition)
