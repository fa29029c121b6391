"""How a database differs from what its contract implies: what the snapshots keep of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.adopt.facts import ColumnFact, DatabaseFacts, PartFact, TableFact
from apiwright.migrate.catalog import Catalog, ColumnFacts, TableFacts
from apiwright.migrate.expected import expected_catalog
from apiwright.plan.storage.evolve import key_name
from apiwright.plan.storage.tables import Found, FoundColumn, FoundPart, Table

_PART = re.compile(r"UNIQUE \((.*)\)")


async def tables_as_found(
    connection: AsyncConnection, tables: tuple[Table, ...], facts: DatabaseFacts
) -> tuple[Table, ...]:
    """The tables that a contract implies, with what is otherwise in the database.

    Makes temporary tables; the caller rolls back.
    """
    wanted = await expected_catalog(connection, tables)
    return with_found(tables, wanted, facts)


def with_found(tables: Iterable[Table], wanted: Catalog, facts: DatabaseFacts) -> tuple[Table, ...]:
    """The tables that a contract implies; `wanted` says them in PostgreSQL's own words."""
    by_name = {table.name: table for table in facts.tables}
    listed = tuple(tables)
    managed = {table.name for table in listed}
    return tuple(
        _replaced(table, _found(table, wanted.tables[table.name], by_name[table.name], managed))
        for table in listed
    )


def _replaced(table: Table, found: Found) -> Table:
    return replace(table, found=found if found != Found() else None)


def _found(table: Table, wanted: TableFacts, fact: TableFact, managed: set[str]) -> Found:
    columns = tuple(_columns(wanted, fact))
    loose = {column.name for column in columns if column.loose}
    parts, absent = _parts(table, wanted, fact, managed, loose)
    return Found(columns, parts, absent)


def _columns(wanted: TableFacts, fact: TableFact) -> Iterator[FoundColumn]:
    for column in fact.columns:
        known = wanted.columns.get(column.name)
        if known is None:
            loose = column.needing or not (column.builtin or column.enum_name)
            yield FoundColumn(
                column.name, column.type, column.nullable, column.default, loose=loose
            )
        elif known != ColumnFacts(column.type, column.nullable, column.default):
            yield _different(column, known)


def _different(column: ColumnFact, known: ColumnFacts) -> FoundColumn:
    """A column that both have; a default that a new database lacks gives way to the contract's."""
    if column.needing:
        return FoundColumn(
            column.name, column.type, column.nullable, known.default, also=column.default
        )
    return FoundColumn(column.name, column.type, column.nullable, column.default)


def _parts(
    table: Table, wanted: TableFacts, fact: TableFact, managed: set[str], loose: set[str]
) -> tuple[tuple[FoundPart, ...], tuple[str, ...]]:
    left = {
        **{name: ("constraint", part.definition) for name, part in wanted.constraints.items()},
        **{name: ("index", part.definition) for name, part in wanted.indexes.items()},
    }
    waiting: list[PartFact] = []
    for part in fact.parts:
        if part.kind and left.get(part.name) == (_kind(part), part.definition) and part.valid:
            del left[part.name]
        elif part.kind:
            waiting.append(part)
    parts: list[FoundPart] = []
    for part in waiting:
        meant = next(
            (name for name, (kind, said) in left.items() if _same(part, kind, said, name, table)),
            "",
        )
        left.pop(meant, None)
        parts.append(
            FoundPart(
                name=part.name,
                kind=_kind(part),
                definition=part.definition,
                columns=part.columns,
                stands_for=meant,
                loose=_is_loose(part, managed, loose),
            )
        )
    return tuple(parts), tuple(sorted(left))


def _kind(part: PartFact) -> str:
    return "index" if part.kind == "i" else "constraint"


def _is_loose(part: PartFact, managed: set[str], loose: set[str]) -> bool:
    """Whether a part can't be made in a new database, or isn't whole in this one."""
    elsewhere = part.kind == "f" and part.target not in managed
    odd = part.kind in {"x", "t"} or part.needing or not part.valid
    return odd or elsewhere or bool(loose.intersection(part.columns))


def _same(part: PartFact, kind: str, said: str, name: str, table: Table) -> bool:
    """Whether what was found does what the part `name` of the contract's table would do."""
    if not part.valid:
        return False
    if part.kind == "p":
        return name == key_name(table.name) and part.columns == table.key
    if part.kind == "u":
        columns = _PART.fullmatch(part.definition)
        return columns is not None and said == f"UNIQUE btree ({columns[1]})"
    if part.kind == "f":
        key = next((key for key in table.foreign_keys if key.name == name), None)
        return (
            key is not None
            and part.columns == (key.column,)
            and (part.target, part.target_columns) == (key.table, (key.target,))
        )
    return kind == _kind(part) and part.definition == said
