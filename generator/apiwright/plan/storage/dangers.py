"""What a change of the database would destroy, or can't do to rows that exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apiwright.plan.storage.changes import (
    AddColumn,
    AlterColumn,
    ConvertColumn,
    CreateTable,
    DropColumn,
    DropTable,
    Step,
)
from apiwright.plan.storage.tables import TableColumn
from apiwright.plan.storage.types import converted

_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_WIDER = frozenset(
    {
        ("integer", "bigint"),
        ("integer", "double precision"),
        ("integer", "numeric"),
        ("bigint", "numeric"),
        ("date", "timestamp with time zone"),
    }
)


@dataclass(frozen=True, slots=True)
class Danger:
    """Something that has to be decided: `name` is the table, or table and column.

    `loses_data` ones can be allowed by name; others can't be done at all.
    """

    name: str
    message: str
    hint: str
    loses_data: bool


def dangers(steps: Iterable[Step]) -> tuple[Danger, ...]:
    """The dangers of a change, in its order."""
    listed = list(steps)
    created = {step.table.name for step in listed if isinstance(step, CreateTable)}
    return tuple(found for step in listed for found in _dangers(step, created))


def _dangers(step: Step, created: set[str]) -> Iterator[Danger]:
    if isinstance(step, DropTable):
        yield _loss(step.table.name, f"the table {step.table.name} would be dropped with its rows")
    elif isinstance(step, DropColumn):
        name = f"{step.table}.{step.column.name}"
        yield _loss(name, f"the column {name} would be dropped with its values")
    elif isinstance(step, AddColumn) and step.table not in created:
        yield from _without_value(step.table, step.column)
    elif isinstance(step, ConvertColumn):
        name = f"{step.table}.{step.after.name}"
        if not _keeps(step.before.type, step.after.type):
            yield _loss(name, f"{name} would become {step.after.type}, from {step.before.type}")
        if not converted(name, step.before.type, step.after.type):
            yield from _without_value(step.table, step.after)
    elif isinstance(step, AlterColumn) and step.before.nullable and not step.after.nullable:
        yield from _without_value(step.table, step.after)


def _loss(name: str, message: str) -> Danger:
    return Danger(
        name, message, f"to mean it: apiwright generate --allow-data-loss {name}", loses_data=True
    )


def _without_value(table: str, column: TableColumn) -> Iterator[Danger]:
    if not (column.nullable or column.default or column.identity):
        name = f"{table}.{column.name}"
        yield Danger(
            name,
            f"{name} has to have a value, and rows that exist have none",
            "give the property a default, or let it be optional or null",
            loses_data=False,
        )


def _keeps(before: str, after: str) -> bool:
    """Whether every value of one type is one of the other as well."""
    if before == after or (before, after) in _WIDER or (after == "text" and before != "bytea"):
        return True
    one, other = _NUMERIC.fullmatch(before), _NUMERIC.fullmatch(after)
    if one is None:
        return False
    if other is None:
        return after == "numeric"
    whole = int(other[1]) - int(other[2]) >= int(one[1]) - int(one[2])
    return whole and int(other[2]) >= int(one[2])
