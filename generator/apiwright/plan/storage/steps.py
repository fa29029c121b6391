"""Steps: the single changes of a database, each with the one that undoes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from apiwright.plan.storage.sql import name_quoted
from apiwright.plan.storage.tables import (
    Check,
    ForeignKey,
    FoundPart,
    RowPolicy,
    Table,
    TableColumn,
    TableIndex,
)
from apiwright.plan.storage.types import converted, default_of


@dataclass(frozen=True, slots=True)
class CheckRows:
    """Look at the rows before anything is changed: `sql` raises an error if they don't fit."""

    table: str
    rule: str
    sql: str


@dataclass(frozen=True, slots=True)
class RenameTable:
    """Call a table otherwise; `table` is its new name."""

    before: str
    table: str


@dataclass(frozen=True, slots=True)
class RenameColumn:
    """Call a column otherwise."""

    table: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RenameConstraint:
    """Call a constraint otherwise, after what it belongs to."""

    table: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RenameIndex:
    """Call an index otherwise, after what it belongs to."""

    table: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RenameSequence:
    """Call the sequence of a column otherwise, after its table and column."""

    table: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RenameNotNulls:
    """Call the NOT NULL constraints of a table otherwise, after its name and those of its columns.

    PostgreSQL has names for them since version 18; before there is nothing to do.
    """

    table: str
    pairs: tuple[tuple[str, str], ...]


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
    """Change the default or the nullability of a column.

    A `lenient` one, on the way back, leaves null allowed where rows that came since have it.
    """

    table: str
    before: TableColumn
    after: TableColumn
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class ConvertColumn:
    """Change the type of a column, which has no default then, and its values with it by `using`."""

    table: str
    before: TableColumn
    after: TableColumn
    using: str


@dataclass(frozen=True, slots=True)
class KeepInStep:
    """Let a trigger keep the column `before` and its new name `column` in step."""

    table: str
    before: str
    column: TableColumn


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """Let no trigger keep two columns in step any longer."""

    table: str
    before: str
    column: TableColumn


@dataclass(frozen=True, slots=True)
class FoundInStep:
    """Look whether every row has the same in two columns; on the way back, give it to `before`."""

    table: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FillColumn:
    """Put a value where a column is null, in batches of their own; `value` is SQL."""

    table: str
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class RenameValues:
    """Replace values of an enum by their new names, in batches of their own."""

    table: str
    column: str
    array: bool
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AddCheck:
    """Add a CHECK constraint; unless `valid`, rows that exist are looked at later.

    `again` says that one of this name may be there, left by a run that was cut short.
    """

    table: str
    check: Check
    valid: bool = True
    again: bool = False


@dataclass(frozen=True, slots=True)
class DropCheck:
    """Drop a CHECK constraint; `valid` and `again` are those of adding it."""

    table: str
    check: Check
    valid: bool = True
    again: bool = False


@dataclass(frozen=True, slots=True)
class AddForeignKey:
    """Add a foreign key; unless `valid`, rows that exist are looked at later."""

    table: str
    key: ForeignKey
    valid: bool = True


@dataclass(frozen=True, slots=True)
class DropForeignKey:
    """Drop a foreign key."""

    table: str
    key: ForeignKey


@dataclass(frozen=True, slots=True)
class Validate:
    """Look at the rows that existed before a constraint did."""

    table: str
    constraint: str


@dataclass(frozen=True, slots=True)
class AddIndex:
    """Create an index; `concurrently` without keeping anybody from writing."""

    table: str
    index: TableIndex
    concurrently: bool = False


@dataclass(frozen=True, slots=True)
class DropIndex:
    """Drop an index; `concurrently` without keeping anybody from writing."""

    table: str
    index: TableIndex
    concurrently: bool = False


@dataclass(frozen=True, slots=True)
class AddFound:
    """Add a constraint or an index as it was found."""

    table: str
    part: FoundPart


@dataclass(frozen=True, slots=True)
class DropFound:
    """Drop a constraint or an index that was found."""

    table: str
    part: FoundPart


@dataclass(frozen=True, slots=True)
class Secure:
    """Put row-level security on a table, with these policies."""

    table: str
    policies: tuple[RowPolicy, ...]


@dataclass(frozen=True, slots=True)
class Unsecure:
    """Take row-level security off a table, with these policies."""

    table: str
    policies: tuple[RowPolicy, ...]


Step: TypeAlias = (
    CheckRows
    | RenameTable
    | RenameColumn
    | RenameConstraint
    | RenameIndex
    | RenameSequence
    | RenameNotNulls
    | CreateTable
    | DropTable
    | AddColumn
    | DropColumn
    | AlterColumn
    | ConvertColumn
    | KeepInStep
    | LeaveAlone
    | FoundInStep
    | FillColumn
    | RenameValues
    | AddCheck
    | DropCheck
    | AddForeignKey
    | DropForeignKey
    | Validate
    | AddIndex
    | DropIndex
    | AddFound
    | DropFound
    | Secure
    | Unsecure
)


def inverse(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps back; what only looks at rows, or fills in what was null, needs none."""
    undone = (step for step in reversed(tuple(steps)) if type(step) in _INVERSES)
    return tuple(_INVERSES[type(step)](step) for step in undone)


def _unconverted(step: ConvertColumn) -> Step:
    from_type, to_type = step.after.type, step.before.type
    name = name_quoted(step.after.name)
    using = converted(name, from_type, to_type) or default_of(step.before)
    return ConvertColumn(step.table, step.after, step.before, using)


_INVERSES: dict[type[Step], Callable[..., Step]] = {
    RenameTable: lambda step: RenameTable(step.table, step.before),
    RenameColumn: lambda step: RenameColumn(step.table, step.after, step.before),
    RenameConstraint: lambda step: RenameConstraint(step.table, step.after, step.before),
    RenameIndex: lambda step: RenameIndex(step.table, step.after, step.before),
    RenameSequence: lambda step: RenameSequence(step.table, step.column, step.after, step.before),
    RenameNotNulls: lambda step: RenameNotNulls(
        step.table, tuple((new, old) for old, new in reversed(step.pairs))
    ),
    CreateTable: lambda step: DropTable(step.table),
    DropTable: lambda step: CreateTable(step.table),
    AddColumn: lambda step: DropColumn(step.table, step.column),
    DropColumn: lambda step: AddColumn(step.table, step.column),
    AlterColumn: lambda step: AlterColumn(step.table, step.after, step.before, lenient=True),
    ConvertColumn: _unconverted,
    KeepInStep: lambda step: LeaveAlone(step.table, step.before, step.column),
    LeaveAlone: lambda step: KeepInStep(step.table, step.before, step.column),
    FoundInStep: lambda step: FillColumn(step.table, step.before, name_quoted(step.after)),
    RenameValues: lambda step: RenameValues(
        step.table,
        step.column,
        step.array,
        tuple({new: (new, old) for old, new in reversed(step.pairs)}.values()),
    ),
    AddCheck: lambda step: DropCheck(step.table, step.check, step.valid, step.again),
    DropCheck: lambda step: AddCheck(step.table, step.check, step.valid, step.again),
    AddForeignKey: lambda step: DropForeignKey(step.table, step.key),
    DropForeignKey: lambda step: AddForeignKey(step.table, step.key),
    AddIndex: lambda step: DropIndex(step.table, step.index, step.concurrently),
    DropIndex: lambda step: AddIndex(step.table, step.index, step.concurrently),
    AddFound: lambda step: DropFound(step.table, step.part),
    DropFound: lambda step: AddFound(step.table, step.part),
    Secure: lambda step: Unsecure(step.table, step.policies),
    Unsecure: lambda step: Secure(step.table, step.policies),
}
