"""Which tables become things of a contract, which become pairs, and why others don't."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from apiwright import names
from apiwright.adopt.facts import ColumnFact, DatabaseFacts, PartFact, TableFact
from apiwright.adopt.values import base, constant_default, limits, wire
from apiwright.plan.storage.build import REFRESH_TOKENS, SESSIONS
from apiwright.plan.storage.sql import name_quoted

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_KEYS = frozenset({"uuid", "smallint", "integer", "bigint", "text", "character varying"})
_TIMES = frozenset({"timestamp with time zone", "timestamp without time zone"})
_NOW = frozenset({"now()", "CURRENT_TIMESTAMP", "statement_timestamp()", "transaction_timestamp()"})
_CREATED = frozenset({"created_at", "created", "created_on", "date_created", "inserted_at"})
_UPDATED = frozenset({"updated_at", "updated", "modified_at", "modified", "last_modified"})
_SECRET = re.compile(
    r"(^|_)(passwords?|passwd|pwd|secrets?|tokens?|salt|api_?key|private_?key|otp|pin|credentials?)"
    r"(_|$)"
)
_PAGING = frozenset({"limit", "offset", "page", "cursor", "sort", "order", "q", "search"})
_ON_DELETE = {"a": "restrict", "r": "restrict", "c": "cascade", "n": "set-null"}
_SCHEMAS = ("Error", "ValidationError")


@dataclass(frozen=True, slots=True)
class Property:
    """A column as a property: its schema, whether clients give it, and whether they have to."""

    name: str
    schema: dict[str, Any]
    nullable: bool
    writable: bool = True
    needed: bool = False
    default: tuple[Any, ...] = ()
    filtered: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of pairs, as a list of keys in the first of the two things."""

    property: str
    target: str
    table: str
    columns: tuple[str, str]
    key: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Thing:
    """A table that becomes a thing of the contract; `closed` says why none can be made, or ""."""

    table: str
    schema: str
    key: str
    properties: tuple[Property, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    pairs: tuple[Pairs, ...] = ()
    closed: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is left as it is: a table, or a column of one, and why."""

    table: str
    reason: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a database: the things, the tables of pairs, and what is left alone."""

    things: tuple[Thing, ...]
    links: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """All tables that the service has to do with."""
        return (*(thing.table for thing in self.things), *self.links)


def decide(facts: DatabaseFacts) -> Decision:
    """What becomes of the tables of a database."""
    return _Decider(facts).decide()


@dataclass(slots=True)
class _Decider:
    facts: DatabaseFacts
    left: list[Left] = field(default_factory=list)

    def decide(self) -> Decision:
        plain = [table for table in self.facts.tables if not self._refused(table)]
        keyed = {table.name: table for table in plain if not _key_fault(table)}
        links = {t.name: ends for t in plain if (ends := _ends(t, keyed)) is not None}
        things = [table for table in plain if table.name in keyed and table.name not in links]
        known = {table.name for table in things}
        for name in list(links):
            if not {end.target for end in links[name]} <= known:
                del links[name]
        things = [table for table in plain if table.name in keyed and table.name not in links]
        for table in plain:
            if table.name not in keyed and table.name not in links:
                self.left.append(Left(table.name, _key_fault(table)))
        schemas = _schemas(things)
        made = [self._thing(table, schemas) for table in things]
        by_table = {thing.table: thing for thing in made}
        for name in sorted(links):
            one, other = links[name]
            thing = by_table[one.target]
            by_table[one.target] = replace(
                thing, pairs=(*thing.pairs, _pairs(name, one, other, thing, by_table[other.target]))
            )
        order = {table.name: place for place, table in enumerate(self.facts.tables)}
        left = sorted(self.left, key=lambda one: (order[one.table], one.column))
        return Decision(tuple(by_table[t.name] for t in things), tuple(sorted(links)), tuple(left))

    def _refused(self, table: TableFact) -> bool:
        reason = table.odd
        if not reason and table.name in {SESSIONS, REFRESH_TOKENS}:
            reason = "a service with sign-in has a table of this name for itself"
        if not reason and not _NAME.fullmatch(table.name):
            reason = "x-table takes lower-case letters, digits and underscores only"
        if reason:
            self.left.append(Left(table.name, reason))
        return bool(reason)

    def _thing(self, table: TableFact, schemas: dict[str, str]) -> Thing:
        found: list[Property] = []
        missing: list[str] = []
        for column in table.columns:
            reason = _column_fault(column)
            if not reason:
                found.append(_property(column, table, schemas))
                continue
            self.left.append(Left(table.name, reason, column.name))
            if not column.nullable and not column.default:
                missing.append(column.name)
        known = {prop.name for prop in found}
        closed = f"nobody could give {', '.join(missing)} a value" if missing else ""
        if not closed and not any(prop.writable for prop in found):
            closed = "it has no column that a client could give a value"
        if closed:
            self.left.append(Left(table.name, f"no operation makes one: {closed}"))
        if table.triggers:
            self.left.append(Left(table.name, "its triggers stay, and a new database has none"))
        return Thing(
            table=table.name,
            schema=schemas[table.name],
            key=table.key[0],
            properties=tuple(found),
            unique=tuple(part.columns for part in _uniques(table) if set(part.columns) <= known),
            closed=closed,
            said=table.said,
        )


def _key_fault(table: TableFact) -> str:
    """Why rows of a table can't be named by a key that a path has; "" where they can."""
    if not table.key:
        return "it has no primary key, so no path could name a row"
    if len(table.key) > 1:
        return f"its key has several columns ({', '.join(table.key)}), and a path names one"
    column = next(column for column in table.columns if column.name == table.key[0])
    if base(column.type) not in _KEYS or not column.builtin or wire(column) is None:
        return f"its key {column.name} is {column.type}; keys are text, whole numbers or uuid"
    if not _NAME.fullmatch(column.name):
        return f"the name of its key, {column.name!r}, is none that x-column takes"
    if _SECRET.search(column.name):
        return f"its key {column.name} looks like a secret"
    if column.needing and not _makes_uuid(column):
        return f"its key {column.name} is made by {column.default}, which a new database lacks"
    return ""


def _makes_uuid(column: ColumnFact) -> bool:
    return column.type == "uuid" and bool(column.default)


def _ends(table: TableFact, keyed: dict[str, TableFact]) -> tuple[PartFact, PartFact] | None:
    """The foreign keys of a table that holds pairs of keys, and nothing that it would lose."""
    ends = [
        part for column in table.columns for part in table.parts
        if part.kind == "f" and part.columns == (column.name,)
    ]  # fmt: skip
    if len(ends) != 2 or any(end.target not in keyed or not end.valid for end in ends):
        return None
    if any(end.target_columns != keyed[end.target].key for end in ends):
        return None
    tied = {end.columns[0] for end in ends}
    rest = [column for column in table.columns if column.name not in tied]
    own_key = not rest or (len(rest) == 1 and table.key == (rest[0].name,) and rest[0].default)
    both = all(not c.nullable and _NAME.fullmatch(c.name) for c in table.columns)
    once = any(set(part.columns) == tied and _is_unique(part) for part in table.parts)
    return (ends[0], ends[1]) if len(tied) == 2 and own_key and both and once else None


def _is_unique(part: PartFact) -> bool:
    """Whether no two rows agree in all columns that a part looks at."""
    whole = part.definition.startswith("UNIQUE ") and " WHERE " not in part.definition
    return part.kind in {"p", "u"} or (part.kind == "i" and whole)


def _schemas(things: Iterable[TableFact]) -> dict[str, str]:
    """The names of schemas, by table."""
    wanted = [(table.name, names.pascal(names.singular(table.name))) for table in things]
    return names.distinct(wanted, (*_SCHEMAS, *_derived(name for _, name in wanted)))


def _derived(schemas: Iterable[str]) -> Iterator[str]:
    """The names that the shapes beside a schema have."""
    for name in schemas:
        yield from (f"{name}Input", f"{name}Update", f"{name}Page")


def _column_fault(column: ColumnFact) -> str:
    """Why a column is no property; "" where it is one."""
    if not _NAME.fullmatch(column.name):
        return "x-column takes lower-case letters, digits and underscores only"
    if _SECRET.search(column.name):
        return "it looks like a secret; to show or to take it, add it to the contract"
    if column.enum and (not _NAME.fullmatch(column.enum_name) or _is_word(column.enum_name)):
        return f"x-column takes no enum type that is called {column.enum_name!r}"
    if wire(column) is None:
        return f"no schema of a contract stands for {column.type}"
    if column.needing and not _makes_uuid(column):
        return f"its value comes from {column.default}, which a new database lacks"
    return ""


def _is_word(name: str) -> bool:
    return name_quoted(name) != name


def _property(column: ColumnFact, table: TableFact, schemas: dict[str, str]) -> Property:
    found = wire(column)
    assert found is not None
    schema = {**found.schema, **limits(column, (p for p in table.parts if p.kind == "c"))}
    if "enum" in schema:
        for word in ("pattern", "maxLength", "minLength"):
            schema.pop(word, None)
    told = dict(found.column)
    if names.sql(names.snake(column.name, "column").rstrip("_")) != column.name:
        told["name"] = column.name
    extensions = _reference(column, table, schemas)
    is_key = table.key == (column.name,)
    given, default = True, constant_default(column)
    if is_key and column.default:
        given, default = False, ()
    elif not is_key:
        stamp = _stamp(column)
        if stamp:
            given, default, extensions["x-timestamp"] = False, (), stamp
        elif column.default and not default:
            given, told["filled-by"] = False, "database"
    if told:
        extensions["x-column"] = told
    if any(p.kind in {"u", "i"} and _alone(p, column) for p in _uniques(table)) and not is_key:
        extensions["x-unique"] = True
    plain = {word: value for word, value in schema.items() if word in {"type", "format"}}
    searched = any(part.first == column.name for part in table.parts) and not is_key
    listed = schema.get("type") in {"string", "integer", "boolean"}
    listed = listed and schema.get("format") not in {"byte", "decimal", "date-time"}
    return Property(
        name=column.name,
        schema={**plain, **extensions, **{k: v for k, v in schema.items() if k not in plain}},
        nullable=column.nullable,
        writable=given,
        needed=given and not column.nullable and not default,
        default=default,
        filtered=searched and listed and column.name not in _PAGING,
        said=column.said,
    )


def _stamp(column: ColumnFact) -> str:
    """What the service sets the column to the time of: "created", "updated", or nothing."""
    if base(column.type) not in _TIMES or column.nullable:
        return ""
    if column.default and column.default not in _NOW:
        return ""
    if column.name in _UPDATED:
        return "updated"
    return "created" if column.default or column.name in _CREATED else ""


def _reference(column: ColumnFact, table: TableFact, schemas: dict[str, str]) -> dict[str, Any]:
    for part in table.parts:
        fits = part.kind == "f" and part.columns == (column.name,) and part.valid
        if fits and part.target in schemas and part.on_delete in _ON_DELETE and part.to_key:
            rule = _ON_DELETE[part.on_delete]
            schema = schemas[part.target]
            told = schema if rule == "restrict" else {"schema": schema, "on-delete": rule}
            return {"x-references": told}
    known = {names.snake(schema) for schema in schemas.values()}
    stem = re.sub("_ids?$", "", column.name)
    return {"x-references": False} if stem != column.name and stem in known else {}


def _uniques(table: TableFact) -> Iterator[PartFact]:
    """The rules that no two rows agree in some columns, over all rows and as they are written."""
    for part in table.parts:
        plain = part.kind == "u" or (
            part.kind == "i"
            and re.fullmatch(r"UNIQUE btree \([\w, \"]+\)", part.definition) is not None
        )
        if plain and part.valid and part.columns != table.key:
            yield part


def _alone(part: PartFact, column: ColumnFact) -> bool:
    return part.columns == (column.name,)


def _pairs(name: str, one: PartFact, other: PartFact, thing: Thing, target: Thing) -> Pairs:
    stem = names.snake(target.schema)
    wanted = f"{stem}_ids" if target.table != thing.table else f"linked_{stem}_ids"
    taken = [prop.name for prop in thing.properties] + [pair.property for pair in thing.pairs]
    free = names.distinct([(name, wanted)], taken)[name]
    key = next(prop for prop in target.properties if prop.name == target.key)
    words = ("type", "format", "maxLength", "pattern", "minimum", "maximum")
    return Pairs(
        property=free,
        target=target.schema,
        table=name,
        columns=(one.columns[0], other.columns[0]),
        key={word: key.schema[word] for word in words if word in key.schema},
    )
