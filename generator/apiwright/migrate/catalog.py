"""What a schema of a database holds, read from PostgreSQL's catalog as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

VERSION_TABLE = "alembic_version"

# What an extension brought along is its own affair. The queries are made of constants alone.
_OWN = """NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = {classid}::regclass
    AND d.objid = {oid})"""
_OWN_TABLE = _OWN.format(classid="'pg_class'", oid="c.oid")

_TABLES = f"""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = :schema AND c.relkind IN ('r', 'p') AND {_OWN_TABLE}
"""  # nosec B608 - constants of ours
_COLUMNS = f"""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull, coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS fallback,
        a.attidentity::text AS identity, a.attgenerated::text AS generated
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = :schema AND c.relkind IN ('r', 'p') AND {_OWN_TABLE}
        AND a.attnum > 0 AND NOT a.attisdropped
"""  # nosec B608 - constants of ours
_CONSTRAINTS = f"""
    SELECT c.relname, n.conname, n.convalidated, pg_get_constraintdef(n.oid) AS definition
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
    WHERE c.relnamespace = :schema AND {_OWN_TABLE} AND (n.contype <> 'n' OR NOT n.convalidated)
"""  # nosec B608 - constants of ours
_INDEXES = f"""
    SELECT c.relname, i.relname AS name, x.indisunique, x.indisvalid AND x.indisready AS valid,
        pg_get_indexdef(x.indexrelid) AS definition
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    WHERE c.relnamespace = :schema AND {_OWN_TABLE}
        AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = x.indexrelid
            AND n.conrelid = x.indrelid AND n.contype IN ('p', 'u', 'x'))
"""  # nosec B608 - constants of ours
_POLICIES = f"""
    SELECT c.relname, p.polname, p.polcmd::text, pg_get_expr(p.polqual, p.polrelid)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = :schema AND {_OWN_TABLE}
    UNION ALL SELECT c.relname, 'row level security', '',
        'enabled' || CASE WHEN c.relforcerowsecurity THEN ' and forced' ELSE '' END
    FROM pg_class c
    WHERE c.relnamespace = :schema AND c.relrowsecurity AND {_OWN_TABLE}
"""  # nosec B608 - constants of ours
_OTHERS = f"""
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
        WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'type' END || ' ' || c.relname,
        CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END
    FROM pg_class c
    WHERE c.relnamespace = :schema AND c.relkind IN ('v', 'm', 'S', 'f', 'c') AND {_OWN_TABLE}
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
            AND d.objid = c.oid AND d.deptype = 'i')
    UNION ALL SELECT 'type ' || t.typname, coalesce((SELECT string_agg(e.enumlabel, ', '
        ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '')
    FROM pg_type t WHERE t.typnamespace = :schema AND t.typtype IN ('e', 'd', 'r')
        AND {_OWN.format(classid="'pg_type'", oid="t.oid")}
    UNION ALL SELECT 'function ' || p.oid::regprocedure::text, p.prosrc
    FROM pg_proc p WHERE p.pronamespace = :schema
        AND {_OWN.format(classid="'pg_proc'", oid="p.oid")}
    UNION ALL SELECT 'trigger ' || g.tgname || ' of ' || c.relname, pg_get_triggerdef(g.oid)
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE c.relnamespace = :schema AND NOT g.tgisinternal
"""  # nosec B608 - constants of ours


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column; `default` is SQL with how it comes about, "" for none; `also` is as good."""

    type: str
    nullable: bool
    default: str
    also: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A constraint or an index: what it says, and whether rows from before are held to it.

    `also` is the same in other words: PostgreSQL doesn't write every expression as it read it.
    """

    definition: str
    valid: bool = True
    also: str = ""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table with all that belongs to it, by name."""

    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    constraints: dict[str, Part] = field(default_factory=dict)
    indexes: dict[str, Part] = field(default_factory=dict)
    policies: dict[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The tables of a schema by name; `others` are views, functions and the like."""

    tables: Mapping[str, TableFacts]
    others: Mapping[str, str]

    def lines(self) -> list[str]:
        """All of it as text, sorted; two databases with the same lines have the same schema."""
        return [*self._lines(), *(f"{name} {self.others[name]}" for name in sorted(self.others))]

    def _lines(self) -> Iterator[str]:
        for name in sorted(self.tables):
            facts = self.tables[name]
            yield f"table {name}"
            for column, found in sorted(facts.columns.items()):
                null = "" if found.nullable else " not null"
                default = f" default {found.default}" if found.default else ""
                yield f"  column {column} {found.type}{null}{default}"
            for kind, parts in (
                ("constraint", facts.constraints),
                ("index", facts.indexes),
                ("policy", facts.policies),
            ):
                for part, said in sorted(parts.items()):
                    yield f"  {kind} {part} {said.definition}{'' if said.valid else ' (INVALID)'}"


async def read_catalog(connection: AsyncConnection, schema: int) -> Catalog:
    """What the schema with this oid holds, Alembic's own table aside."""

    async def rows(query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await connection.execute(text(query), {"schema": schema})]

    tables = {str(name): TableFacts() for (name,) in await rows(_TABLES)}
    for table, name, kind, required, fallback, identity, generated in await rows(_COLUMNS):
        default = _default(str(fallback), str(identity), str(generated))
        tables[str(table)].columns[str(name)] = ColumnFacts(str(kind), not required, default)
    for table, name, valid, definition in await rows(_CONSTRAINTS):
        said = str(definition).removesuffix(" NOT VALID")
        if str(table) in tables:
            tables[str(table)].constraints[str(name)] = Part(said, bool(valid))
    for table, name, unique, valid, definition in await rows(_INDEXES):
        # The schema of a temporary table has a name of its own: what matters comes after it.
        said = ("UNIQUE " if unique else "") + str(definition).partition(" USING ")[2]
        if str(table) in tables:
            tables[str(table)].indexes[str(name)] = Part(said, bool(valid))
    for table, name, command, condition in await rows(_POLICIES):
        if str(table) in tables:
            tables[str(table)].policies[str(name)] = Part(f"{command} {condition}".strip())
    tables.pop(VERSION_TABLE, None)
    return Catalog(tables, {str(name): str(said) for name, said in await rows(_OTHERS)})


async def current_schema(connection: AsyncConnection) -> int:
    """The oid of the schema that tables are made in; 0 where there is none."""
    return await _number(connection, "SELECT coalesce(current_schema()::regnamespace::oid, 0)")


async def temporary_schema(connection: AsyncConnection) -> int:
    """The oid of the schema of this connection's temporary tables; 0 where it has none."""
    return await _number(connection, "SELECT pg_my_temp_schema()")


async def current_revisions(connection: AsyncConnection) -> tuple[str, ...]:
    """The revisions that a database is at; none if it never was migrated."""
    found = await connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not found.scalar_one():
        return ()
    rows = await connection.execute(text("SELECT version_num FROM alembic_version ORDER BY 1"))
    return tuple(str(row[0]) for row in rows)


async def _number(connection: AsyncConnection, query: str) -> int:
    return int((await connection.execute(text(query))).scalar_one())


def _default(fallback: str, identity: str, generated: str) -> str:
    if identity:
        return f"GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    return f"GENERATED ALWAYS AS ({fallback})" if generated else fallback
