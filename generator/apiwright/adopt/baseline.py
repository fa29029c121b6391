"""The first revision of a service on a database that was there before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.adopt.facts import ColumnFact, DatabaseFacts, Sequence
from apiwright.code import Code, compose, label, literal
from apiwright.plan.files import Plan, PlannedFile
from apiwright.plan.storage.creation import statements
from apiwright.plan.storage.sql import name_quoted, quoted
from apiwright.plan.storage.tables import Table
from apiwright.render import render

_MARK = "made by the first revision of its service"
_TEMPLATE = "alembic/versions/baseline.py.j2"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The revision: its id, and its file."""

    revision: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class BaselineView:
    """What the template of the revision sees."""

    title: Code
    id: Code
    revision: str
    tables: tuple[str, ...]
    mark: str
    upgrade: tuple[Code, ...]
    downgrade: tuple[Code, ...]


def baseline(tables: tuple[Table, ...], facts: DatabaseFacts) -> Baseline:
    """The revision that makes tables as they were found, and leaves alone those that are there."""
    needed = _Needed.of(tables, facts)
    upgrade = tuple(_execute(sql) for sql in _made(tables, needed))
    downgrade = tuple(_execute(sql) for sql in _dropped(tables, needed))
    revision = hashlib.sha256("\n".join(upgrade).encode()).hexdigest()[:12]
    listed = sorted(table.name for table in tables)
    title = f"adopt {', '.join(listed)}"
    view = BaselineView(
        title=label(title),
        id=label(revision),
        revision=revision,
        tables=tuple(listed),
        mark=_MARK,
        upgrade=upgrade,
        downgrade=downgrade,
    )
    slug = names.snake(title, "revision")[:40].strip("_")
    file = f"0001_{slug}_{revision}.py"
    planned = PlannedFile(file, _TEMPLATE, {"revision": view})
    return Baseline(revision, file, render(Plan((planned,), ()))[file])


@dataclass(frozen=True, slots=True)
class _Needed:
    """What the columns of tables need beside them: enum types, and sequences."""

    enums: tuple[tuple[str, tuple[str, ...]], ...]
    sequences: tuple[Sequence, ...]

    @classmethod
    def of(cls, tables: Iterable[Table], facts: DatabaseFacts) -> _Needed:
        columns = list(_columns(tables, facts))
        enums = {c.enum_name: c.enum for c in columns if c.enum_name}
        wanted = {c.sequence for c in columns if c.sequence and "IDENTITY" not in c.default}
        found = (facts.sequences[name] for name in sorted(wanted) if name in facts.sequences)
        return cls(tuple(sorted(enums.items())), tuple(found))


def _columns(tables: Iterable[Table], facts: DatabaseFacts) -> Iterator[ColumnFact]:
    """The columns that a new database gets."""
    loose = {table.name: table.found.loose if table.found else frozenset() for table in tables}
    for fact in facts.tables:
        if fact.name in loose:
            yield from (c for c in fact.columns if c.name not in loose[fact.name])


def _made(tables: tuple[Table, ...], needed: _Needed) -> Iterator[str]:
    for name, values in needed.enums:
        listed = ", ".join(quoted(value) for value in values)
        yield f"CREATE TYPE {name_quoted(name)} AS ENUM ({listed})"
    for sequence in needed.sequences:
        yield f"CREATE SEQUENCE {name_quoted(sequence.name)} AS {sequence.type}"
    yield from statements(tables)
    managed = {table.name for table in tables}
    for sequence in needed.sequences:
        if sequence.table in managed:
            owner = f"{name_quoted(sequence.table)}.{name_quoted(sequence.column)}"
            yield f"ALTER SEQUENCE {name_quoted(sequence.name)} OWNED BY {owner}"
    first = name_quoted(min(managed))
    yield f"COMMENT ON TABLE {first} IS {quoted(_MARK)}"


def _dropped(tables: tuple[Table, ...], needed: _Needed) -> Iterator[str]:
    listed = ", ".join(name_quoted(table.name) for table in tables)
    yield f"DROP TABLE {listed}"
    managed = {table.name for table in tables}
    for sequence in needed.sequences:
        if sequence.table not in managed:
            yield f"DROP SEQUENCE {name_quoted(sequence.name)}"
    for name, _ in needed.enums:
        yield f"DROP TYPE {name_quoted(name)}"


def _execute(sql: str) -> Code:
    # In SQL for `text()`, a colon would begin a parameter.
    return compose("op.execute({})", literal(sql.replace(":", "\\:")))
