"""Changes of a database as revisions make them, on a real PostgreSQL, and what it looks like."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

from apiwright.plan.storage.changes import Phase, Phases
from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.evolve import evolve
from apiwright.plan.storage.operations import code
from apiwright.plan.storage.steps import Step, inverse
from apiwright.plan.storage.storage_plan import migration
from apiwright.plan.storage.tables import Table

CATALOG = """
    SELECT concat_ws(' ', 'column', a.attrelid::regclass, a.attname,
                     format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                     pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'index', i.indrelid::regclass, i.indisvalid,
                     pg_get_indexdef(i.indexrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'sequence ' || relname FROM pg_class
    WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""


def catalog(url: str) -> list[str]:
    """All that a database knows of its tables, but for those of Alembic."""
    with connected(url) as connection:
        return catalog_of(connection)


def catalog_of(connection: sa.Connection) -> list[str]:
    """The same, over a connection that is there."""
    rows = connection.exec_driver_sql(CATALOG)
    return sorted(str(row[0]) for row in rows if "alembic_version" not in str(row[0]))


def looser_checks(tables: Iterable[Table]) -> frozenset[str]:
    """The names of checks that let through what the contract has no more."""
    return frozenset(check.name for table in tables for check in table.checks if check.retained)


def without(lines: Iterable[str], names: Iterable[str], checks: Collection[str] = ()) -> list[str]:
    """A catalog without what is kept: tables, columns and indexes after their table, checks."""
    dropped = tuple(names)
    tables = {name for name in dropped if "." not in name}
    columns = {tuple(name.split(".")) for name in dropped if "." in name}
    found = []
    for line in lines:
        words = line.split()
        owned = words[0] == "sequence" and any(words[1].startswith(f"{t}_") for t in tables)
        if words[1] in tables or owned:
            continue
        if words[0] == "index" and (words[1], line.partition(" INDEX ")[2].split()[0]) in columns:
            continue
        if words[0] == "constraint" and words[2] in checks:
            continue
        if words[0] == "column" and (words[1], words[2]) in columns:
            continue
        if "NOT NULL" in line and (words[1], words[-1].strip('"')) in columns:
            continue
        found.append(line)
    return found


def emptied(url: str) -> None:
    """Make a database an empty one."""
    with connected(url) as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection on which every statement is a transaction, and none is prepared for later."""
    engine = sa.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://"),
        connect_args={"prepare_threshold": None},
    )
    try:
        with engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        engine.dispose()


def evolved(
    before: Iterable[Table], target: Iterable[Table], declared: Declared | None = None
) -> tuple[tuple[Table, ...], Phases]:
    """The tables that follow, what is kept among them, and the steps that lead there."""
    said = declared or Declared()
    evolution = evolve(before, target, said)
    assert not evolution.refusals, evolution.refusals
    return evolution.goal, migration(evolution, said)


def upgrade(url: str, phases: Phases) -> None:
    """Make a change, phase by phase."""
    with connected(url) as connection:
        upgrade_on(connection, phases)


def upgrade_on(connection: sa.Connection, phases: Phases) -> None:
    """The same, over a connection that is there."""
    for phase, steps in phases:
        _run(connection, phase, steps)


def downgrade(url: str, phases: Phases) -> None:
    """Undo a change, phase by phase."""
    with connected(url) as connection:
        downgrade_on(connection, phases)


def downgrade_on(connection: sa.Connection, phases: Phases) -> None:
    """The same, over a connection that is there."""
    for phase, steps in reversed(list(phases)):
        _run(connection, phase, inverse(steps))


def statements(steps: Iterable[Step]) -> list[str]:
    """The code of steps."""
    return [statement for step in steps for statement in code(step)]


def _run(connection: sa.Connection, phase: Phase, steps: Iterable[Step]) -> None:
    listed = statements(steps)
    if not listed:
        return
    if phase is not Phase.BUILD:
        connection.exec_driver_sql("BEGIN")
    try:
        with Operations.context(MigrationContext.configure(connection)):
            for statement in listed:
                run_statement(statement)
    except BaseException:
        if phase is not Phase.BUILD:
            connection.exec_driver_sql("ROLLBACK")
        raise
    if phase is not Phase.BUILD:
        connection.exec_driver_sql("COMMIT")


def run_statement(statement: str) -> Any:
    """Run a line of a revision."""
    return eval(statement, {"op": op, "sa": sa, "JSONB": JSONB})
