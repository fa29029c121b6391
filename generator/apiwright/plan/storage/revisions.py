"""Revisions: the steps from one schema to the next, in Alembic's own operations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatch

from apiwright import names
from apiwright.code import Code, compose, constant, joined, label, literal
from apiwright.ir.service import Service
from apiwright.plan.storage.build import build_tables, name_quoted
from apiwright.plan.storage.changes import (
    AddCheck,
    AddColumn,
    AddForeignKey,
    AddIndex,
    AlterColumn,
    ConvertColumn,
    CreateTable,
    DropCheck,
    DropColumn,
    DropForeignKey,
    DropIndex,
    DropTable,
    FillColumn,
    Step,
    changes,
    inverse,
)
from apiwright.plan.storage.dangers import Danger, dangers
from apiwright.plan.storage.tables import Table, TableColumn
from apiwright.plan.storage.types import converted, sqlalchemy_type


@dataclass(frozen=True, slots=True)
class History:
    """What is there already: the tables of the last revision, its id, and the files so far."""

    tables: tuple[Table, ...] = ()
    head: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A revision, as its template prints it."""

    file: str
    title: Code
    id: Code
    revises: Code
    revision: str
    down_revision: str | None
    upgrade: tuple[Code, ...]
    downgrade: tuple[Code, ...]


def next_revision(history: History, tables: tuple[Table, ...]) -> RevisionView | None:
    """The revision that leads from the history to `tables`; None where nothing changes.

    Its id is made of its content and of the revision before it.
    """
    steps = changes(history.tables, tables)
    if not steps:
        return None
    upgrade = tuple(code(step) for step in steps)
    downgrade = tuple(code(step) for step in inverse(steps))
    content = "\n".join([history.head, *upgrade])
    revision = hashlib.sha256(content.encode()).hexdigest()[:12]
    title = _title(steps)
    number = len(history.files) + 1
    slug = names.snake(title, "revision")[:40].strip("_")
    return RevisionView(
        file=f"{number:04}_{slug}_{revision}.py",
        title=label(title),
        id=label(revision),
        revises=label(history.head or "nothing"),
        revision=revision,
        down_revision=history.head or None,
        upgrade=upgrade,
        downgrade=downgrade,
    )


def storage_dangers(history: History, service: Service) -> tuple[Danger, ...]:
    """What the next revision would destroy, or can't do."""
    return dangers(changes(history.tables, build_tables(service)))


def _title(steps: Iterable[Step]) -> str:
    """What a revision does, in a few words."""
    listed = list(steps)
    created = [step.table.name for step in listed if isinstance(step, CreateTable)]
    dropped = [step.table.name for step in listed if isinstance(step, DropTable)]
    touched = dict.fromkeys(
        step.table
        for step in listed
        if not isinstance(step, CreateTable | DropTable) and step.table not in created
    )
    parts = [
        f"{verb} {', '.join(found)}"
        for verb, found in (
            ("create", created),
            ("drop", dropped),
            ("change", [name for name in touched if name not in dropped]),
        )
        if found
    ]
    return "; ".join(parts)


@singledispatch
def code(step: object) -> Code:
    """A step as a call of one of Alembic's operations."""
    raise TypeError(f"no operation for {type(step).__name__}")


@code.register
def _(step: CreateTable) -> Code:
    table = step.table
    parts = [literal(table.name), *(_column(column) for column in table.columns)]
    key = joined([literal(name) for name in table.key])
    parts.append(
        compose("sa.PrimaryKeyConstraint({}, name={})", key, literal(key_name(table.name)))
    )
    parts += [
        compose("sa.CheckConstraint({}, name={})", literal(_escaped(c.condition)), literal(c.name))
        for c in table.checks
    ]
    return compose("op.create_table({})", joined(parts))


@code.register
def _(step: DropTable) -> Code:
    return compose("op.drop_table({})", literal(step.table.name))


@code.register
def _(step: AddColumn) -> Code:
    return compose("op.add_column({}, {})", literal(step.table), _column(step.column))


@code.register
def _(step: DropColumn) -> Code:
    return compose("op.drop_column({}, {})", literal(step.table), literal(step.column.name))


@code.register
def _(step: AlterColumn) -> Code:
    before, after = step.before, step.after
    arguments = [literal(step.table), literal(after.name)]
    if (before.default, before.identity) != (after.default, after.identity):
        arguments.append(compose("server_default={}", _default(after)))
        arguments.append(compose("existing_server_default={}", _default(before)))
    if before.nullable != after.nullable:
        arguments.append(compose("nullable={}", literal(after.nullable)))
    arguments.append(compose("existing_type={}", sqlalchemy_type(after.type, "sa.")))
    return compose("op.alter_column({})", joined(arguments))


@code.register
def _(step: ConvertColumn) -> Code:
    before, after = step.before, step.after
    using = converted(name_quoted(after.name), before.type, after.type)
    if not using:
        using = f"({after.default})::{after.type}" if after.default else "NULL"
    return compose(
        "op.alter_column({}, {}, type_={}, postgresql_using={}, existing_type={})",
        literal(step.table),
        literal(after.name),
        sqlalchemy_type(after.type, "sa."),
        literal(using),
        sqlalchemy_type(before.type, "sa."),
    )


@code.register
def _(step: FillColumn) -> Code:
    name = name_quoted(step.column.name)
    table = name_quoted(step.table)
    # Names and default are quoted already.
    sql = f"UPDATE {table} SET {name} = {step.column.default} WHERE {name} IS NULL"  # nosec B608
    return compose("op.execute({})", literal(sql))


@code.register
def _(step: AddCheck) -> Code:
    return compose(
        "op.create_check_constraint({}, {}, sa.text({}))",
        literal(step.check.name),
        literal(step.table),
        literal(_escaped(step.check.condition)),
    )


@code.register
def _(step: DropCheck) -> Code:
    return compose(
        'op.drop_constraint({}, {}, type_="check")', literal(step.check.name), literal(step.table)
    )


@code.register
def _(step: AddForeignKey) -> Code:
    key = step.key
    return compose(
        "op.create_foreign_key({}, {}, {}, [{}], [{}], ondelete={})",
        literal(key.name),
        literal(step.table),
        literal(key.table),
        literal(key.column),
        literal(key.target),
        literal(key.on_delete),
    )


@code.register
def _(step: DropForeignKey) -> Code:
    return compose(
        'op.drop_constraint({}, {}, type_="foreignkey")',
        literal(step.key.name),
        literal(step.table),
    )


@code.register
def _(step: AddIndex) -> Code:
    index = step.index
    if index.expression:
        parts = [compose("sa.text({})", literal(_escaped(part))) for part in index.parts]
    else:
        parts = [literal(part) for part in index.parts]
    arguments = [literal(index.name), literal(step.table), compose("[{}]", joined(parts))]
    if index.unique:
        arguments.append(constant("unique=True"))
    if index.method != "btree":
        arguments.append(compose("postgresql_using={}", literal(index.method)))
    if index.where:
        arguments.append(compose("postgresql_where=sa.text({})", literal(_escaped(index.where))))
    return compose("op.create_index({})", joined(arguments))


@code.register
def _(step: DropIndex) -> Code:
    return compose(
        "op.drop_index({}, table_name={})", literal(step.index.name), literal(step.table)
    )


def key_name(table: str) -> str:
    """The name of a primary key."""
    return names.sql(f"pk_{table}")


def _column(column: TableColumn) -> Code:
    arguments = [literal(column.name), sqlalchemy_type(column.type, "sa.")]
    if column.identity:
        arguments.append(_default(column))
    elif column.default:
        arguments.append(compose("server_default={}", _default(column)))
    arguments.append(compose("nullable={}", literal(column.nullable)))
    return compose("sa.Column({})", joined(arguments))


def _default(column: TableColumn) -> Code:
    if column.identity:
        return constant("sa.Identity()")
    if not column.default:
        return constant("None")
    return compose("sa.text({})", literal(_escaped(column.default)))


def _escaped(sql: str) -> str:
    """SQL for `text()`, in which a colon would begin a parameter."""
    return sql.replace(":", "\\:")
