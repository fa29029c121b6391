"""The difference of two database schemas, as steps that lead from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from apiwright.plan.storage.tables import Check, ForeignKey, Table, TableColumn, TableIndex


@dataclass(frozen=True, slots=True)
class CreateTable:
    """Create a table with its columns, key and checks; the rest follows in steps of its own."""

    table: Table


@dataclass(frozen=True, slots=True)
class DropTable:
    """Drop a table."""

    table: Table


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add a column to a table."""

    table: str
    column: TableColumn


@dataclass(frozen=True, slots=True)
class DropColumn:
    """Drop a column."""

    table: str
    column: TableColumn


@dataclass(frozen=True, slots=True)
class AlterColumn:
    """Change the default or the nullability of a column."""

    table: str
    before: TableColumn
    after: TableColumn


@dataclass(frozen=True, slots=True)
class ConvertColumn:
    """Change the type of a column, which has no default then, and its values with it."""

    table: str
    before: TableColumn
    after: TableColumn


@dataclass(frozen=True, slots=True)
class FillColumn:
    """Put the default of a column where it is null, so that it can be made to have a value."""

    table: str
    column: TableColumn


@dataclass(frozen=True, slots=True)
class AddCheck:
    """Add a CHECK constraint."""

    table: str
    check: Check


@dataclass(frozen=True, slots=True)
class DropCheck:
    """Drop a CHECK constraint."""

    table: str
    check: Check


@dataclass(frozen=True, slots=True)
class AddForeignKey:
    """Add a foreign key."""

    table: str
    key: ForeignKey


@dataclass(frozen=True, slots=True)
class DropForeignKey:
    """Drop a foreign key."""

    table: str
    key: ForeignKey


@dataclass(frozen=True, slots=True)
class AddIndex:
    """Create an index."""

    table: str
    index: TableIndex


@dataclass(frozen=True, slots=True)
class DropIndex:
    """Drop an index."""

    table: str
    index: TableIndex


Step: TypeAlias = (
    CreateTable
    | DropTable
    | AddColumn
    | DropColumn
    | AlterColumn
    | ConvertColumn
    | FillColumn
    | AddCheck
    | DropCheck
    | AddForeignKey
    | DropForeignKey
    | AddIndex
    | DropIndex
)
Part = TypeVar("Part", TableColumn, Check, ForeignKey, TableIndex)


def changes(before: Iterable[Table], after: Iterable[Table]) -> tuple[Step, ...]:
    """The steps from the tables `before` to those `after`, in an order that works.

    What depends on others goes first when it is dropped, and last when it is added.
    """
    old = {table.name: table for table in before}
    new = {table.name: table for table in after}
    both = [(old[name], new[name]) for name in new if name in old]
    retyped = set(_retyped(both))
    dropped = [old[name] for name in reversed(old) if name not in new]
    created = [table for name, table in new.items() if name not in old]
    steps: list[Step] = []
    for table in dropped:
        steps += [DropForeignKey(table.name, key) for key in table.foreign_keys]
    for one, other in both:
        steps += _dropped_parts(one, other, retyped)
    steps += [DropTable(replace(table, foreign_keys=(), indexes=())) for table in dropped]
    steps += [CreateTable(replace(table, foreign_keys=(), indexes=())) for table in created]
    for one, other in both:
        steps += _columns(one, other)
    for one, other in [*((replace(t, indexes=(), foreign_keys=()), t) for t in created), *both]:
        steps += _added_parts(one, other, retyped)
    return tuple(steps)


def inverse(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps back."""
    undone = (step for step in reversed(tuple(steps)) if not isinstance(step, FillColumn))
    return tuple(_inverse(step) for step in undone)


def _retyped(both: Iterable[tuple[Table, Table]]) -> Iterator[tuple[str, str]]:
    """The tables and columns whose values change their type."""
    for one, other in both:
        for column in other.columns:
            known = one.column(column.name)
            if known is not None and known.type != column.type:
                yield other.name, column.name


def _lasting(table: Table, retyped: set[tuple[str, str]]) -> list[ForeignKey]:
    """The foreign keys of a table that can stay as they are while columns change their type."""
    return [
        key
        for key in table.foreign_keys
        if not {(table.name, key.column), (key.table, key.target)} & retyped
    ]


def _dropped_parts(one: Table, other: Table, retyped: set[tuple[str, str]]) -> Iterator[Step]:
    yield from (DropIndex(one.name, i) for i in _missing(one.indexes, other.indexes))
    lasting = _lasting(other, retyped)
    yield from (DropForeignKey(one.name, k) for k in _missing(one.foreign_keys, lasting))
    yield from (DropCheck(one.name, c) for c in _missing(one.checks, other.checks))


def _added_parts(one: Table, other: Table, retyped: set[tuple[str, str]]) -> Iterator[Step]:
    yield from (AddCheck(other.name, c) for c in _missing(other.checks, one.checks))
    lasting = _lasting(one, retyped)
    yield from (AddForeignKey(other.name, k) for k in _missing(other.foreign_keys, lasting))
    yield from (AddIndex(other.name, i) for i in _missing(other.indexes, one.indexes))


def _missing(parts: Iterable[Part], others: Iterable[Part]) -> Iterator[Part]:
    known = set(others)
    return (part for part in parts if part not in known)


def _columns(one: Table, other: Table) -> Iterator[Step]:
    for column in other.columns:
        known = one.column(column.name)
        if known is None:
            yield AddColumn(other.name, column)
        elif known != column:
            yield from _altered(other.name, known, column)
    for column in one.columns:
        if other.column(column.name) is None:
            yield DropColumn(one.name, column)


def _altered(table: str, before: TableColumn, after: TableColumn) -> Iterator[Step]:
    """A column, changed; a default stands aside while the type changes."""
    typed = before
    if before.type != after.type:
        loose = before.nullable or after.nullable
        bare = replace(before, default="", identity=False, nullable=loose)
        if bare != before:
            yield AlterColumn(table, before, bare)
        yield ConvertColumn(table, before, after)
        typed = replace(bare, type=after.type)
    if typed.nullable and not after.nullable and after.default:
        yield FillColumn(table, after)
    if typed != after:
        yield AlterColumn(table, typed, after)


def _inverse(step: Step) -> Step:
    if isinstance(step, AlterColumn | ConvertColumn):
        return type(step)(step.table, step.after, step.before)
    return _INVERSES[type(step)](step)


_INVERSES: dict[type[Step], Callable[..., Step]] = {
    CreateTable: lambda step: DropTable(step.table),
    DropTable: lambda step: CreateTable(step.table),
    AddColumn: lambda step: DropColumn(step.table, step.column),
    DropColumn: lambda step: AddColumn(step.table, step.column),
    AddCheck: lambda step: DropCheck(step.table, step.check),
    DropCheck: lambda step: AddCheck(step.table, step.check),
    AddForeignKey: lambda step: DropForeignKey(step.table, step.key),
    DropForeignKey: lambda step: AddForeignKey(step.table, step.key),
    AddIndex: lambda step: DropIndex(step.table, step.index),
    DropIndex: lambda step: AddIndex(step.table, step.index),
}
