"""Changes of tables on a real PostgreSQL: there, to what a new database would be, and back."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine

from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.changes import Step, changes, inverse
from apiwright.plan.storage.dangers import dangers
from apiwright.plan.storage.revisions import code
from apiwright.plan.storage.tables import Table
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    contract,
    crud,
    many,
    obj,
    ref,
    thing,
    things,
    understood,
)

CATALOG = """
    SELECT concat_ws(' ', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
                     a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
"""
TEXTS = {"type": "array", "items": TEXT}
BOOLEAN = {"type": "boolean"}
OBJECT = {"type": "object"}
UUID = {**TEXT, "format": "uuid"}
OWNER = {"Owner": {**thing(), "x-table": True}}
KEPT = {"x-table": {"soft-delete": True}}


def keyed(schema: Contract) -> Contract:
    """A schema with a key of this type."""
    return obj({"id": {**schema, "readOnly": True}, "name": TEXT}, "id", "name")


def tables(properties: Contract, **words: Any) -> tuple[Table, ...]:
    """The tables of things with these properties."""
    schemas = words.pop("schemas", {})
    document = things(properties, *words.pop("required", ()), schemas=schemas,
                      query=words.pop("query", None))  # fmt: skip
    document["components"]["schemas"]["Thing"].update(words)
    return build_tables(understood(document))


def run(connection: Any, steps: Iterable[Step]) -> None:
    """Run steps by way of the code that a revision would hold."""
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for step in steps:
            eval(code(step), {"op": op, "sa": sa, "JSONB": JSONB})


def catalog(connection: Any) -> list[str]:
    """All that the database knows of the tables."""
    return sorted(str(row[0]) for row in connection.exec_driver_sql(CATALOG))


def within(url: str, work: Callable[[Any], None]) -> None:
    """Do something within a transaction of a database."""

    async def connected() -> None:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        try:
            async with engine.begin() as connection:
                await connection.run_sync(work)
        finally:
            await engine.dispose()

    asyncio.run(connected())


def journey(url: str, before: tuple[Table, ...], after: tuple[Table, ...]) -> None:
    """Go from some tables to others and back, and compare with databases made anew."""

    def there_and_back(connection: Any) -> None:
        run(connection, changes((), after))
        wanted = catalog(connection)
        run(connection, inverse(changes((), after)))
        assert catalog(connection) == []
        run(connection, changes((), before))
        first = catalog(connection)
        steps = changes(before, after)
        run(connection, steps)
        assert catalog(connection) == wanted
        run(connection, inverse(steps))
        assert catalog(connection) == first

    within(url, there_and_back)


EDITS: dict[str, tuple[tuple[Table, ...], tuple[Table, ...]]] = {
    "a property": (tables({}), tables({"a": TEXT})),
    "a property with a default": (tables({}), tables({"a": {**TEXT, "default": "it's: 1"}})),
    "another default": (
        tables({"a": {**TEXT, "default": "x"}}), tables({"a": {**TEXT, "default": "y"}})),
    "a default of a list": (tables({}), tables({"a": {**TEXTS, "default": ["a b", "c", "null"]}})),
    "a default of an object": (tables({}), tables({"a": {**OBJECT, "default": {"a": [1, "b"]}}})),
    "a default of a number": (
        tables({}), tables({"a": {"type": "number", "multipleOf": 0.01, "default": 1.5}})),
    "a default of bytes": (
        tables({}), tables({"a": {**TEXT, "format": "byte", "default": "YWI="}})),
    "a required property": (
        tables({"a": {**TEXT, "default": "x"}}),
        tables({"a": {**TEXT, "default": "x"}}, required=["a"])),
    "null no more": (
        tables({"a": {"type": ["string", "null"], "default": "x"}}),
        tables({"a": {**TEXT, "default": "x"}})),
    "limits": (
        tables({"a": {**TEXT, "minLength": 1, "pattern": "^a:b'$"}}),
        tables({"a": {**TEXT, "minLength": 2, "maxLength": 9}})),
    "bounds of numbers": (
        tables({"a": INTEGER}),
        tables({"a": {**INTEGER, "minimum": 1, "exclusiveMaximum": 9}})),
    "values of an enum": (
        tables({"a": {"type": "string", "enum": ["a", "it's"]}}),
        tables({"a": {"type": "string", "enum": ["a", "b:c"]}})),
    "values of a list": (
        tables({"a": {"type": "array", "items": {"type": "string", "enum": ["a"]}}}),
        tables({"a": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}})),
    "a wider number": (
        tables({"a": {**INTEGER, "format": "int32"}}), tables({"a": INTEGER})),
    "more digits": (
        tables({"a": {"type": "number", "multipleOf": 0.1, "minimum": 0, "maximum": 9}}),
        tables({"a": {"type": "number", "multipleOf": 0.01, "minimum": 0, "maximum": 99}})),
    "a number as text": (tables({"a": INTEGER}), tables({"a": TEXT})),
    "a day as a moment": (tables({"a": {**TEXT, "format": "date"}}), tables({"a": MOMENT})),
    "text as a list": (tables({"a": TEXT}), tables({"a": TEXTS})),
    "unique": (
        tables({"a": TEXT}), tables({"a": {**TEXT, "x-unique": {"ignore-case": True}}})),
    "soft delete": (
        tables({"a": {**TEXT, "x-unique": True}}),
        tables({"a": {**TEXT, "x-unique": True}}, **KEPT)),
    "a filter": (
        tables({"a": TEXT}),
        tables({"a": TEXT}, query=[{"name": "a", "in": "query", "schema": TEXT},
                                   {"name": "q", "in": "query", "schema": TEXT}])),
    "an array's index": (
        tables({"a": TEXTS}),
        tables({"a": TEXTS}, query=[{"name": "a", "in": "query", "schema": TEXT}])),
    "a table": (tables({}), tables({}, schemas=OWNER)),
    "a foreign key": (
        tables({}, schemas=OWNER), tables({"owner_id": INTEGER}, schemas=OWNER)),
    "what a delete does": (
        tables({"owner_id": INTEGER}, schemas=OWNER),
        tables({"owner_id": {**INTEGER, "x-references": {"schema": "Owner",
                                                         "on-delete": "cascade"}}},
               schemas=OWNER)),
    "a table of pairs": (
        tables({}, schemas=OWNER), tables({"owners": many("Owner")}, schemas=OWNER)),
    "a row that is shown": (
        tables({}, schemas=OWNER), tables({"owner": ref("Owner")}, schemas=OWNER)),
    "a default of another type": (
        tables({"a": {**BOOLEAN, "default": True}}), tables({"a": {**TEXT, "default": "x"}})),
    "a type that nothing becomes": (
        tables({"a": {**MOMENT, "default": "2026-01-15T09:30:00Z"}}, required=["a"]),
        tables({"a": {**TEXTS, "default": ["x"]}}, required=["a"])),
    "keys of another type": (
        tables({"owner_id": INTEGER}, schemas=OWNER),
        tables({"owner_id": UUID}, schemas={"Owner": {**keyed(UUID), "x-table": True}})),
    "keys that clients give": (
        tables({}, schemas=OWNER),
        tables({}, schemas={"Owner": {**keyed(TEXT), "x-table": True}})),
    "words of SQL": (
        tables({"order": TEXT, "User": {**TEXT, "x-unique": {"ignore-case": True}}}),
        tables({"select": {**TEXT, "maxLength": 3}, "order": {**INTEGER, "minimum": 0}})),
}  # fmt: skip


@pytest.mark.parametrize("name", list(EDITS))
def test_changes_lead_to_what_a_new_database_would_be(name: str, database_url: str) -> None:
    journey(database_url, *EDITS[name])


VALUES: list[tuple[Contract, str, Contract, Any]] = [
    (INTEGER, "5", TEXT, "5"),
    (INTEGER, "5", {"type": "number", "multipleOf": 0.01}, Decimal("5.00")),
    (INTEGER, "5", BOOLEAN, True),
    (BOOLEAN, "true", INTEGER, 1),
    (BOOLEAN, "true", {"type": "number"}, 1.0),
    (TEXT, "'a b'", TEXTS, ["a b"]),
    (TEXT, "'a b'", OBJECT, "a b"),
    (TEXTS, "'{a,b}'", OBJECT, ["a", "b"]),
    (OBJECT, "'5'", INTEGER, 5),
    (OBJECT, """ '"x"' """, TEXT, "x"),
    (TEXT, "'2026-01-15'", {**TEXT, "format": "date"}, date(2026, 1, 15)),
    (INTEGER, "5", UUID, None),
    (INTEGER, "5", {**UUID, "default": "0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01"},
     uuid.UUID("0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01")),
    ({"type": ["integer", "null"]}, "NULL", {**INTEGER, "default": 7}, 7),
]  # fmt: skip


@pytest.mark.parametrize(("before", "value", "after", "wanted"), VALUES)
def test_values_are_kept_where_there_is_a_way(
    before: Contract, value: str, after: Contract, wanted: Any, database_url: str
) -> None:
    one, other = tables({"a": before}), tables({"a": after})

    def change(connection: Any) -> None:
        run(connection, changes((), one))
        connection.exec_driver_sql(f"INSERT INTO things (name, a) VALUES ('x', {value})")
        run(connection, changes(one, other))
        assert connection.exec_driver_sql("SELECT a FROM things").scalar() == wanted

    within(database_url, change)


def test_tables_that_refer_to_each_other_are_made_and_dropped(database_url: str) -> None:
    schemas = {
        "A": {**thing({"b_id": INTEGER, "a_id": INTEGER}), "x-table": True},
        "B": {**thing({"a_id": INTEGER}), "x-table": True},
    }
    circle = build_tables(understood(contract(schemas=schemas)))
    journey(database_url, (), circle)


def test_accounts_come_with_tables_of_their_own(database_url: str) -> None:
    user = thing({"email": TEXT, "password": {**TEXT, "writeOnly": True}})
    found = build_tables(understood(contract(crud("User", "users"), {"User": user})))
    assert [table.name for table in found] == ["users", "auth_sessions", "refresh_tokens"]
    journey(database_url, (), found)


DANGERS: list[tuple[Contract, Contract, list[str]]] = [
    ({}, {"a": TEXT}, []),
    ({"a": TEXT}, {}, ["things.a!"]),
    ({"a": INTEGER}, {"a": TEXT}, []),
    ({"a": TEXT}, {"a": INTEGER}, ["things.a!"]),
    ({"a": INTEGER}, {"a": {**INTEGER, "format": "int32"}}, ["things.a!"]),
    ({"a": {**INTEGER, "format": "int32"}}, {"a": INTEGER}, []),
    ({"a": {**TEXT, "format": "byte"}}, {"a": TEXT}, ["things.a!"]),
    ({"a": {"type": ["string", "null"]}}, {"a": {**TEXT, "default": "x"}}, []),
    ({"a": {"type": "number", "multipleOf": 0.01}}, {"a": {"type": "number", "multipleOf": 0.1}},
     ["things.a!"]),
    ({"a": {"type": "number", "multipleOf": 0.01}}, {"a": {"type": "number", "format": "decimal"}},
     []),
    ({"a": {"type": "number", "format": "decimal"}}, {"a": {"type": "number", "multipleOf": 0.01}},
     ["things.a!"]),
    ({"a": {"type": "number", "multipleOf": 0.01}}, {"a": INTEGER}, ["things.a!"]),
    ({"a": MOMENT}, {"a": UUID}, ["things.a!"]),
    ({"a": {**INTEGER, "default": 5}}, {"a": {**UUID, "default": "x"}}, ["things.a!"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "wanted"), DANGERS)
def test_what_loses_data_or_cannot_be_done_is_known(
    before: Contract, after: Contract, wanted: list[str]
) -> None:
    found = dangers(changes(tables(before), tables(after)))
    assert [f"{one.name}{'!' if one.loses_data else ''}" for one in found] == wanted


def test_a_value_that_nobody_gives_cannot_be_required_of_rows_that_exist() -> None:
    one, other = tables({}), tables({"a": TEXT}, required=["a"])
    (found,) = dangers(changes(one, other))
    assert (found.name, found.loses_data) == ("things.a", False)
    assert found.message == "things.a has to have a value, and rows that exist have none"
    null = tables({"a": {"type": ["string", "null"]}})
    (found,) = dangers(changes(null, other))
    assert found.name == "things.a"
    assert dangers(changes((), other)) == ()
    before = tables({"a": MOMENT}, required=["a"])
    after = tables({"a": UUID}, required=["a"])
    assert [danger.loses_data for danger in dangers(changes(before, after))] == [True, False]
    (found,) = dangers(changes(one, ()))
    assert (found.name, found.loses_data) == ("things", True)
