"""Random edits, one after the other: the database is always what a new one would be.

A model of a contract is edited at random. After each edit the migrated database is compared with
one that is made anew, and the rows with those of before; at last all goes back, step by step. What
PostgreSQL knows of both is read from its catalog, which costs a hundredth of a pg_dump.
`APIWRIGHT_EVOLUTION` says how many sequences are tried.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwright.ir.service import Service
from apiwright.local import Servers
from apiwright.local.programs import find_installation
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.changes import Phases
from apiwright.plan.storage.creation import statements
from apiwright.plan.storage.declared import Declared, Renames, declared
from apiwright.plan.storage.evolve import Evolution, evolve
from apiwright.plan.storage.refusals import refusals
from apiwright.plan.storage.sql import name_quoted
from apiwright.plan.storage.storage_plan import migration
from apiwright.plan.storage.tables import Table
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    contract,
    project,
    thing,
    understood,
)
from tests.support.evolution import (
    catalog_of,
    connected,
    downgrade_on,
    evolved,
    looser_checks,
    upgrade_on,
    without,
)
from tests.support.running import scratch_database

EXAMPLES = int(os.environ.get("APIWRIGHT_EVOLUTION", "500"))
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
    value_gone: list[str] = field(default_factory=list)

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
        if self.value_gone:
            inner = found["items"] if self.kind == "list" else found
            inner["x-deleted"] = list(self.value_gone)
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
                prop.was, prop.value_was, prop.value_gone = "", {}, []
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
        gone = prop.values.pop()
        prop.value_gone = [gone] if data.draw(st.booleans()) else []
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


@dataclass(frozen=True, slots=True)
class Bench:
    """Two databases: one that follows every edit, and one in which others are made anew.

    Each is used over one connection, since to open one takes longer than most edits. `fresh` keeps
    what was made anew already.
    """

    url: str
    other_url: str
    database: sa.Connection
    other: sa.Connection
    fresh: dict[tuple[Table, ...], list[str]] = field(default_factory=dict)

    def made_anew(self, tables: tuple[Table, ...]) -> list[str]:
        """The catalog of a database that is made of these tables."""
        if tables not in self.fresh:
            self.other.exec_driver_sql("BEGIN")
            for statement in statements(tables):
                self.other.exec_driver_sql(statement)
            self.fresh[tables] = catalog_of(self.other)
            self.other.exec_driver_sql("ROLLBACK")
        return self.fresh[tables]


@pytest.fixture(scope="module")
def bench(servers: Servers) -> Iterator[Bench]:
    """Two empty databases."""
    with (
        scratch_database(servers) as url,
        scratch_database(servers) as other,
        connected(url) as connection,
        connected(other) as another,
    ):
        yield Bench(url, other, connection, another)


def cleared(connection: sa.Connection) -> None:
    """Make a database an empty one."""
    connection.exec_driver_sql("DROP SCHEMA public CASCADE")
    connection.exec_driver_sql("CREATE SCHEMA public")


def rows(connection: sa.Connection, tables: tuple[Table, ...]) -> dict[tuple[str, str], list[Any]]:
    """The values of every column, in the order of the keys."""
    found = {}
    for table in tables:
        listed = connection.exec_driver_sql(
            f"SELECT * FROM {name_quoted(table.name)} ORDER BY id"
        ).mappings()
        values = [dict(row) for row in listed]
        for column in table.columns:
            found[table.name, column.name] = [row[column.name] for row in values]
    return found


def inserted(connection: sa.Connection, model: Model, service: Service, number: int) -> None:
    """A few rows more, in every table of the model that has values left for them."""
    for entity in service.entities.values():
        columns = {column.property: column.name for column in entity.columns}
        own = model.schemas[entity.name].values()
        few = [prop for prop in own if prop.unique and prop.kind in {"enum", "list"}]
        if any(prop.required for prop in few):
            continue
        for more in range(2):
            mark = number * 2 + more
            values: dict[str, Any] = {"name": f"n{mark}"}
            for name, prop in model.schemas[entity.name].items():
                if prop.kind != "reference" and prop not in few and (prop.required or more):
                    values[columns[name]] = {
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


def stopped(connection: sa.Connection, phases: Phases) -> bool:
    """Make a change; whether a look at the rows has stopped it."""
    try:
        upgrade_on(connection, phases)
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


@dataclass
class Followed:
    """The database of a bench, which follows one edit after the other."""

    bench: Bench
    tables: tuple[Table, ...]
    catalog: list[str]
    done: list[tuple[list[str], Phases]]

    def follows(self, target: tuple[Table, ...], said: Declared) -> bool:
        """Whether an edit is made, after which all has to be as if it had always been so."""
        database = self.bench.database
        evolution = evolve(self.tables, target, said)
        if refusals(evolution, said):
            return False
        phases = migration(evolution, said.with_twins(evolution.twins))
        had = rows(database, self.tables)
        if stopped(database, phases):
            # Rows don't fit: the look at them comes first, so that nothing has been touched.
            assert catalog_of(database) == self.catalog
            assert rows(database, self.tables) == had
            return False
        self.done.append((self.catalog, phases))
        self.tables, self.catalog = evolution.goal, catalog_of(database)
        checks = looser_checks(self.tables)
        found = without(self.catalog, kept(self.tables), checks)
        assert found == without(self.bench.made_anew(target), (), checks)
        same_rows(had, rows(database, self.tables), evolution)
        again = evolve(self.tables, target, Declared())
        assert migration(again, Declared()) == Phases()
        if evolution.twins:
            assert self.follows(target, Declared(renames=Renames.CONTRACT))
            assert not any(column.twin for table in self.tables for column in table.columns)
        return True

    def goes_back(self) -> None:
        """Undo one edit after the other; each leads back to what was there before it."""
        database = self.bench.database
        for table in self.tables:
            database.exec_driver_sql(f"TRUNCATE {name_quoted(table.name)} CASCADE")
        for before, phases in reversed(self.done):
            downgrade_on(database, phases)
            assert catalog_of(database) == before


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize="APIWRIGHT_EVOLUTION" not in os.environ,
    print_blob=True,
)
@given(data=st.data())
def test_any_sequence_of_edits(data: st.DataObject, bench: Bench) -> None:
    database = bench.database
    cleared(database)
    model = Model({"Alpha": {"a": Property("text"), "b": Property("enum", required=True)}})
    service = understood(model.contract())
    tables, first = evolved((), build_tables(service))
    upgrade_on(database, first)
    followed = Followed(bench, tables, catalog_of(database), [([], first)])
    for number in range(data.draw(st.integers(1, 6))):
        inserted(database, model, service, number)
        wanted = deepcopy(model)
        if not data.draw(st.sampled_from(EDITS))(wanted, data):
            continue
        edited = understood(wanted.contract())
        way = data.draw(st.sampled_from((Renames.AT_ONCE, Renames.ZERO_DOWNTIME)))
        if followed.follows(build_tables(edited), declared(edited, (), way)):
            model, service = wanted.settled(), edited
    followed.goes_back()


@pytest.mark.parametrize("name", ["reference", "library"])
def test_pg_dump_sees_what_the_catalog_says(name: str, bench: Bench) -> None:
    """The comparison above leaves nothing out that PostgreSQL's own program would show."""
    target = build_tables(understood(project(name)))
    cleared(bench.database)
    upgrade_on(bench.database, evolved((), target)[1])
    cleared(bench.other)
    for statement in statements(target):
        bench.other.exec_driver_sql(statement)
    assert dumped(bench.url) == dumped(bench.other_url)
    assert catalog_of(bench.database) == catalog_of(bench.other)
    bench.other.exec_driver_sql("ALTER TABLE users ADD COLUMN more text" if name == "reference"
                                else "ALTER TABLE books ADD COLUMN more text")  # fmt: skip
    assert dumped(bench.url) != dumped(bench.other_url)
    assert catalog_of(bench.database) != catalog_of(bench.other)
    cleared(bench.other)


def dumped(url: str) -> list[str]:
    """The schema of a database as pg_dump has it: its lines, in an order that says nothing."""
    done = subprocess.run(
        [str(find_installation() / "bin" / "pg_dump"), "--schema-only", "--no-owner", url],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    lines = (line.rstrip(",") for line in done.stdout.splitlines())
    return sorted(line for line in lines if line and not line.startswith(("--", "\\")))


def kept(tables: tuple[Table, ...]) -> list[str]:
    """What is kept although the contract has it no more."""
    found = [table.name for table in tables if table.retained]
    found += [f"{t.name}.{c.name}" for t in tables for c in t.columns if c.retained]
    return found + [f"{t.name}.{i.name}" for t in tables for i in t.indexes if i.retained]
