"""Changes of tables on a real PostgreSQL: there, to what a new database would be, and back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apiwright.local import Servers
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.evolve import evolve
from apiwright.plan.storage.refusals import refusals
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
from tests.support.evolution import catalog, connected, downgrade, emptied, evolved, upgrade
from tests.support.running import scratch_database

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


def given(found: tuple[Table, ...]) -> tuple[Table, ...]:
    """Tables whose keys clients give."""
    return tuple(
        replace(t, columns=tuple(replace(c, identity=False) for c in t.columns)) for t in found
    )


def digits(precision: int, scale: int) -> Contract:
    """Numbers with so many digits."""
    column = {"precision": precision, "scale": scale}
    return {"type": "number", "format": "decimal", "x-column": column}


@pytest.fixture(scope="module")
def pair(servers: Servers) -> Iterator[tuple[str, str]]:
    """Two databases, to be emptied by those who use them."""
    with scratch_database(servers) as one, scratch_database(servers) as other:
        yield one, other


@pytest.fixture
def urls(pair: tuple[str, str]) -> tuple[str, str]:
    """Two empty databases."""
    for url in pair:
        emptied(url)
    return pair


def journey(
    urls: tuple[str, str], before: tuple[Table, ...], after: tuple[Table, ...], *going: str
) -> None:
    """Go from some tables to others and back, and compare with databases made anew.

    What is `going` may go with its data.
    """
    url, other = urls
    _, fresh = evolved((), after)
    upgrade(other, fresh)
    wanted = catalog(other)
    downgrade(other, fresh)
    assert catalog(other) == []
    goal, first = evolved((), before)
    upgrade(url, first)
    start = catalog(url)
    _, steps = evolved(goal, after, Declared(allowed=frozenset(going)))
    upgrade(url, steps)
    assert catalog(url) == wanted
    downgrade(url, steps)
    assert catalog(url) == start


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
    "keys that clients give": (tables({}), given(tables({}))),
    "keys that clients give no more": (given(tables({})), tables({})),
    "a property that goes": (
        tables({"a": {**TEXT, "minLength": 1, "x-unique": True}}, required=["a"]), tables({})),
    "a table that goes": (tables({}, schemas=OWNER), tables({})),
    "soft delete no more": (
        tables({"a": {**TEXT, "x-unique": True}}, **KEPT),
        tables({"a": {**TEXT, "x-unique": True}})),
    "pairs no more": (
        tables({"owners": many("Owner")}, schemas=OWNER), tables({}, schemas=OWNER)),
    "a foreign key that goes": (
        tables({"owner_id": INTEGER}, schemas=OWNER), tables({}, schemas=OWNER)),
    "values in another order": (
        tables({"a": {"type": "string", "enum": ["a", "b"]}}),
        tables({"a": {"type": "string", "enum": ["b", "a"]}})),
    "another scale": (
        tables({"a": digits(9, 2)}),
        tables({"a": digits(12, 4)})),
    "words of SQL": (
        tables({"order": TEXT, "User": {**TEXT, "x-unique": {"ignore-case": True}}}),
        tables({"select": {**TEXT, "maxLength": 3}, "order": {**INTEGER, "minimum": 0}})),
}  # fmt: skip
GOING = {
    "values of an enum": ("things.a",),
    "a property that goes": ("things.a",),
    "a table that goes": ("owners",),
    "soft delete no more": ("things.deleted_at",),
    "pairs no more": ("owners_things",),
    "a foreign key that goes": ("things.owner_id",),
    "words of SQL": ("things.user",),
}


@pytest.mark.parametrize("name", list(EDITS))
def test_changes_lead_to_what_a_new_database_would_be(name: str, urls: tuple[str, str]) -> None:
    journey(urls, *EDITS[name], *GOING.get(name, ()))


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
    goal, first = evolved((), tables({"a": before}))
    upgrade(database_url, first)
    with connected(database_url) as connection:
        connection.exec_driver_sql(f"INSERT INTO things (name, a) VALUES ('x', {value})")
    _, steps = evolved(goal, tables({"a": after}))
    upgrade(database_url, steps)
    with connected(database_url) as connection:
        assert connection.exec_driver_sql("SELECT a FROM things").scalar() == wanted


def test_tables_that_refer_to_each_other_are_made_and_dropped(urls: tuple[str, str]) -> None:
    schemas = {
        "A": {**thing({"b_id": INTEGER, "a_id": INTEGER}), "x-table": True},
        "B": {**thing({"a_id": INTEGER}), "x-table": True},
    }
    circle = build_tables(understood(contract(schemas=schemas)))
    journey(urls, (), circle)


def test_accounts_come_with_tables_of_their_own(urls: tuple[str, str]) -> None:
    user = thing({"email": TEXT, "password": {**TEXT, "writeOnly": True}})
    found = build_tables(understood(contract(crud("User", "users"), {"User": user})))
    assert [table.name for table in found] == ["users", "auth_sessions", "refresh_tokens"]
    journey(urls, (), found)


def refused(before: tuple[Table, ...], after: tuple[Table, ...], *allowed: str) -> list[str]:
    """Why a change is not made: code and name."""
    said = Declared(allowed=frozenset(allowed))
    return [f"{one.code} {one.name}" for one in refusals(evolve(before, after, said), said)]


DANGERS: list[tuple[Contract, Contract, list[str]]] = [
    ({}, {"a": TEXT}, []),
    ({"a": TEXT}, {}, []),
    ({"a": INTEGER}, {"a": TEXT}, []),
    ({"a": TEXT}, {"a": INTEGER}, ["data-loss things.a"]),
    ({"a": INTEGER}, {"a": {**INTEGER, "format": "int32"}}, ["data-loss things.a"]),
    ({"a": {**INTEGER, "format": "int32"}}, {"a": INTEGER}, []),
    ({"a": {**TEXT, "format": "byte"}}, {"a": TEXT}, ["data-loss things.a"]),
    ({"a": {"type": ["string", "null"]}}, {"a": {**TEXT, "default": "x"}}, []),
    ({"a": {"type": "number", "multipleOf": 0.01}}, {"a": {"type": "number", "multipleOf": 0.1}},
     ["data-loss things.a"]),
    ({"a": {"type": "number", "multipleOf": 0.01}}, {"a": {"type": "number", "format": "decimal"}},
     []),
    ({"a": {"type": "number", "format": "decimal"}}, {"a": {"type": "number", "multipleOf": 0.01}},
     ["data-loss things.a"]),
    ({"a": {"type": "number", "multipleOf": 0.01}}, {"a": INTEGER}, ["data-loss things.a"]),
    ({"a": MOMENT}, {"a": UUID}, ["data-loss things.a"]),
    ({"a": {**INTEGER, "default": 5}}, {"a": {**UUID, "default": "x"}}, ["data-loss things.a"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "wanted"), DANGERS)
def test_what_loses_data_or_cannot_be_done_is_known(
    before: Contract, after: Contract, wanted: list[str]
) -> None:
    assert refused(tables(before), tables(after)) == wanted
    if wanted:
        assert refused(tables(before), tables(after), "things.a") == []


def test_a_value_that_nobody_gives_cannot_be_required_of_rows_that_exist() -> None:
    one, other = tables({}), tables({"a": TEXT}, required=["a"])
    assert refused(one, other) == ["no-value things.a"]
    (found,) = refusals(evolve(one, other, Declared()), Declared())
    assert found.message == "things.a has to have a value, and rows that exist have none"
    assert "x-backfill" in found.hint
    assert refused((), other) == []
    before = tables({"a": MOMENT}, required=["a"])
    after = tables({"a": UUID}, required=["a"])
    assert refused(before, after) == ["data-loss things.a", "no-value things.a"]
    assert refused(before, after, "things.a") == ["no-value things.a"]


@pytest.mark.parametrize("key", [UUID, TEXT, {**INTEGER, "format": "int32"}])
def test_a_key_of_another_type_is_refused(key: Contract) -> None:
    owner = {"Owner": {**keyed(key), "x-table": True}}
    before = tables({"owner_id": INTEGER}, schemas=OWNER)
    assert "key-change owners" in refused(before, tables({}, schemas=owner))


def test_another_key_is_refused() -> None:
    other = {"Owner": {**thing({"code": TEXT}, "code"), "x-table": {"key": "code"}}}
    owner = {"Owner": {**thing({"code": TEXT}, "code"), "x-table": True}}
    found = refused(tables({}, schemas=owner), tables({}, schemas=other))
    assert found == ["key-change owners"]
