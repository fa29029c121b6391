"""Random edits, one after the other: the database is always what a new one would be.

A model of a contract is edited at random. After each edit the migrated database is compared with
one that is made anew, and the rows with those of before; at last all goes back, step by step.
`APIWRIGHT_EVOLUTION` says how many sequences are tried.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwright.local import Servers
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.changes import Phases
from apiwright.plan.storage.declared import Declared, declared
from apiwright.plan.storage.evolve import Evolution, evolve
from apiwright.plan.storage.refusals import refusals
from apiwright.plan.storage.sql import name_quoted
from apiwright.plan.storage.storage_plan import migration
from apiwright.plan.storage.tables import Table
from tests.support.contracts import INTEGER, MOMENT, TEXT, Contract, contract, thing, understood
from tests.support.evolution import (
    catalog,
    connected,
    downgrade,
    emptied,
    evolved,
    upgrade,
    without,
)
from tests.support.running import scratch_database

EXAMPLES = int(os.environ.get("APIWRIGHT_EVOLUTION", "12"))
NAMES = ("a", "b", "order", "lower")
SCHEMAS = ("Alpha", "Beta", "User")
VALUES = ("x", "y", "it's", "z:1")
KINDS = ("text", "integer", "enum", "moment", "list", "decimal")


@dataclass
class Property:
    """A property of the model."""

    kind: str
    target: str = ""
    required: bool = False
    unique: bool = False
    indexed: bool = False
    bounded: bool = False
    values: list[str] = field(default_factory=lambda: ["x", "y"])
    was: str = ""
    value_was: dict[str, str] = field(default_factory=dict)

    def schema(self) -> Contract:
        """What the contract says of it."""
        found: Contract = {
            "text": dict(TEXT),
            "integer": dict(INTEGER),
            "moment": dict(MOMENT),
            "enum": {"type": "string", "enum": list(self.values)},
            "list": {"type": "array", "items": {"type": "string", "enum": list(self.values)}},
            "decimal": {
                "type": "number",
                "format": "decimal",
                "x-column": {"precision": 8, "scale": 2},
            },
            "reference": {**INTEGER, "x-references": self.target},
        }[self.kind]
        if self.required:
            found["default"] = {
                "text": "d", "integer": 1, "enum": self.values[0], "list": [],
                "moment": "2026-01-15T09:30:00Z", "decimal": 1.5,
            }[self.kind]  # fmt: skip
        if self.bounded and self.kind == "text":
            found["maxLength"] = 12
        if self.bounded and self.kind in {"integer", "decimal"}:
            found["minimum"] = 0
        if self.unique:
            found["x-unique"] = True
        if self.indexed:
            found["x-index"] = True
        if self.was:
            found["x-renamed-from"] = self.was
        if self.value_was:
            inner = found["items"] if self.kind == "list" else found
            inner["x-renamed-from"] = dict(self.value_was)
        return found


@dataclass
class Model:
    """A contract in short: schemas with properties, and what was said of them last."""

    schemas: dict[str, dict[str, Property]]
    soft: set[str] = field(default_factory=set)
    was: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, list[str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def contract(self) -> Contract:
        """The contract itself."""
        schemas = {}
        for name, properties in self.schemas.items():
            required = [key for key, prop in properties.items() if prop.required]
            schema = thing({key: p.schema() for key, p in properties.items()}, *required)
            schema["x-table"] = {"soft-delete": True} if name in self.soft else True
            if name in self.was:
                schema["x-renamed-from"] = self.was[name]
            if self.deleted.get(name):
                schema["x-deleted"] = self.deleted[name]
            schemas[name] = schema
        return contract({}, schemas, **({"x-deleted": self.gone} if self.gone else {}))

    def settled(self) -> Model:
        """The same without words about the past."""
        found = deepcopy(self)
        found.was, found.deleted, found.gone = {}, {}, []
        for properties in found.schemas.values():
            for prop in properties.values():
                prop.was, prop.value_was = "", {}
        return found


Edit = Callable[[Model, st.DataObject], bool]


def pick(data: st.DataObject, options: list[Any]) -> Any:
    """One of some options; None of none."""
    return data.draw(st.sampled_from(options)) if options else None


def a_property(model: Model, data: st.DataObject) -> tuple[str, str] | None:
    """A property of the model."""
    listed = [(s, p) for s, own in model.schemas.items() for p in own]
    found: tuple[str, str] | None = pick(data, listed)
    return found


def add_property(model: Model, data: st.DataObject) -> bool:
    schema = pick(data, list(model.schemas))
    name = pick(data, [n for n in NAMES if n not in model.schemas[schema]])
    if name is None:
        return False
    prop = Property(pick(data, list(KINDS)), required=data.draw(st.booleans()))
    prop.bounded, prop.indexed = data.draw(st.booleans()), data.draw(st.booleans())
    model.schemas[schema][name] = prop
    return True


def add_reference(model: Model, data: st.DataObject) -> bool:
    schema = pick(data, list(model.schemas))
    name = pick(data, [n for n in NAMES if n not in model.schemas[schema]])
    if name is None:
        return False
    model.schemas[schema][name] = Property("reference", pick(data, list(model.schemas)))
    return True


def remove_property(model: Model, data: st.DataObject) -> bool:
    found = a_property(model, data)
    if found is None:
        return False
    schema, name = found
    del model.schemas[schema][name]
    if data.draw(st.booleans()):
        model.deleted[schema] = [name]
    return True


def rename_property(model: Model, data: st.DataObject) -> bool:
    found = a_property(model, data)
    if found is None:
        return False
    schema, name = found
    new = pick(data, [n for n in NAMES if n not in model.schemas[schema]])
    if new is None:
        return False
    prop = model.schemas[schema].pop(name)
    prop.was = name
    model.schemas[schema][new] = prop
    return True


def change_property(model: Model, data: st.DataObject) -> bool:
    found = a_property(model, data)
    if found is None:
        return False
    prop = model.schemas[found[0]][found[1]]
    change = pick(data, ["required", "unique", "indexed", "bounded", "kind"])
    if change == "kind":
        prop.kind, prop.unique, prop.indexed = pick(data, list(KINDS)), False, False
    elif not (change == "required" and prop.kind == "reference"):
        setattr(prop, change, not getattr(prop, change))
    return True


def change_values(model: Model, data: st.DataObject) -> bool:
    found = a_property(model, data)
    if found is None or model.schemas[found[0]][found[1]].kind not in {"enum", "list"}:
        return False
    prop = model.schemas[found[0]][found[1]]
    free = [value for value in VALUES if value not in prop.values]
    change = pick(data, ["add", "remove", "rename", "reorder"])
    if change == "add" and free:
        prop.values.append(free[0])
    elif change == "remove" and len(prop.values) > 1:
        prop.values.pop()
    elif change == "rename" and free:
        prop.value_was = {free[0]: prop.values[0]}
        prop.values[0] = free[0]
    elif change == "reorder":
        prop.values.reverse()
    return True


def add_schema(model: Model, data: st.DataObject) -> bool:
    name = pick(data, [n for n in SCHEMAS if n not in model.schemas])
    if name is None:
        return False
    model.schemas[name] = {"a": Property("text", indexed=True)}
    return True


def remove_schema(model: Model, data: st.DataObject) -> bool:
    used = {p.target for own in model.schemas.values() for p in own.values()}
    name = pick(data, [n for n in model.schemas if n not in used])
    if name is None or len(model.schemas) == 1:
        return False
    del model.schemas[name]
    model.soft.discard(name)
    if data.draw(st.booleans()):
        model.gone = [name]
    return True


def rename_schema(model: Model, data: st.DataObject) -> bool:
    name = pick(data, list(model.schemas))
    new = pick(data, [n for n in SCHEMAS if n not in model.schemas])
    if new is None:
        return False
    model.schemas = {new if n == name else n: own for n, own in model.schemas.items()}
    model.soft = {new if n == name else n for n in model.soft}
    for own in model.schemas.values():
        for prop in own.values():
            prop.target = new if prop.target == name else prop.target
    model.was = {new: name}
    return True


def toggle_soft_delete(model: Model, data: st.DataObject) -> bool:
    name = pick(data, list(model.schemas))
    model.soft ^= {name}
    return True


EDITS: tuple[Edit, ...] = (
    add_property,
    add_reference,
    remove_property,
    rename_property,
    change_property,
    change_values,
    add_schema,
    remove_schema,
    rename_schema,
    toggle_soft_delete,
)


@pytest.fixture(scope="module")
def databases(servers: Servers) -> Iterator[tuple[str, str]]:
    """Two databases, to be emptied by those who use them."""
    with scratch_database(servers) as one, scratch_database(servers) as other:
        yield one, other


def rows(url: str, tables: tuple[Table, ...]) -> dict[tuple[str, str], list[Any]]:
    """The values of every column, in the order of the keys."""
    found = {}
    with connected(url) as connection:
        for table in tables:
            listed = connection.exec_driver_sql(
                f"SELECT * FROM {name_quoted(table.name)} ORDER BY id"
            ).mappings()
            values = [dict(row) for row in listed]
            for column in table.columns:
                found[table.name, column.name] = [row[column.name] for row in values]
    return found


def inserted(url: str, model: Model, number: int) -> None:
    """A few rows more, in every table of the model."""
    with connected(url) as connection:
        for entity in understood(model.contract()).entities.values():
            for more in range(2):
                mark = number * 2 + more
                values: dict[str, Any] = {"name": f"n{mark}"}
                for name, prop in model.schemas[entity.name].items():
                    column = next(c.name for c in entity.columns if c.property == name)
                    if prop.kind != "reference" and (prop.required or more):
                        values[column] = {
                            "text": f"t{mark}", "integer": mark, "decimal": mark,
                            "enum": prop.values[-1], "list": [prop.values[0]],
                            "moment": f"2026-01-15T09:{mark % 60:02}:00Z",
                        }[prop.kind]  # fmt: skip
                listed = ", ".join(name_quoted(name) for name in values)
                holes = ", ".join("%s" for _ in values)
                connection.exec_driver_sql(
                    f"INSERT INTO {name_quoted(entity.table)} ({listed}) VALUES ({holes})",
                    tuple(values.values()),
                )


def stopped(url: str, phases: Phases) -> bool:
    """Make a change; whether a look at the rows has stopped it."""
    try:
        upgrade(url, phases)
    except sa.exc.DBAPIError as error:
        if "nothing has been changed" in str(error):
            return True
        raise
    return False


def same_rows(
    before: dict[tuple[str, str], list[Any]],
    after: dict[tuple[str, str], list[Any]],
    evolution: Evolution,
) -> None:
    """What was there is there, where it has not changed its type or its values their names."""
    for old in evolution.before:
        for column in old.columns:
            goal = next((t for t in evolution.goal if t.name == old.name), None)
            now = goal.column(column.name) if goal is not None else None
            if now is None or now.type != column.type:
                continue
            if (old.name, column.name) in evolution.values:
                continue
            table = evolution.tables.get(old.name, old.name)
            own = evolution.columns.get((old.name, column.name), column.name)
            was = before[table, own]
            for one, other in zip(was, after[old.name, column.name], strict=True):
                assert one is None or one == other, (old.name, column.name)


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize="APIWRIGHT_EVOLUTION" not in os.environ,
    print_blob=True,
)
@given(data=st.data())
def test_any_sequence_of_edits(data: st.DataObject, databases: tuple[str, str]) -> None:
    url, other = databases
    emptied(url)
    model = Model({"Alpha": {"a": Property("text"), "b": Property("enum", required=True)}})
    tables, first = evolved((), build_tables(understood(model.contract())))
    upgrade(url, first)
    done: list[tuple[list[str], Phases]] = [([], first)]
    for number in range(data.draw(st.integers(1, 6))):
        inserted(url, model, number)
        wanted = deepcopy(model)
        if not data.draw(st.sampled_from(EDITS))(wanted, data):
            continue
        service = understood(wanted.contract())
        said = declared(service)
        evolution = evolve(tables, build_tables(service), said)
        if refusals(evolution, said):
            continue
        phases = migration(evolution, said)
        was, had = catalog(url), rows(url, tables)
        if stopped(url, phases):
            # Rows don't fit: the look at them comes first, so that nothing has been touched.
            assert catalog(url) == was
            assert rows(url, tables) == had
            continue
        done.append((was, phases))
        tables, model = evolution.goal, wanted.settled()
        emptied(other)
        upgrade(other, evolved((), build_tables(understood(model.contract())))[1])
        assert without(catalog(url), kept(tables)) == catalog(other)
        same_rows(had, rows(url, tables), evolution)
        again = evolve(tables, build_tables(understood(model.contract())), Declared())
        assert migration(again, Declared()) == Phases()
    with connected(url) as connection:
        for table in tables:
            connection.exec_driver_sql(f"TRUNCATE {name_quoted(table.name)} CASCADE")
    for was, phases in reversed(done):
        downgrade(url, phases)
        assert catalog(url) == was


def kept(tables: tuple[Table, ...]) -> list[str]:
    """What is kept although the contract has it no more."""
    found = [table.name for table in tables if table.retained]
    return found + [f"{t.name}.{c.name}" for t in tables for c in t.columns if c.retained]
