"""The difference between what a database holds and what it should hold, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.migrate.catalog import (
    Catalog,
    ColumnFacts,
    Part,
    TableFacts,
    current_schema,
    read_catalog,
)
from apiwright.migrate.expected import expected_catalog
from apiwright.plan.storage.tables import Table

_ARTICLES = {"constraint": "a", "index": "an", "policy": "a"}


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference: its kind, the table, what of it, and the whole in words."""

    kind: str
    table: str
    name: str
    message: str


async def find_drift(
    connection: AsyncConnection,
    tables: Iterable[Table],
    unmanaged: Collection[str] = (),
    *,
    at_head: bool,
) -> tuple[Drift, ...]:
    """How the database differs from the snapshots; only leftovers where it isn't at their head.

    `unmanaged` are tables that the service leaves alone. Makes temporary tables; the
    caller rolls back.
    """
    listed = tuple(tables)
    found = await read_catalog(connection, await current_schema(connection))
    known = {table.name for table in listed}
    managed = {
        name: without_loose(facts, loose_of(listed, name))
        for name, facts in found.tables.items()
        if name in known or name not in unmanaged
    }
    found = replace(found, tables=managed)
    if not at_head:
        return tuple(_leftovers(found))
    return differences(await expected_catalog(connection, listed), found)


def loose_of(tables: Iterable[Table], name: str) -> frozenset[str]:
    """What may be in a table, and needn't."""
    table = next((table for table in tables if table.name == name), None)
    return table.found.loose if table is not None and table.found is not None else frozenset()


def without_loose(facts: TableFacts, loose: Collection[str]) -> TableFacts:
    """What is known of a table, without that which needn't be there."""
    return TableFacts(
        {name: column for name, column in facts.columns.items() if name not in loose},
        {name: part for name, part in facts.constraints.items() if name not in loose},
        {name: part for name, part in facts.indexes.items() if name not in loose},
        facts.policies,
    )


def differences(wanted: Catalog, found: Catalog) -> tuple[Drift, ...]:
    """How `found` differs from `wanted`, table by table."""
    return (*_tables(wanted, found), *_leftovers(found))


def _tables(wanted: Catalog, found: Catalog) -> Iterator[Drift]:
    for name in sorted(wanted.tables.keys() | found.tables.keys()):
        if name not in found.tables:
            yield Drift("table-missing", name, name, f"the table {name} is missing")
        elif name not in wanted.tables:
            message = f"there is a table {name} that no snapshot knows"
            yield Drift("table-unknown", name, name, message)
        else:
            yield from _table(name, wanted.tables[name], found.tables[name])


def _table(table: str, wanted: TableFacts, found: TableFacts) -> Iterator[Drift]:
    for name in sorted(wanted.columns.keys() | found.columns.keys()):
        yield from _column(table, name, wanted.columns.get(name), found.columns.get(name))
    yield from _parts("constraint", table, wanted.constraints, found.constraints)
    yield from _parts("index", table, wanted.indexes, found.indexes)
    yield from _parts("policy", table, wanted.policies, found.policies)


def _column(
    table: str, name: str, wanted: ColumnFacts | None, found: ColumnFacts | None
) -> Iterator[Drift]:
    place = f"{table}.{name}"
    if found is None or wanted is None:
        kind = "missing" if found is None else "unknown"
        message = f"the column {place} is missing"
        if found is not None:
            message = f"there is a column {place} ({found.type}) that no snapshot knows"
        yield Drift(f"column-{kind}", table, name, message)
        return
    if found.type != wanted.type:
        message = f"{place} is {found.type}; it should be {wanted.type}"
        yield Drift("column-type", table, name, message)
    if found.nullable != wanted.nullable:
        message = f"{place} may be null" if found.nullable else f"{place} may not be null"
        should = "; it should not" if found.nullable else "; it should"
        yield Drift("column-null", table, name, message + should)
    if found.default not in {wanted.default, wanted.also or wanted.default}:
        has, should = (side.default or "no default" for side in (found, wanted))
        message = f"{place} has the default {has}; it should be {should}"
        if not found.default:
            message = f"{place} has no default; it should be {should}"
        elif not wanted.default:
            message = f"{place} has the default {has}; it should have none"
        yield Drift("column-default", table, name, message)


def _parts(
    kind: str, table: str, wanted: Mapping[str, Part], found: Mapping[str, Part]
) -> Iterator[Drift]:
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            message = f"the {kind} {name} of {table} is missing"
            yield Drift(f"{kind}-missing", table, name, message)
        elif name not in wanted:
            if found[name].valid:
                message = (
                    f"there is {_ARTICLES[kind]} {kind} {name} on {table} that no snapshot knows"
                )
                yield Drift(f"{kind}-unknown", table, name, message)
        elif found[name].definition not in {wanted[name].definition, wanted[name].also}:
            message = (
                f"the {kind} {name} of {table} is {found[name].definition}; "
                f"it should be {wanted[name].definition}"
            )
            yield Drift(f"{kind}-differs", table, name, message)


def _leftovers(found: Catalog) -> Iterator[Drift]:
    """What was begun and not brought to its end."""
    for table in sorted(found.tables):
        facts = found.tables[table]
        for name, part in sorted(facts.constraints.items()):
            if not part.valid:
                message = (
                    f"the constraint {name} of {table} is NOT VALID: "
                    "rows from before it are not held to it"
                )
                yield Drift("constraint-not-valid", table, name, message)
        for name, part in sorted(facts.indexes.items()):
            if not part.valid:
                message = (
                    f"the index {name} of {table} is INVALID: "
                    "a concurrent build of it did not come to its end, and no query uses it"
                )
                yield Drift("index-invalid", table, name, message)
