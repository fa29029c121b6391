"""The plan of a database: renames, what is kept, what is asked, what is refused, and in words."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from apiwright.code import literal
from apiwright.plan import History, StoragePlan, storage_plan
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.declared import declared
from apiwright.plan.storage.evolve import evolve, implied_name
from apiwright.plan.storage.snapshot import read_snapshots, write_snapshot
from apiwright.plan.storage.sql import columns_in, columns_renamed, name_quoted, script
from apiwright.plan.storage.storage_plan import migration
from apiwright.plan.storage.tables import Table
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    contract,
    crud,
    thing,
    things,
    understood,
)
from tests.support.evolution import catalog, connected, evolved, statements, upgrade

STATUS = {"type": "string", "enum": ["new", "sold"]}


def retained(plan: StoragePlan) -> tuple[tuple[str, str], ...]:
    """The columns, with their tables, that are kept although the contract has them no more."""
    return tuple((t.name, c.name) for t in plan.tables for c in t.columns if c.retained)


def planned(before: Contract | tuple[Table, ...], after: Contract, *allowed: str) -> StoragePlan:
    """The plan from one contract, or from tables, to another one."""
    tables = before if isinstance(before, tuple) else build_tables(understood(before))
    return storage_plan(History(tables), understood(after), allowed)


def words(plan: StoragePlan) -> list[str]:
    """The steps of a plan in words."""
    return [step.what for step in plan.steps]


def refused(plan: StoragePlan) -> list[str]:
    """The refusals of a plan, in short."""
    return [f"{one.code} {one.name}" for one in plan.refusals]


def renaming(name: str, old: Any) -> Contract:
    """Things with a property that had another name."""
    return things({name: {**TEXT, "x-renamed-from": old}})


def test_a_rename_is_made_once() -> None:
    first = planned(things({"note": TEXT}), renaming("remark", "note"))
    assert words(first) == ["rename the column things.note to remark"]
    second = planned(first.tables, renaming("remark", "note"))
    assert (second.steps, second.refusals) == ((), ())


def test_the_newest_name_of_before_counts() -> None:
    plan = planned(things({"note": TEXT, "old": TEXT}), renaming("remark", ["note", "old"]))
    assert words(plan) == ["rename the column things.note to remark"]
    assert retained(plan) == (("things", "old"),)
    plan = planned(things({"old": TEXT}), renaming("remark", ["note", "old"]))
    assert words(plan) == ["rename the column things.old to remark"]
    kept = planned(things({"old": TEXT}), things())
    plan = planned(kept.tables, renaming("remark", ["note", "old"]))
    assert words(plan) == ["rename the column things.old to remark"]
    assert retained(plan) == ()


def test_a_new_project_renames_nothing() -> None:
    plan = planned((), renaming("remark", "note"))
    assert words(plan) == ["create the table things"]
    assert len(plan.revisions) == 1


def test_a_rename_from_nothing_is_refused_where_it_stands() -> None:
    (found,) = planned(things({"note": TEXT}), renaming("remark", "nte")).refusals
    assert (
        found.message
        == "the column things.remark can't be renamed from nte: there is no such thing"
    )
    assert "id, name, note" in found.hint
    assert found.position is not None
    assert found.position.file.endswith("openapi.json")


def test_a_rename_of_what_is_there_twice_is_refused() -> None:
    both = things({"note": TEXT, "remark": TEXT})
    (found,) = planned(both, renaming("remark", "note")).refusals
    assert found.message == "the column things.remark can't be renamed from note: both are there"
    tables = contract({}, {"A": {**thing(), "x-table": True}, "B": {**thing(), "x-table": True}})
    only = contract({}, {"A": {**thing(), "x-table": True, "x-renamed-from": "B"}})
    assert refused(planned(tables, only)) == ["rename as"]
    values = {**STATUS, "enum": ["sold"], "x-renamed-from": {"sold": "new"}}
    plan = planned(things({"status": STATUS}), things({"status": values}))
    assert refused(plan) == ["rename sold"]


def test_a_value_is_renamed_once() -> None:
    values = {**STATUS, "enum": ["fresh", "sold"], "x-renamed-from": {"fresh": ["x", "new"]}}
    first = planned(things({"status": STATUS}), things({"status": values}))
    assert "replace in things.status 'new' by 'fresh', in batches" in words(first)
    assert planned(first.tables, things({"status": values})).steps == ()


def test_what_looks_like_a_rename_is_asked() -> None:
    plan = planned(things({"note": TEXT, "size": INTEGER}), things({"remark": TEXT}))
    (question,) = plan.questions
    assert (question.before, question.after) == ("things.note", "things.remark")
    assert question.message == "was things.note renamed to remark? Both are text"
    assert "x-renamed-from: note" in question.hint
    assert question.position is not None
    assert retained(plan) == (("things", "note"), ("things", "size"))
    several = planned(things({"note": TEXT}), things({"remark": TEXT, "other": TEXT}))
    assert several.questions == ()
    own = {"a": TEXT, "b": INTEGER}
    (question,) = planned(
        contract(crud("Thing", "things"), {"Thing": thing(own)}),
        contract(crud("Piece", "pieces"), {"Piece": thing(own)}),
    ).questions
    assert (question.before, question.after) == ("things", "pieces")


def test_what_is_gone_is_kept_and_comes_back() -> None:
    required = things({"note": {**TEXT, "minLength": 1}}, "note")
    first = planned(required, things())
    assert words(first) == [
        "drop the check ck_things_note_min_length",
        "change the column things.note: null allowed",
    ]
    (note,) = first.notes
    assert (note.code, note.name) == ("retained", "things.note")
    assert "--allow-data-loss things.note" in note.hint
    texts = {f"{table.name}.json": write_snapshot(table) for table in first.tables}
    assert '"retained": true' in texts["things.json"]
    assert read_snapshots(texts) == first.tables
    assert planned(first.tables, things()).steps == ()
    back = planned(first.tables, required)
    assert back.refusals == ()
    assert "check the rows for things.note not null" in words(back)
    assert retained(back) == ()
    assert back.tables == build_tables(understood(required))


def test_a_table_that_is_gone_holds_nothing_back() -> None:
    owner = {**thing({"next_id": {**INTEGER, "x-references": "Owner"}}), "x-table": True}
    plan = planned(things({}, schemas={"Owner": owner}), things())
    assert [table.name for table in plan.tables if table.retained] == ["owners"]
    assert words(plan) == ["drop the foreign key fk_owners_next_id_owners",
                           "drop the index ix_owners_next_id"][: len(words(plan))]  # fmt: skip
    gone = planned(plan.tables, {**things(), "x-deleted": ["Owner"]})
    assert "drop the table owners with its rows" in words(gone)
    assert [step.loses_data for step in gone.steps if step.phase == "finish"] == [True]
    assert not any(table.retained for table in gone.tables)


def test_a_table_may_be_deleted_by_name_for_one_run() -> None:
    plan = planned(things({"note": TEXT}), things(), "things.note")
    assert words(plan) == ["drop the column things.note with its values"]
    assert (plan.notes, retained(plan)) == ((), ())


def test_an_expression_of_what_no_row_has_is_refused() -> None:
    new = {"a": TEXT, "b": {**TEXT, "x-backfill": "nme || a"}}
    plan = planned(things(), things(new, "b"))
    assert refused(plan) == ["backfill things.b", "backfill things.b"]
    assert "'nme'" in plan.refusals[0].message
    assert "id, name" in plan.refusals[0].hint


def test_soft_delete_that_is_switched_off_is_told_of() -> None:
    kept = contract(
        crud("Thing", "things"),
        {"Thing": {**thing({"a": {**TEXT, "x-unique": True}}), "x-table": {"soft-delete": True}}},
    )
    plan = planned(kept, things({"a": {**TEXT, "x-unique": True}}))
    assert [note.code for note in plan.notes] == ["retained", "undeleted"]


def test_a_plan_tells_locks_and_risks() -> None:
    after = things(
        {"size": {"type": "integer"}, "label": {**TEXT, "x-backfill": "name", "x-unique": True}},
        "label",
    )
    plan = planned(things({"size": {**INTEGER, "format": "int32"}}), after)
    told = [(s.phase, s.lock, s.duration.value, s.reversible) for s in plan.steps]
    assert ("expand", "ACCESS EXCLUSIVE", "rewrites the table", True) in told
    assert ("expand", "ACCESS SHARE", "scans", True) in told
    assert ("build", "SHARE UPDATE EXCLUSIVE", "scans", True) in told
    assert ("build", "ROW EXCLUSIVE", "scans", True) in told
    assert ("finish", "ACCESS EXCLUSIVE", "short", True) in told
    assert "add the column things.label, text, null allowed" in words(plan)
    titles = [view.title for view in plan.revisions]
    assert titles == ["expand: change things", "build: change things", "finish: change things"]
    assert [view.down_revision for view in plan.revisions[1:]] == [
        view.revision for view in plan.revisions[:-1]
    ]
    assert [view.apart for view in plan.revisions] == [False, True, False]
    assert plan == planned(things({"size": {**INTEGER, "format": "int32"}}), after)


REFUSED_ROWS: dict[str, tuple[Contract, Contract, str, str]] = {
    "unique": (
        things({"a": TEXT}), things({"a": {**TEXT, "x-unique": {"ignore-case": True}}}),
        "INSERT INTO things (name, a) VALUES ('x', 'A'), ('y', 'a'), ('z', 'b')",
        "rows of things that have the same lower(a) as others: 1, such as id = 1"),
    "a required value": (
        things({"a": TEXT}), things({"a": TEXT}, "a"),
        "INSERT INTO things (name, a) VALUES ('x', 'A'), ('y', NULL), ('z', NULL)",
        "rows of things that have no value in a: 2, such as id = 2"),
    "a check": (
        things({"a": TEXT}), things({"a": {**TEXT, "maxLength": 4, "pattern": "^%s:'"}}),
        "INSERT INTO things (name, a) VALUES ('x', '%%s:'''), ('y', '$apiwright$')",
        "rows of things that break the rule ck_things_a_max_length"),
    "a value of an enum less": (
        things({"status": STATUS}),
        things({"status": {**STATUS, "enum": ["new"], "x-deleted": ["sold"]}}),
        "INSERT INTO things (name, status) VALUES ('x', 'sold')",
        "rows of things that break the rule ck_things_status_values"),
    "a reference": (
        things({"a": INTEGER}),
        things({"a": {**INTEGER, "x-references": "Thing"}}),
        "INSERT INTO things (name, a) VALUES ('x', 1), ('y', 7)",
        "rows of things that refer by a to rows of things that don't exist: 1, such as id = 2"),
    "a number that text is not": (
        things({"a": TEXT}), things({"a": INTEGER}),
        "INSERT INTO things (name, a) VALUES ('x', '5'), ('y', 'five')",
        'things.a can not become bigint: invalid input syntax for type bigint: "five"'),
    "an expression that gives nothing": (
        things({"b": TEXT}), things({"b": TEXT, "a": {**TEXT, "x-backfill": "b || '!'"}}, "a"),
        "INSERT INTO things (name, b) VALUES ('x', 'b'), ('y', NULL)",
        "rows of things that have no value in a: 1, such as id = 2"),
    "a default that is unique": (
        things(), things({"a": {**TEXT, "default": "d", "x-unique": True}}),
        "INSERT INTO things (name) VALUES ('x'), ('y')",
        "rows of things that have the same a as others: 1, such as id = 1"),
    "a default for a column that is unique already": (
        things({"a": {**TEXT, "x-unique": True}}),
        things({"a": {**TEXT, "default": "d", "x-unique": True}}, "a"),
        "INSERT INTO things (name, a) VALUES ('x', NULL), ('y', NULL), ('z', 'c')",
        "rows of things that have the same a as others: 1, such as id = 1"),
    "a default that refers to nothing": (
        things({"a": {**INTEGER, "x-references": "Thing"}}),
        things({"a": {**INTEGER, "x-references": "Thing", "default": 9}}, "a"),
        "INSERT INTO things (name, a) VALUES ('x', NULL)",
        "rows of things that refer by a to rows of things that don't exist: 1, such as id = 1"),
    "an expression that breaks a rule": (
        things({"b": TEXT, "a": {**TEXT, "maxLength": 2}}),
        things({"b": TEXT, "a": {**TEXT, "maxLength": 2, "x-backfill": "b || '!!'"}}, "a"),
        "INSERT INTO things (name, b) VALUES ('x', 'b')",
        "rows of things that break the rule ck_things_a_max_length"),
    "texts that are the same number": (
        things({"a": {**TEXT, "x-unique": True}}), things({"a": {**INTEGER, "x-unique": True}}),
        "INSERT INTO things (name, a) VALUES ('x', '7'), ('y', '07')",
        "rows of things that have the same a as others: 1, such as id = 1"),
    "a renamed column": (
        things({"b": TEXT}),
        things({"a": {**TEXT, "x-renamed-from": "b", "maxLength": 1}}),
        "INSERT INTO things (name, b) VALUES ('x', 'long')",
        "rows of things that break the rule ck_things_a_max_length"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED_ROWS))
def test_rows_that_do_not_fit_stop_a_change_before_it_begins(name: str, database_url: str) -> None:
    before, after, rows, said = REFUSED_ROWS[name]
    tables, first = evolved((), build_tables(understood(before)))
    upgrade(database_url, first)
    with connected(database_url) as connection:
        connection.execute(sa.text(rows.replace("%%", "%").replace(":", "\\:")))
    service = understood(after)
    wishes = declared(service, ("things.a",))
    phases = migration(evolve(tables, build_tables(service), wishes), wishes)
    was = catalog(database_url)
    with pytest.raises(sa.exc.DBAPIError) as caught:
        upgrade(database_url, phases)
    assert said in str(caught.value)
    assert "nothing has been changed" in str(caught.value)
    assert catalog(database_url) == was


def test_hostile_text_stays_text(database_url: str) -> None:
    hostile = "$apiwright$; DROP TABLE things; -- '\\:x"
    values = {"type": "string", "enum": [hostile, "$apiwright1$"], "default": hostile}
    tables, first = evolved((), build_tables(understood(things({"a": TEXT}))))
    upgrade(database_url, first)
    with connected(database_url) as connection:
        connection.exec_driver_sql("INSERT INTO things (name) VALUES ('x')")
    service = understood(things({"a": values}, "a"))
    upgrade(database_url, migration(evolve(tables, build_tables(service), declared(service)),
                                    declared(service)))  # fmt: skip
    with connected(database_url) as connection:
        assert connection.exec_driver_sql("SELECT a FROM things").scalar() == hostile
    for statement in statements(evolved(tables, build_tables(service))[1].steps):
        assert literal("DROP TABLE things")[1:-1] not in statement.partition("(")[0]


def test_names_in_sql_are_found_and_replaced() -> None:
    sql = "lower(lower) IN ('lower', 'it''s lower') AND \"order\" IS NULL"
    assert columns_in(sql) == {"lower", "order"}
    renamed = columns_renamed(sql, {"lower": "user", "order": "a"})
    assert renamed == "lower(\"user\") IN ('lower', 'it''s lower') AND a IS NULL"
    assert name_quoted('a"b') == '"a""b"'
    assert script("x $apiwright$ y") == "DO $apiwright1$\nx $apiwright$ y\n$apiwright1$"


def test_sequences_are_named_as_postgresql_does(database_url: str) -> None:
    table, column = "t" * 40, "c" * 35
    with connected(database_url) as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE {table} ({column} integer GENERATED BY DEFAULT AS IDENTITY)"
        )
    assert f"sequence {implied_name(table, column, 'seq')}" in catalog(database_url)
