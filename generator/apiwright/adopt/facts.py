"""What PostgreSQL's catalog says of tables that are to be adopted, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.migrate.catalog import VERSION_TABLE, Catalog, current_schema, read_catalog

# Objects that the server doesn't come with have greater numbers (FirstNormalObjectId).
_OWN = 16384
_TABLES = f"""
    SELECT c.relname, c.relkind::text, c.relispartition,
        EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS inherits,
        EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS inherited,
        has_table_privilege(c.oid, 'SELECT') AS readable,
        EXISTS (SELECT FROM pg_trigger g
            WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS triggers,
        coalesce(obj_description(c.oid, 'pg_class'), '') AS said
    FROM pg_class c
    WHERE c.relnamespace = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND c.relname <> '{VERSION_TABLE}'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e'
            AND d.classid = 'pg_class'::regclass AND d.objid = c.oid)
    ORDER BY c.relname COLLATE "C"
"""  # nosec B608 - a constant of ours
_COLUMNS = """
    SELECT c.relname, a.attname, t.typname, t.typtype::text,
        t.typnamespace = :schema AND t.typtype = 'e' AS own_enum,
        coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
            FROM pg_enum e WHERE e.enumtypid = t.oid), '{}') AS labels,
        t.oid < :own AS builtin,
        coalesce((SELECT q.relname FROM pg_depend d JOIN pg_class q ON q.oid = d.refobjid
            WHERE d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
            AND d.refclassid = 'pg_class'::regclass AND q.relkind = 'S'
            AND q.relnamespace = :schema LIMIT 1), '') AS sequence,
        coalesce(f.oid, 0) AS fallback,
        coalesce(col_description(c.oid, a.attnum), '') AS said
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
    WHERE c.relnamespace = :schema AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
"""
_SEQUENCES = """
    SELECT q.relname, format_type(s.seqtypid, NULL), coalesce(c.relname, ''),
        coalesce(a.attname, '')
    FROM pg_class q JOIN pg_sequence s ON s.seqrelid = q.oid
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = q.oid
        AND d.deptype = 'a' AND d.refclassid = 'pg_class'::regclass
    LEFT JOIN pg_class c ON c.oid = d.refobjid
    LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE q.relnamespace = :schema
"""
_CONSTRAINTS = """
    SELECT c.relname, n.oid, n.conname, n.contype::text, n.convalidated,
        coalesce((SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(n.conkey) WITH ORDINALITY k(number, place)
            JOIN pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = k.number), '{}'),
        coalesce(o.relname, ''),
        coalesce((SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(n.confkey) WITH ORDINALITY k(number, place)
            JOIN pg_attribute a ON a.attrelid = n.confrelid AND a.attnum = k.number), '{}'),
        n.confdeltype::text,
        coalesce((SELECT k.conkey = n.confkey FROM pg_constraint k
            WHERE k.conrelid = n.confrelid AND k.contype = 'p'), false) AS to_key
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
    LEFT JOIN pg_class o ON o.oid = n.confrelid AND o.relnamespace = :schema
    WHERE c.relnamespace = :schema AND n.contype <> 'n'
    ORDER BY c.relname, n.conname
"""
_INDEXES = """
    SELECT c.relname, i.oid, i.relname,
        coalesce((SELECT array_agg(DISTINCT a.attname::text)
            FROM pg_depend d JOIN pg_attribute a
                ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.oid
            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid), '{}'),
        coalesce((SELECT a.attname FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0]), ''),
        x.indpred IS NULL AND x.indisvalid AND m.amname = 'btree' AS whole
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_am m ON m.oid = i.relam
    WHERE c.relnamespace = :schema
    ORDER BY c.relname, i.relname
"""
_NEEDING = """
    SELECT d.classid::regclass::text, d.objid FROM pg_depend d
    WHERE d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass)
        AND d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass,
            'pg_operator'::regclass, 'pg_collation'::regclass, 'pg_ts_config'::regclass)
        AND d.refobjid >= :own
        AND NOT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
            WHERE d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
            AND (t.typtype = 'e' AND t.typnamespace = :schema
                OR e.typtype = 'e' AND e.typnamespace = :schema))
"""


@dataclass(frozen=True, slots=True)
class ColumnFact:
    """A column; `default` is SQL with how it comes about.

    `enum` are the labels of an enum type of this schema, which is called `enum_name`. `builtin`
    tells that the server itself has the type, `needing` that the default needs something that was
    installed or written.
    """

    name: str
    type: str
    nullable: bool
    default: str
    builtin: bool
    enum_name: str = ""
    enum: tuple[str, ...] = ()
    sequence: str = ""
    needing: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class PartFact:
    """A constraint or an index. `kind` is PostgreSQL's letter for a constraint, "i" for an index.

    `columns` are those that it looks at; a foreign key has a `target`, "" in another schema, and
    may lead `to_key`, its primary key. An index that finds all equal values begins with `first`.
    """

    name: str
    kind: str
    definition: str
    columns: tuple[str, ...]
    valid: bool = True
    needing: bool = False
    target: str = ""
    target_columns: tuple[str, ...] = ()
    on_delete: str = ""
    to_key: bool = False
    first: str = ""


@dataclass(frozen=True, slots=True)
class TableFact:
    """A table, or what looks like one: `odd` says what else it is, "" for a plain table."""

    name: str
    odd: str
    triggers: bool = False
    said: str = ""
    columns: tuple[ColumnFact, ...] = ()
    parts: tuple[PartFact, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return next((part.columns for part in self.parts if part.kind == "p"), ())


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence, and the column that it belongs to."""

    name: str
    type: str
    table: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """All that is known of a schema of a database."""

    tables: tuple[TableFact, ...]
    sequences: Mapping[str, Sequence] = field(default_factory=dict)


async def read_facts(connection: AsyncConnection) -> DatabaseFacts:
    """What the schema that tables are made in holds."""
    schema = await current_schema(connection)
    catalog = await read_catalog(connection, schema)

    async def rows(query: str) -> list[tuple[object, ...]]:
        values = {"schema": schema, "own": _OWN}
        used = {name: value for name, value in values.items() if f":{name}" in query}
        return [tuple(row) for row in await connection.execute(text(query), used)]

    needing = {(str(kind), _whole(number)) for kind, number in await rows(_NEEDING)}
    columns: dict[str, list[ColumnFact]] = {}
    for row in await rows(_COLUMNS):
        columns.setdefault(str(row[0]), []).append(_column(row, catalog, needing))
    parts: dict[str, list[PartFact]] = {}
    for row in await rows(_CONSTRAINTS):
        parts.setdefault(str(row[0]), []).append(_constraint(row, catalog, needing))
    for row in await rows(_INDEXES):
        parts.setdefault(str(row[0]), []).append(_index(row, catalog, needing))
    tables = []
    for name, kind, partition, inherits, inherited, readable, triggers, said in await rows(_TABLES):
        odd = _odd(str(kind), partition=bool(partition), family=bool(inherits or inherited))
        if not odd and not readable:
            odd = "the user of the database may not read it"
        tables.append(
            TableFact(
                str(name),
                odd,
                bool(triggers),
                str(said),
                tuple(columns.get(str(name), ())),
                tuple(parts.get(str(name), ())),
            )
        )
    sequences = {
        str(name): Sequence(str(name), str(kind), str(table), str(column))
        for name, kind, table, column in await rows(_SEQUENCES)
    }
    return DatabaseFacts(tuple(tables), sequences)


def _odd(kind: str, *, partition: bool, family: bool) -> str:
    views = {"v": "it is a view", "m": "it is a materialized view", "f": "it is a foreign table"}
    if kind in views:
        return views[kind]
    if kind == "p" or partition:
        return "it is partitioned, or a partition"
    return "it inherits from another table, or is inherited from" if family else ""


def _column(row: tuple[object, ...], catalog: Catalog, needing: set[tuple[str, int]]) -> ColumnFact:
    table, name, typename, _, own_enum, labels, builtin, sequence, fallback, said = row
    facts = catalog.tables[str(table)].columns[str(name)] if str(table) in catalog.tables else None
    return ColumnFact(
        name=str(name),
        type=facts.type if facts else "",
        nullable=facts.nullable if facts else True,
        default=facts.default if facts else "",
        builtin=bool(builtin),
        enum_name=str(typename) if own_enum else "",
        enum=_texts(labels) if own_enum else (),
        sequence=str(sequence),
        needing=("pg_attrdef", _whole(fallback)) in needing,
        said=str(said),
    )


def _constraint(
    row: tuple[object, ...], catalog: Catalog, needing: set[tuple[str, int]]
) -> PartFact:
    table, number, name, kind, valid, columns, target, target_columns, on_delete, to_key = row
    known = catalog.tables.get(str(table))
    said = known.constraints.get(str(name)) if known is not None else None
    return PartFact(
        name=str(name),
        kind=str(kind),
        definition=said.definition if said is not None else "",
        columns=_texts(columns),
        valid=bool(valid),
        needing=("pg_constraint", _whole(number)) in needing,
        target=str(target),
        target_columns=_texts(target_columns),
        on_delete=str(on_delete),
        to_key=bool(to_key),
    )


def _index(row: tuple[object, ...], catalog: Catalog, needing: set[tuple[str, int]]) -> PartFact:
    table, number, name, columns, first, whole = row
    known = catalog.tables.get(str(table))
    said = known.indexes.get(str(name)) if known is not None else None
    return PartFact(
        name=str(name),
        # The index of a constraint is no part of its own.
        kind="i" if said is not None else "",
        definition=said.definition if said is not None else "",
        columns=_texts(columns),
        valid=said.valid if said is not None else True,
        needing=("pg_class", _whole(number)) in needing,
        first=str(first) if whole else "",
    )


def _texts(listed: object) -> tuple[str, ...]:
    return tuple(str(item) for item in listed) if isinstance(listed, list | tuple) else ()


def _whole(number: object) -> int:
    return int(str(number))
