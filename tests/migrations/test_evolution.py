"""Edits of a contract, each followed by a database with rows in it, there and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from apiwright.local import Servers
from apiwright.plan.storage.build import build_tables
from tests.support.alembic_project import AlembicProject
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
from tests.support.evolution import (
    catalog,
    connected,
    evolved,
    looser_checks,
    upgrade,
    without,
)
from tests.support.running import scratch_database

OWNER = {"Owner": {**thing(), "x-table": True}}
STATUS = {"type": "string", "enum": ["new", "sold"], "default": "new"}
BY_STATUS = [{"name": "status", "in": "query", "schema": TEXT}]
ROWS = "INSERT INTO things (name) VALUES ('a'), ('b'), ('c')"


def digits(precision: int, scale: int) -> Contract:
    """Numbers with so many digits."""
    column = {"precision": precision, "scale": scale}
    return {"type": "number", "format": "decimal", "x-column": column}


@dataclass(frozen=True)
class Edit:
    """A contract before and after, rows of before, and what a query says of them afterwards.

    `kept` stays although the contract has it no more; `looser` are columns whose checks let through
    what they did before. A `loose` one doesn't come back as it was.
    """

    before: Contract
    after: Contract
    rows: str = ROWS
    asked: str = "SELECT name FROM things ORDER BY id"
    wanted: tuple[Any, ...] = ("a", "b", "c")
    kept: tuple[str, ...] = ()
    looser: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    phases: tuple[str, ...] = ("expand",)
    loose: bool = field(default=False)


def stored(schema: Contract, **words: Any) -> Contract:
    """A contract of things with words of their own, beside others."""
    return contract(
        crud("Thing", "things"), {"Thing": {**thing(schema), **words.pop("thing", {})}, **words}
    )


def renamed(schema: str, plural: str, properties: Contract, **words: Any) -> Contract:
    """A contract of things that are called otherwise."""
    return contract(crud(schema, plural), {schema: {**thing(properties), **words}})


EXPAND_BUILD = ("expand", "build")
ALL = ("expand", "build", "finish")
EDITS: dict[str, Edit] = {
    "a table": Edit(things(), stored({}, **OWNER)),
    "a table with a reference": Edit(
        things(), stored({}, Owner={**thing({"thing_id": INTEGER}), "x-table": True})
    ),
    "an optional property": Edit(things(), things({"note": TEXT})),
    "a property with a default": Edit(
        things(),
        things({"note": {**TEXT, "default": "it's: 1"}}),
        asked="SELECT note FROM things",
        wanted=("it's: 1",) * 3,
    ),
    "a property with a rule": Edit(
        things(),
        things({"size": {**INTEGER, "minimum": 1, "default": 2}}, "size"),
        asked="SELECT size FROM things",
        wanted=(2, 2, 2),
        phases=EXPAND_BUILD,
    ),
    "a required property that is computed": Edit(
        things({"size": INTEGER}),
        things(
            {"size": INTEGER,
             "label": {**TEXT, "x-backfill": "upper(name) || ':' || coalesce(size, 7)::text"}},
            "label",
        ),
        asked="SELECT label FROM things ORDER BY id",
        wanted=("A:7", "B:7", "C:7"),
        phases=ALL,
    ),
    "a property that is computed from one that goes": Edit(
        things({"full": {**TEXT, "default": "x y"}}),
        things({"short": {**TEXT, "x-backfill": "trim(full) || '!'"}}, "short"),
        asked="SELECT short FROM things ORDER BY id",
        wanted=("x y!",) * 3,
        kept=("things.full",),
        phases=ALL,
    ),
    "required from now on": Edit(
        things({"note": TEXT}),
        things({"note": {**TEXT, "default": "-"}}, "note"),
        asked="SELECT note FROM things",
        wanted=("-", "-", "-"),
        phases=ALL,
    ),
    "optional from now on": Edit(
        things({"note": TEXT}, "note"),
        things({"note": TEXT}),
        rows="INSERT INTO things (name, note) VALUES ('a', 'x'), ('b', 'y'), ('c', 'z')",
    ),
    "another default": Edit(
        things({"note": {**TEXT, "default": "x"}}), things({"note": {**TEXT, "default": "y"}}),
        asked="SELECT note FROM things", wanted=("x", "x", "x"),
    ),
    "a shorter text": Edit(
        things({"note": {**TEXT, "maxLength": 9}}), things({"note": {**TEXT, "maxLength": 5}}),
        rows="INSERT INTO things (name, note) VALUES ('a', 'long text')", wanted=("a",),
        looser=("things.note",), phases=(),
    ),
    "a shorter text for good": Edit(
        things({"note": {**TEXT, "maxLength": 9}}), things({"note": {**TEXT, "maxLength": 5}}),
        rows="INSERT INTO things (name, note) VALUES ('a', 'short')", wanted=("a",),
        allowed=("things.note",), phases=EXPAND_BUILD,
    ),
    "more digits": Edit(
        things({"cost": digits(6, 2)}),
        things({"cost": digits(9, 2)}),
        rows="INSERT INTO things (name, cost) VALUES ('a', 12.34)",
        asked="SELECT cost::text FROM things", wanted=("12.34",),
    ),
    "a wider number": Edit(
        things({"size": {**INTEGER, "format": "int32"}}), things({"size": INTEGER}),
        rows="INSERT INTO things (name, size) VALUES ('a', 5)",
        asked="SELECT size FROM things", wanted=(5,),
    ),
    "a number as text": Edit(
        things({"size": INTEGER}), things({"size": TEXT}),
        rows="INSERT INTO things (name, size) VALUES ('a', 5)",
        asked="SELECT size FROM things", wanted=("5",),
    ),
    "a value of an enum": Edit(
        things({"status": STATUS}),
        things({"status": {**STATUS, "enum": ["new", "sold", "it's"]}}),
        phases=EXPAND_BUILD,
    ),
    "values of an enum in another order": Edit(
        things({"status": STATUS}), things({"status": {**STATUS, "enum": ["sold", "new"]}}),
        phases=EXPAND_BUILD,
    ),
    "a value of an enum less": Edit(
        things({"status": STATUS}), things({"status": {**STATUS, "enum": ["new"]}}),
        rows="INSERT INTO things (name, status) VALUES ('a', 'sold')", wanted=("a",),
        looser=("things.status",), phases=(),
    ),
    "a value of an enum in place of another": Edit(
        things({"status": STATUS}), things({"status": {**STATUS, "enum": ["it's", "new"]}}),
        rows="INSERT INTO things (name, status) VALUES ('a', 'sold')", wanted=("a",),
        looser=("things.status",), phases=EXPAND_BUILD,
    ),
    "a value of lists less": Edit(
        things({"tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}}),
        stored({"labels": {"type": "array", "items": ref("Tag"), "x-renamed-from": "tags"}},
               Tag={"type": "string", "enum": ["c"]}),
        rows="INSERT INTO things (name, tags) VALUES ('a', '{a,b,a}')", wanted=("a",),
        looser=("things.labels",), phases=EXPAND_BUILD,
    ),
    "a value of an enum that goes for good": Edit(
        things({"status": STATUS}),
        things({"status": {**STATUS, "enum": ["new"], "x-deleted": ["sold"]}}),
        phases=EXPAND_BUILD,
    ),
    "a value of an enum that is allowed to go": Edit(
        things({"status": STATUS}), things({"status": {**STATUS, "enum": ["new"]}}),
        allowed=("things.status",), phases=EXPAND_BUILD,
    ),
    "a value of an enum renamed": Edit(
        things({"status": STATUS}),
        things({"status": {**STATUS, "enum": ["fresh", "sold"], "default": "fresh",
                           "x-renamed-from": {"fresh": "new"}}}),
        asked="SELECT status FROM things", wanted=("fresh",) * 3,
        phases=EXPAND_BUILD,
    ),
    "a value in lists renamed": Edit(
        things({"tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}}),
        stored({"tags": {"type": "array", "items": ref("Tag")}},
               Tag={"type": "string", "enum": ["c", "b"], "x-renamed-from": {"c": ["x", "a"]}}),
        rows="INSERT INTO things (name, tags) VALUES ('a', '{a,b,a}')",
        asked="SELECT array_to_string(tags, ',') FROM things", wanted=("c,b,c",),
        phases=EXPAND_BUILD,
    ),
    "unique": Edit(
        things({"note": TEXT}), things({"note": {**TEXT, "x-unique": {"ignore-case": True}}}),
        rows="INSERT INTO things (name, note) VALUES ('a', 'x'), ('b', NULL), ('c', NULL)",
        phases=EXPAND_BUILD,
    ),
    "unique no more": Edit(
        things({"note": {**TEXT, "x-unique": True}}), things({"note": TEXT}), phases=("build",)
    ),
    "a filter": Edit(
        things({"status": TEXT}), things({"status": TEXT}, query=BY_STATUS), phases=("build",)
    ),
    "a search": Edit(
        things({"note": TEXT}),
        things({"note": TEXT}, query=[{"name": "q", "in": "query", "schema": TEXT}]),
        phases=("build",),
    ),
    "soft delete": Edit(
        things({"note": {**TEXT, "x-unique": True}}, query=BY_STATUS),
        stored({"note": {**TEXT, "x-unique": True}}, thing={"x-table": {"soft-delete": True}}),
        phases=ALL,
    ),
    "soft delete no more": Edit(
        stored({"note": {**TEXT, "x-unique": True}}, thing={"x-table": {"soft-delete": True}}),
        things({"note": {**TEXT, "x-unique": True}}),
        kept=("things.deleted_at",), phases=ALL,
    ),
    "a foreign key": Edit(
        stored({"owner": INTEGER}, **OWNER),
        stored({"owner": {**INTEGER, "x-references": "Owner"}}, **OWNER),
        rows="INSERT INTO owners (name) VALUES ('o'); "
             "INSERT INTO things (name, owner) SELECT 'a', id FROM owners",
        asked="SELECT o.name FROM things t JOIN owners o ON o.id = t.owner", wanted=("o",),
        phases=EXPAND_BUILD,
    ),
    "what a delete does": Edit(
        stored({"owner_id": INTEGER}, **OWNER),
        stored({"owner_id": {**INTEGER,
                             "x-references": {"schema": "Owner", "on-delete": "set-null"}}},
               **OWNER),
        phases=EXPAND_BUILD,
    ),
    "a row that is shown": Edit(
        stored({}, **OWNER), stored({"owner": ref("Owner")}, **OWNER), phases=EXPAND_BUILD
    ),
    "pairs": Edit(stored({}, **OWNER), stored({"owners": many("Owner")}, **OWNER)),
    "pairs no more": Edit(
        stored({"owners": many("Owner")}, **OWNER), stored({}, **OWNER), kept=("owners_things",)
    ),
    "a property that goes": Edit(
        things({"note": {**TEXT, "minLength": 1, "x-unique": True}}, "note"), things(),
        rows="INSERT INTO things (name, note) VALUES ('a', 'x'), ('b', 'y'), ('c', 'z')",
        asked="SELECT note FROM things ORDER BY id", wanted=("x", "y", "z"),
        kept=("things.note",), phases=EXPAND_BUILD,
    ),
    "a property that goes for good": Edit(
        things({"note": {**TEXT, "x-unique": True}}, "note"),
        stored({}, thing={"x-deleted": ["note"]}),
        rows="INSERT INTO things (name, note) VALUES ('a', 'x'), ('b', 'y'), ('c', 'z')",
        phases=ALL, loose=True,
    ),
    "a table that goes": Edit(
        stored({"owner_id": INTEGER}, **OWNER), things(),
        rows="INSERT INTO owners (name) VALUES ('o'); "
             "INSERT INTO things (name, owner_id) SELECT 'a', id FROM owners",
        asked="SELECT name FROM owners", wanted=("o",),
        kept=("owners", "things.owner_id"), phases=EXPAND_BUILD,
    ),
    "a table that goes for good": Edit(
        stored({}, **OWNER), {**things(), "x-deleted": ["Owner"]},
        phases=("finish",),
    ),
    "a table that is allowed to go": Edit(
        stored({}, **OWNER), things(), allowed=("owners",), phases=("finish",)
    ),
    "a property renamed": Edit(
        things({"note": {**TEXT, "maxLength": 9, "x-unique": {"ignore-case": True}}},
               query=[{"name": "note", "in": "query", "schema": TEXT}]),
        things({"remark": {**TEXT, "maxLength": 9, "x-unique": {"ignore-case": True},
                           "x-renamed-from": ["old", "note"]}},
               query=[{"name": "remark", "in": "query", "schema": TEXT}]),
        rows="INSERT INTO things (name, note) VALUES ('a', 'x')",
        asked="SELECT remark FROM things", wanted=("x",),
    ),
    "a property renamed and required": Edit(
        things({"note": TEXT}),
        things({"lower": {**TEXT, "x-renamed-from": "note", "default": "-", "maxLength": 5}},
               "lower"),
        rows="INSERT INTO things (name, note) VALUES ('a', 'x'), ('b', NULL)",
        asked="SELECT lower FROM things ORDER BY id", wanted=("x", "-"), phases=ALL,
    ),
    "a schema renamed": Edit(
        things({"note": {**TEXT, "x-unique": True},
                "next_id": {**INTEGER, "x-references": "Thing"}}),
        renamed("Piece", "pieces",
                {"note": {**TEXT, "x-unique": True},
                 "next_id": {**INTEGER, "x-references": "Piece"}},
                **{"x-renamed-from": "Thing"}),
        asked="SELECT name FROM pieces ORDER BY id",
    ),
    "both ends of pairs renamed": Edit(
        stored({"owners": many("Owner")}, **OWNER),
        contract(
            crud("Piece", "pieces"),
            {"Piece": {**thing({"keepers": many("Keeper")}), "x-renamed-from": "Thing"},
             "Keeper": {**thing(), "x-table": True, "x-renamed-from": "owners"}},
        ),
        rows="INSERT INTO owners (name) VALUES ('o'); INSERT INTO things (name) VALUES ('a'); "
             "INSERT INTO owners_things (thing_id, owner_id) "
             "SELECT t.id, o.id FROM things t, owners o",
        asked="SELECT k.name FROM keepers k JOIN keepers_pieces p ON p.keeper_id = k.id",
        wanted=("o",),
    ),
    "a shown row renamed": Edit(
        stored({"owner": ref("Owner")}, **OWNER),
        stored({"keeper": {"allOf": [ref("Owner")], "x-renamed-from": "owner"}}, **OWNER),
        rows="INSERT INTO owners (name) VALUES ('o'); "
             "INSERT INTO things (name, owner_id) SELECT 'a', id FROM owners",
        asked="SELECT o.name FROM things t JOIN owners o ON o.id = t.keeper_id", wanted=("o",),
    ),
    "a key renamed": Edit(
        stored({"owner_id": INTEGER}, Owner={**thing(), "x-table": True}),
        stored({"owner_id": INTEGER},
               Owner={**obj({"code": {**INTEGER, "readOnly": True, "x-renamed-from": "id"},
                             "name": TEXT}, "code", "name"), "x-table": {"key": "code"}}),
        rows="INSERT INTO owners (name) VALUES ('o')",
        asked="SELECT code::integer FROM owners", wanted=(1,),
    ),
    "text as a moment": Edit(
        things({"at": TEXT}), things({"at": MOMENT}),
        rows="INSERT INTO things (name, at) VALUES ('a', '2026-01-15T09:30:00Z')",
        asked="SELECT extract(year FROM at)::integer FROM things", wanted=(2026,),
        allowed=("things.at",),
    ),
}  # fmt: skip


@pytest.fixture
def project(database_url: str, tmp_path: Path) -> AlembicProject:
    """An empty project."""
    return AlembicProject(tmp_path, database_url)


@pytest.fixture
def fresh_url(servers: Servers) -> Iterator[str]:
    """Another empty database."""
    with scratch_database(servers) as url:
        yield url


def asked(url: str, query: str) -> tuple[Any, ...]:
    """The first column of the answer to a query."""
    with connected(url) as connection:
        return tuple(row[0] for row in connection.exec_driver_sql(query))


def told(url: str, sql: str) -> None:
    """Run some SQL."""
    with connected(url) as connection:
        connection.exec_driver_sql(sql)


@pytest.mark.parametrize("name", list(EDITS))
def test_the_database_follows_an_edit(name: str, project: AlembicProject, fresh_url: str) -> None:
    edit = EDITS[name]
    project.generate(edit.before)
    project.alembic("upgrade head")
    base, before = project.head(), catalog(project.url)
    told(project.url, edit.rows)

    plan = project.generate(edit.after, *edit.allowed)
    assert list(dict.fromkeys(step.phase for step in plan.steps)) == list(edit.phases)
    assert len(plan.revisions) == len(edit.phases)
    assert "No new upgrade operations" in project.alembic("upgrade head", "check")
    upgrade(fresh_url, evolved((), build_tables(understood(edit.after)))[1])
    checks = looser_checks(plan.tables)
    kept = without(catalog(project.url), edit.kept, checks)
    assert kept == without(catalog(fresh_url), (), checks)
    assert bool(checks) == bool(edit.looser)
    assert {note.name for note in plan.notes} == {*edit.kept, *edit.looser}
    assert asked(project.url, edit.asked) == edit.wanted
    assert project.plan(edit.after).revisions == ()

    project.alembic(f"downgrade {base}")
    if not edit.loose:
        assert catalog(project.url) == before
    project.alembic("downgrade base")
    assert catalog(project.url) == []
