"""Steps as code: calls of Alembic's own operations, and SQL where it has none."""

from __future__ import annotations

from functools import singledispatch

from apiwright.code import Code, compose, constant, joined, literal
from apiwright.plan.storage.batches import filled, renamed_values
from apiwright.plan.storage.creation import part_created, part_dropped, table_statements
from apiwright.plan.storage.evolve import key_name
from apiwright.plan.storage.sql import guard_name, guarded, name_quoted, quoted, script
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
from apiwright.plan.storage.tables import TableColumn, TableIndex
from apiwright.plan.storage.tenancy import secured, unsecured
from apiwright.plan.storage.twins import in_step, kept_in_step, left_alone
from apiwright.plan.storage.types import sqlalchemy_type


@singledispatch
def code(step: object) -> tuple[Code, ...]:
    """A step as statements of Python."""
    raise TypeError(f"no operation for {type(step).__name__}")


@code.register
def _(step: CheckRows) -> tuple[Code, ...]:
    return (_execute(step.sql),)


@code.register
def _(step: RenameTable) -> tuple[Code, ...]:
    return (compose("op.rename_table({}, {})", literal(step.before), literal(step.table)),)


@code.register
def _(step: RenameColumn) -> tuple[Code, ...]:
    names = (literal(step.table), literal(step.before), literal(step.after))
    return (compose("op.alter_column({}, {}, new_column_name={})", *names),)


@code.register
def _(step: RenameConstraint) -> tuple[Code, ...]:
    table, before, after = (name_quoted(n) for n in (step.table, step.before, step.after))
    return (_execute(f"ALTER TABLE {table} RENAME CONSTRAINT {before} TO {after}"),)


@code.register
def _(step: RenameIndex) -> tuple[Code, ...]:
    before, after = name_quoted(step.before), name_quoted(step.after)
    return (_execute(f"ALTER INDEX {before} RENAME TO {after}"),)


@code.register
def _(step: RenameSequence) -> tuple[Code, ...]:
    before, after = name_quoted(step.before), name_quoted(step.after)
    return (_execute(f"ALTER SEQUENCE {before} RENAME TO {after}"),)


@code.register
def _(step: RenameNotNulls) -> tuple[Code, ...]:
    table = name_quoted(step.table)
    listed = f"SELECT FROM pg_constraint WHERE conrelid = {quoted(table)}::regclass"  # nosec B608 - names are quoted
    lines = ["BEGIN"]
    for before, after in step.pairs:
        renamed = f"{name_quoted(before)} TO {name_quoted(after)}"
        lines += [
            f"    IF EXISTS ({listed} AND contype = 'n' AND conname = {quoted(before)}) THEN",
            f"        ALTER TABLE {table} RENAME CONSTRAINT {renamed};",
            "    END IF;",
        ]
    return (_execute(script("\n".join([*lines, "END"]))),)


@code.register
def _(step: CreateTable) -> tuple[Code, ...]:
    table = step.table
    if table.found is not None:
        return tuple(_execute(statement) for statement in table_statements(table))
    parts = [literal(table.name), *(_column(column, table.key) for column in table.columns)]
    key = joined([literal(name) for name in table.key])
    parts.append(
        compose("sa.PrimaryKeyConstraint({}, name={})", key, literal(key_name(table.name)))
    )
    parts += [
        compose(
            "sa.CheckConstraint({}, name={})",
            literal(_escaped(check.condition)),
            literal(check.name),
        )
        for check in table.checks
    ]
    guard = tuple(_execute(sql) for sql in guarded(table.name)) if table.append_only else ()
    return (compose("op.create_table({})", joined(parts)), *guard)


@code.register
def _(step: DropTable) -> tuple[Code, ...]:
    name = step.table.name
    unguarded = (_execute(f"DROP FUNCTION {guard_name(name)}()"),) if step.table.append_only else ()
    return (compose("op.drop_table({})", literal(name)), *unguarded)


@code.register
def _(step: AddColumn) -> tuple[Code, ...]:
    return (compose("op.add_column({}, {})", literal(step.table), _column(step.column)),)


@code.register
def _(step: DropColumn) -> tuple[Code, ...]:
    return (compose("op.drop_column({}, {})", literal(step.table), literal(step.column.name)),)


@code.register
def _(step: AlterColumn) -> tuple[Code, ...]:
    before, after = step.before, step.after
    arguments = [literal(step.table), literal(after.name)]
    if (before.default, before.identity) != (after.default, after.identity):
        arguments.append(compose("server_default={}", _default(after)))
        arguments.append(compose("existing_server_default={}", _default(before)))
    tighter = before.nullable and not after.nullable
    if before.nullable != after.nullable and not (tighter and step.lenient):
        arguments.append(compose("nullable={}", literal(after.nullable)))
    arguments.append(compose("existing_type={}", sqlalchemy_type(after.type, "sa.")))
    found = [compose("op.alter_column({})", joined(arguments))] if len(arguments) > 3 else []
    if tighter and step.lenient:
        found.append(_execute(_tightened(step.table, after.name)))
    if after.identity and not before.identity:
        found.append(_execute(_counted_on(step.table, after.name)))
    return tuple(found)


@code.register
def _(step: ConvertColumn) -> tuple[Code, ...]:
    return (
        compose(
            "op.alter_column({}, {}, type_={}, postgresql_using={}, existing_type={})",
            literal(step.table),
            literal(step.after.name),
            sqlalchemy_type(step.after.type, "sa."),
            literal(step.using),
            sqlalchemy_type(step.before.type, "sa."),
        ),
    )


@code.register
def _(step: KeepInStep) -> tuple[Code, ...]:
    return tuple(map(_execute, kept_in_step(step.table, step.before, step.column)))


@code.register
def _(step: LeaveAlone) -> tuple[Code, ...]:
    return tuple(map(_execute, left_alone(step.table, step.before, step.column.name)))


@code.register
def _(step: FoundInStep) -> tuple[Code, ...]:
    return (_execute(in_step(step.table, step.before, step.after)),)


@code.register
def _(step: FillColumn) -> tuple[Code, ...]:
    return (_execute(filled(step.table, step.column, step.value)),)


@code.register
def _(step: RenameValues) -> tuple[Code, ...]:
    sql = renamed_values(step.table, step.column, step.pairs, array=step.array)
    return (_execute(sql),)


@code.register
def _(step: AddCheck) -> tuple[Code, ...]:
    again = (_dropped(step.table, step.check.name),) if step.again else ()
    valid = constant("" if step.valid else ", postgresql_not_valid=True")
    return (
        *again,
        compose(
            "op.create_check_constraint({}, {}, sa.text({}){})",
            literal(step.check.name),
            literal(step.table),
            literal(_escaped(step.check.condition)),
            valid,
        ),
    )


@code.register
def _(step: DropCheck) -> tuple[Code, ...]:
    if step.again:
        return (_dropped(step.table, step.check.name),)
    names = (literal(step.check.name), literal(step.table))
    return (compose('op.drop_constraint({}, {}, type_="check")', *names),)


@code.register
def _(step: AddForeignKey) -> tuple[Code, ...]:
    key = step.key
    return (
        compose(
            "op.create_foreign_key({}, {}, {}, [{}], [{}], ondelete={}{})",
            literal(key.name),
            literal(step.table),
            literal(key.table),
            literal(key.column),
            literal(key.target),
            literal(key.on_delete),
            constant("" if step.valid else ", postgresql_not_valid=True"),
        ),
    )


@code.register
def _(step: DropForeignKey) -> tuple[Code, ...]:
    names = (literal(step.key.name), literal(step.table))
    return (compose('op.drop_constraint({}, {}, type_="foreignkey")', *names),)


@code.register
def _(step: Validate) -> tuple[Code, ...]:
    table, constraint = name_quoted(step.table), name_quoted(step.constraint)
    return (_execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"),)


@code.register
def _(step: AddIndex) -> tuple[Code, ...]:
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
    if not step.concurrently:
        return (compose("op.create_index({})", joined(arguments)),)
    # An index of this name is what a run that was cut short has left, and is not valid.
    arguments.append(constant("postgresql_concurrently=True"))
    return (
        _index_dropped(step.table, index, concurrently=True),
        compose("op.create_index({})", joined(arguments)),
    )


@code.register
def _(step: DropIndex) -> tuple[Code, ...]:
    return (_index_dropped(step.table, step.index, concurrently=step.concurrently),)


@code.register
def _(step: AddFound) -> tuple[Code, ...]:
    return (_execute(part_created(step.table, step.part)),)


@code.register
def _(step: DropFound) -> tuple[Code, ...]:
    return (_execute(part_dropped(step.table, step.part)),)


@code.register
def _(step: Secure) -> tuple[Code, ...]:
    return tuple(map(_execute, secured(step.table, step.policies)))


@code.register
def _(step: Unsecure) -> tuple[Code, ...]:
    return tuple(map(_execute, unsecured(step.table, step.policies)))


def _index_dropped(table: str, index: TableIndex, *, concurrently: bool) -> Code:
    more = ", if_exists=True, postgresql_concurrently=True" if concurrently else ""
    names = (literal(index.name), literal(table))
    return compose("op.drop_index({}, table_name={}{})", *names, constant(more))


def _dropped(table: str, constraint: str) -> Code:
    """Drop a constraint that may be there."""
    names = f"{name_quoted(table)} DROP CONSTRAINT IF EXISTS {name_quoted(constraint)}"
    return _execute(f"ALTER TABLE {names}")


def _tightened(table: str, column: str) -> str:
    """SQL that keeps null out of a column again, unless rows that came since have it."""
    name, of = name_quoted(column), name_quoted(table)
    warning = quoted(f"{table}.{column} stays nullable: there are rows without a value")
    lines = (
        "BEGIN",
        f"    IF EXISTS (SELECT FROM {of} WHERE {name} IS NULL) THEN",  # nosec B608 - names are quoted
        f"        RAISE WARNING USING MESSAGE = {warning};",
        "    ELSE",
        f"        ALTER TABLE {of} ALTER COLUMN {name} SET NOT NULL;",
        "    END IF;",
        "END",
    )
    return script("\n".join(lines))


def _counted_on(table: str, column: str) -> str:
    """SQL that lets a column count on from the highest number there is."""
    name, of = name_quoted(column), name_quoted(table)
    sequence = f"pg_get_serial_sequence({quoted(of)}, {quoted(column)})"
    # Names are quoted already.
    return f"SELECT setval({sequence}, max({name})) FROM {of} HAVING max({name}) > 0"  # nosec B608 - names are quoted


def _execute(sql: str) -> Code:
    """A call that runs some SQL, a literal for each of its lines."""
    lines = _escaped(sql).splitlines(keepends=True)
    return compose("op.execute({})", joined([literal(line) for line in lines], " "))


def _column(column: TableColumn, key: tuple[str, ...] = ()) -> Code:
    arguments = [literal(column.name), sqlalchemy_type(column.type, "sa.")]
    if column.identity:
        arguments.append(_default(column))
    elif column.default:
        arguments.append(compose("server_default={}", _default(column)))
    if key == (column.name,) and column.type in {"integer", "bigint"} and not column.identity:
        # SQLAlchemy would number such a key by itself.
        arguments.append(constant("autoincrement=False"))
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
