"""Steps in words: what is done, which lock it takes and for how long, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import singledispatch

from apiwright.plan.storage.changes import Phases
from apiwright.plan.storage.narrow import keeps, rewrites
from apiwright.plan.storage.steps import (
    AddCheck,
    AddColumn,
    AddForeignKey,
    AddFound,
    AddIndex,
    AlterColumn,
    CheckRows,
    ConvertColumn,
    CreateTable,
    DropCheck,
    DropColumn,
    DropForeignKey,
    DropFound,
    DropIndex,
    DropTable,
    FillColumn,
    FoundInStep,
    KeepInStep,
    LeaveAlone,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameNotNulls,
    RenameSequence,
    RenameTable,
    RenameValues,
    Secure,
    Unsecure,
    Validate,
)
from apiwright.plan.storage.tables import TableColumn


class Duration(Enum):
    """For how long a lock is held: not at all, for an instant, for a scan, or for a rewrite."""

    NONE = "none"
    SHORT = "short"
    SCANS = "scans"
    REWRITES = "rewrites the table"


READ = "ACCESS SHARE"
ROWS = "ROW EXCLUSIVE"
BUILD = "SHARE UPDATE EXCLUSIVE"
BOTH = "SHARE ROW EXCLUSIVE"
ALL = "ACCESS EXCLUSIVE"


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as people read it.

    `lock` is PostgreSQL's name of the strongest lock on the table; `duration` tells for how long
    it matters: READ, ROWS and BUILD keep nobody from reading or writing, however long they last.
    """

    phase: str
    what: str
    table: str
    lock: str
    duration: Duration
    reversible: bool = True
    loses_data: bool = False

    @property
    def holds_up(self) -> bool:
        """Whether others wait for as long as a scan, or a rewrite, of the table takes."""
        long = self.duration in {Duration.SCANS, Duration.REWRITES}
        return long and self.lock not in {READ, ROWS, BUILD}


def step_views(phases: Phases) -> tuple[StepView, ...]:
    """The steps of a change, in their order."""
    return tuple(_views(phases))


def _views(phases: Phases) -> Iterator[StepView]:
    created = {step.table.name for step in phases.steps if isinstance(step, CreateTable)}
    for phase, steps in phases:
        for step in steps:
            told = tell(step)
            if told.table in created:
                # Nobody uses a table that is being made.
                told = Told(told.what, told.table, told.lock, Duration.NONE)
            yield StepView(
                phase.value,
                told.what,
                told.table,
                told.lock,
                told.duration,
                told.reversible,
                told.loses_data,
            )


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a step, whatever its phase."""

    what: str
    table: str
    lock: str
    duration: Duration
    reversible: bool = True
    loses_data: bool = False


@singledispatch
def tell(step: object) -> Told:
    """A step in words."""
    raise TypeError(f"no words for {type(step).__name__}")


@tell.register
def _(step: CheckRows) -> Told:
    return Told(f"check the rows for {step.rule}", step.table, READ, Duration.SCANS)


@tell.register
def _(step: RenameTable) -> Told:
    return _short(f"rename the table {step.before} to {step.table}", step.table)


@tell.register
def _(step: RenameColumn) -> Told:
    what = f"rename the column {step.table}.{step.before} to {step.after}"
    return _short(what, step.table)


@tell.register
def _(step: RenameConstraint) -> Told:
    return _short(f"rename the constraint {step.before} to {step.after}", step.table)


@tell.register
def _(step: RenameIndex) -> Told:
    what = f"rename the index {step.before} to {step.after}"
    return Told(what, step.table, BUILD, Duration.SHORT)


@tell.register
def _(step: RenameSequence) -> Told:
    return _short(f"rename the sequence {step.before} to {step.after}", step.table)


@tell.register
def _(step: RenameNotNulls) -> Told:
    return _short(f"rename the NOT NULL constraints of {step.table}", step.table)


@tell.register
def _(step: CreateTable) -> Told:
    return Told(f"create the table {step.table.name}", step.table.name, ALL, Duration.NONE)


@tell.register
def _(step: DropTable) -> Told:
    name = step.table.name
    what = f"drop the table {name} with its rows"
    return Told(what, name, ALL, Duration.SHORT, reversible=False, loses_data=True)


@tell.register
def _(step: AddColumn) -> Told:
    return _short(f"add the column {step.table}.{_described(step.column)}", step.table)


@tell.register
def _(step: DropColumn) -> Told:
    twin = step.column.twin
    if twin:
        what = f"drop the column {step.table}.{step.column.name}, whose values {twin} has"
        return _short(what, step.table)
    what = f"drop the column {step.table}.{step.column.name} with its values"
    return Told(what, step.table, ALL, Duration.SHORT, reversible=False, loses_data=True)


@tell.register
def _(step: AlterColumn) -> Told:
    before, after = step.before, step.after
    changes = []
    if before.default != after.default:
        changes.append(f"default {after.default}" if after.default else "no default")
    if before.identity != after.identity:
        changes.append("numbered by itself" if after.identity else "numbered by clients")
    if before.nullable != after.nullable:
        changes.append("null allowed" if after.nullable else "null not allowed")
    name = f"{step.table}.{after.name}"
    return _short(f"change the column {name}: {', '.join(changes)}", step.table)


@tell.register
def _(step: ConvertColumn) -> Told:
    one, other = step.before.type, step.after.type
    name = f"{step.table}.{step.after.name}"
    duration = Duration.REWRITES if rewrites(one, other) else Duration.SHORT
    kept = keeps(one, other)
    what = f"change the type of the column {name} from {one} to {other}"
    return Told(what, step.table, ALL, duration, reversible=kept, loses_data=not kept)


@tell.register
def _(step: KeepInStep) -> Told:
    what = f"keep {step.table}.{step.before} and {step.column.name} in step, by a trigger"
    return Told(what, step.table, BOTH, Duration.SHORT)


@tell.register
def _(step: LeaveAlone) -> Told:
    what = f"keep {step.table}.{step.before} and {step.column.name} in step no longer"
    return _short(what, step.table)


@tell.register
def _(step: FoundInStep) -> Told:
    what = f"look whether {step.before} and {step.after} of {step.table} are in step"
    return Told(what, step.table, READ, Duration.SCANS)


@tell.register
def _(step: FillColumn) -> Told:
    what = f"fill {step.table}.{step.column} with {step.value} where it is null, in batches"
    return Told(what, step.table, ROWS, Duration.SCANS)


@tell.register
def _(step: RenameValues) -> Told:
    pairs = ", ".join(f"'{old}' by '{new}'" for old, new in step.pairs)
    merged = len({new for _, new in step.pairs}) < len(step.pairs)
    what = f"replace in {step.table}.{step.column} {pairs}, in batches"
    return Told(what, step.table, ROWS, Duration.SCANS, reversible=not merged)


@tell.register
def _(step: AddCheck) -> Told:
    later = "" if step.valid else ", for new rows"
    what = f"add the check {step.check.name}{later}: {step.check.condition}"
    return Told(what, step.table, ALL, Duration.SCANS if step.valid else Duration.SHORT)


@tell.register
def _(step: DropCheck) -> Told:
    return _short(f"drop the check {step.check.name}", step.table)


@tell.register
def _(step: AddForeignKey) -> Told:
    key = step.key
    later = "" if step.valid else ", for new rows"
    what = f"add the foreign key {key.name} to {key.table}, on delete {key.on_delete}{later}"
    return Told(what, step.table, BOTH, Duration.SCANS if step.valid else Duration.SHORT)


@tell.register
def _(step: DropForeignKey) -> Told:
    return _short(f"drop the foreign key {step.key.name}", step.table)


@tell.register
def _(step: Validate) -> Told:
    what = f"look whether rows that exist keep {step.constraint}"
    return Told(what, step.table, BUILD, Duration.SCANS)


@tell.register
def _(step: AddIndex) -> Told:
    kind = "unique index" if step.index.unique else "index"
    where = f" where {step.index.where}" if step.index.where else ""
    what = f"build the {kind} {step.index.name} on {', '.join(step.index.parts)}{where}"
    return Told(what, step.table, BUILD if step.concurrently else "SHARE", Duration.SCANS)


@tell.register
def _(step: DropIndex) -> Told:
    what = f"drop the index {step.index.name}"
    return Told(what, step.table, BUILD if step.concurrently else ALL, Duration.SHORT)


@tell.register
def _(step: AddFound) -> Told:
    what = f"add the {step.part.kind} {step.part.name}: {step.part.definition}"
    return Told(what, step.table, ALL, Duration.SCANS)


@tell.register
def _(step: DropFound) -> Told:
    return _short(f"drop the {step.part.kind} {step.part.name}", step.table)


@tell.register
def _(step: Secure) -> Told:
    return _short(f"let {step.table} show each tenant its own rows: row-level security", step.table)


@tell.register
def _(step: Unsecure) -> Told:
    return _short(f"take row-level security off {step.table}", step.table)


def _short(what: str, table: str) -> Told:
    return Told(what, table, ALL, Duration.SHORT)


def _described(column: TableColumn) -> str:
    default = f", default {column.default}" if column.default else ""
    null = "null allowed" if column.nullable else "null not allowed"
    return f"{column.name}, {column.type}{default}, {null}"
