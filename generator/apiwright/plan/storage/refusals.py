"""What a change of the database would destroy, or can't do to rows that exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apiwright.extensions.expressions import GRAMMAR
from apiwright.plan.storage.changes import fill_of, unknown_names
from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.evolve import Evolution, is_link
from apiwright.plan.storage.findings import Refusal
from apiwright.plan.storage.narrow import keeps
from apiwright.plan.storage.tables import Table, TableColumn
from apiwright.plan.storage.types import converted


def refusals(evolution: Evolution, declared: Declared) -> tuple[Refusal, ...]:
    """Why a change is not made as it stands, in the order of the tables."""
    old = {table.name: table for table in evolution.before}
    found = list(evolution.refusals)
    for table in evolution.goal:
        if table.name in old and not table.retained:
            found += _of_table(old[table.name], table, declared)
    return tuple(found)


def _of_table(before: Table, now: Table, declared: Declared) -> Iterable[Refusal]:
    if not is_link(now):
        yield from _key(before, now, declared)
    for column in now.columns:
        known = before.column(column.name)
        if column.retained or column.name in now.key:
            continue
        if known is None:
            yield from _without_value(before, column, declared)
        elif known.type != column.type:
            yield from _conversion(before, known, column, declared)
        elif known.nullable and not column.nullable:
            yield from _expression(before, column, declared)


def _key(before: Table, now: Table, declared: Declared) -> Iterator[Refusal]:
    types = [[table.column(name) for name in table.key] for table in (before, now)]
    one, other = ([column.type if column else "" for column in listed] for listed in types)
    if before.key == now.key and one == other:
        return
    was = ", ".join(f"{name} {kind}" for name, kind in zip(before.key, one, strict=True))
    now_is = ", ".join(f"{name} {kind}" for name, kind in zip(now.key, other, strict=True))
    yield Refusal(
        "key-change",
        now.name,
        f"the key of {now.name} would become {now_is}, from {was}: other tables, and clients, "
        "know rows by it",
        "keep the key and add the new one as a property with x-unique; or store a new schema "
        "beside this one, move the rows, and let this one go with x-deleted",
        position=declared.position(now.name, now.key[0]),
    )


def _conversion(
    before: Table, known: TableColumn, column: TableColumn, declared: Declared
) -> Iterator[Refusal]:
    name = f"{before.name}.{column.name}"
    if not keeps(known.type, column.type) and name not in declared.allowed:
        yield Refusal(
            "data-loss",
            name,
            f"{name} would become {column.type}, from {known.type}",
            f"to mean it: apiwright generate --allow-data-loss {name}",
            loses_data=True,
            position=declared.position(before.name, column.name),
        )
    if not converted(name, known.type, column.type):
        yield from _without_value(before, column, declared)


def _without_value(before: Table, column: TableColumn, declared: Declared) -> Iterator[Refusal]:
    yield from _expression(before, column, declared)
    free = column.nullable or column.identity or column.default
    if not free and not fill_of(before, column, declared):
        name = f"{before.name}.{column.name}"
        yield Refusal(
            "no-value",
            name,
            f"{name} has to have a value, and rows that exist have none",
            "give the property a default; or say what old rows get, with x-backfill; or let it be "
            "optional first, and require it once all rows have one",
            position=declared.position(before.name, column.name),
        )


def _expression(before: Table, column: TableColumn, declared: Declared) -> Iterator[Refusal]:
    said = declared.backfills.get((before.name, column.name))
    for name in unknown_names(before, column, declared) if said is not None else ():
        columns = ", ".join(known.name for known in before.columns)
        yield Refusal(
            "backfill",
            f"{before.name}.{column.name}",
            f"x-backfill of {before.name}.{column.name} uses {name!r}, which no row has yet",
            f"what rows have: {columns}; {GRAMMAR}",
            position=said.position if said is not None else None,
        )
