"""Renames that old and new code live with: two names in step, until one of them goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apiwright.local import Servers
from apiwright.plan import Renames
from apiwright.plan.storage.build import build_tables
from tests.migrations.test_cut_short import killed
from tests.migrations.test_evolution import asked, told
from tests.support.alembic_project import AlembicProject
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
from tests.support.evolution import catalog, evolved, upgrade
from tests.support.running import scratch_database

OWNER = {"Owner": {**thing(), "x-table": True}}
BESIDE = Renames.ZERO_DOWNTIME


@dataclass(frozen=True)
class Kind:
    """A kind of property: how it is described, and two values of it in SQL.

    `implied` is what a row gets that is made without a value; "" where there has to be one.
    """

    schema: Contract
    one: str
    other: str
    required: bool = False
    implied: str = "NULL"


KINDS = {
    "optional": Kind(TEXT, "'x'", "'y'"),
    "needed": Kind({**TEXT, "maxLength": 9, "x-unique": True}, "'x'", "'y'", True, ""),
    "usual": Kind({**TEXT, "default": "d"}, "'x'", "'y'", True, "'d'"),
    "reference": Kind({**INTEGER, "x-references": "Owner"}, "1", "2"),
    "enum": Kind({"type": "string", "enum": ["a", "b"], "default": "a"}, "'b'", "'a'", True, "'a'"),
    "email": Kind({**TEXT, "x-unique": {"ignore-case": True}}, "'X'", "'y'"),
}
SEARCHED = ("optional", "reference")


def described(age: str, **words: Any) -> Contract:
    """Things with a property of each kind, under names of an age."""
    own = {f"{age}_{name}": {**kind.schema, **words} for name, kind in KINDS.items()}
    if words:
        own = {name: {**said, "x-renamed-from": f"old{name[3:]}"} for name, said in own.items()}
    required = [f"{age}_{name}" for name, kind in KINDS.items() if kind.required]
    query = [
        {"name": f"{age}_{name}", "in": "query", "schema": {"type": KINDS[name].schema["type"]}}
        for name in SEARCHED
    ]
    schema = thing(own, *required)
    return contract(crud("Thing", "things", query=query), {"Thing": schema, **OWNER})


def written(url: str, name: str, kind: Kind) -> None:
    """What code of before, and code of today, writes; both names always hold the same."""
    old, new = f"old_{name}", f"new_{name}"
    needs, has = ("", "") if name == "needed" else (", old_needed", ", 'n'")

    def both(wanted: str) -> bool:
        value = wanted.strip("'")
        text = f"coalesce({old}::text, 'NULL') || coalesce({new}::text, 'NULL')"
        return asked(url, f"SELECT {text} FROM things WHERE name = 'made'") == (value * 2,)

    for column, other in ((old, new), (new, old)):
        told(
            url,
            f"INSERT INTO things (name, {column}{needs}) VALUES ('made', {kind.other}{has})",
        )
        assert both(kind.other)
        told(url, "UPDATE things SET id = id WHERE name = 'made'")
        assert both(kind.other)
        for again in (column, other, column):
            told(url, f"UPDATE things SET {again} = {kind.one} WHERE name = 'made'")
            assert both(kind.one)
            if not kind.required:
                told(url, f"UPDATE things SET {again} = NULL WHERE name = 'made'")
                assert both("NULL")
        told(url, "DELETE FROM things WHERE name = 'made'")
        if kind.implied:
            told(url, f"INSERT INTO things (name{needs}) VALUES ('made'{has})")
            assert both(kind.implied)
            told(url, "DELETE FROM things WHERE name = 'made'")


def values(url: str, age: str) -> tuple[Any, ...]:
    """What the row has under the names of an age."""
    listed = ", ".join(f"{age}_{name}" for name in KINDS)
    return asked(url, f"SELECT concat_ws(' ', {listed}) FROM things WHERE name = 'before'")


def test_both_names_work_until_one_goes(
    tmp_path: Path, database_url: str, servers: Servers
) -> None:
    project = AlembicProject(tmp_path, database_url)
    project.generate(described("old"))
    project.alembic("upgrade head")
    told(project.url, "INSERT INTO owners (name) VALUES ('o'), ('p')")
    columns = ", ".join(f"old_{name}" for name in KINDS)
    told(
        project.url,
        f"INSERT INTO things (name, {columns}) VALUES ('before', 'o', 'n0', 'u', 2, 'b', 'E')",
    )
    first, was = project.head(), catalog(project.url)

    after = described("new", **{"x-renamed-from": "old"})
    plan = project.generate(after, renames=BESIDE)
    assert {(note.code, note.name) for note in plan.notes} == {
        ("two-names", f"things.old_{name}") for name in KINDS
    }
    assert not any(step.holds_up or step.loses_data for step in plan.steps)
    assert "No new upgrade operations" in project.alembic("upgrade head", "check")
    between, second = catalog(project.url), project.head()
    assert values(project.url, "new") == values(project.url, "old") == ("o n0 u 2 b E",)
    assert project.plan(after).revisions == ()
    assert project.plan(described("new"), renames=BESIDE).revisions == ()
    project.alembic(f"downgrade {first}")
    assert catalog(project.url) == was
    project.alembic("upgrade head")
    for name, kind in KINDS.items():
        written(project.url, name, kind)

    told(project.url, "UPDATE things SET new_optional = 'last'")
    plan = project.generate(after, renames=Renames.CONTRACT)
    assert plan.notes == ()
    assert not any(step.holds_up or step.loses_data for step in plan.steps)
    assert "No new upgrade operations" in project.alembic("upgrade head", "check")
    with scratch_database(servers) as url:
        upgrade(url, evolved((), build_tables(understood(described("new"))))[1])
        assert catalog(project.url) == catalog(url)
    assert asked(project.url, "SELECT count(*)::text FROM pg_proc WHERE proname ~ '^sync_'") == (
        "0",
    )
    project.alembic(f"downgrade {second}")
    assert catalog(project.url) == between
    assert values(project.url, "new") == values(project.url, "old") == ("last n0 u 2 b E",)
    project.alembic("downgrade base")
    assert catalog(project.url) == []


def test_what_is_not_in_step_is_not_dropped(tmp_path: Path, database_url: str) -> None:
    project = AlembicProject(tmp_path, database_url)
    project.generate(things({"old": TEXT}))
    after = things({"new": {**TEXT, "x-renamed-from": "old"}})
    project.generate(after, renames=BESIDE)
    project.generate(after, renames=Renames.CONTRACT)
    project.alembic("upgrade +2")
    told(database_url, "INSERT INTO things (name, old) VALUES ('a', 'x')")
    told(database_url, "ALTER TABLE things DISABLE TRIGGER sync_things_old_new")
    told(database_url, "UPDATE things SET new = 'y'")
    with pytest.raises(AssertionError, match="hold something else in old than in new"):
        project.alembic("upgrade head")
    assert asked(database_url, "SELECT old || new FROM things") == ("xy",)


RENAMED = {**TEXT, "x-renamed-from": "old"}
REFUSED: dict[str, tuple[Contract, str]] = {
    "another type": (things({"new": {**INTEGER, "x-renamed-from": "old"}}), "zero-downtime"),
    "required as well": (things({"new": {**RENAMED, "default": "d"}}, "new"), "zero-downtime"),
    "a key": (
        contract(
            crud("Thing", "things", key="code"),
            {"Thing": {
                "type": "object", "required": ["code", "name"], "x-table": {"key": "code"},
                "properties": {
                    "code": {**INTEGER, "readOnly": True, "x-renamed-from": "id"},
                    "name": TEXT, "old": TEXT,
                },
            }},
        ),
        "zero-downtime",
    ),
    "a table": (
        contract(crud("Piece", "pieces"),
                 {"Piece": {**thing({"old": TEXT}), "x-renamed-from": "Thing"}}),
        "zero-downtime",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_has_one_name_is_refused(name: str, tmp_path: Path) -> None:
    after, code = REFUSED[name]
    project = AlembicProject(tmp_path, "")
    project.generate(things({"old": TEXT}))
    assert {found.code for found in project.plan(after, ("things.new",), BESIDE).refusals} == {code}


def test_an_edit_of_a_column_with_two_names_waits(tmp_path: Path) -> None:
    project = AlembicProject(tmp_path, "")
    project.generate(things({"old": TEXT}))
    project.generate(things({"new": RENAMED}), renames=BESIDE)
    for edit in (
        things({"new": {**TEXT, "default": "d"}}),
        things({"newer": {**TEXT, "x-renamed-from": "new"}}),
        things({"new": TEXT, "old": TEXT}),
        things(),
    ):
        for way in Renames:
            found = [refusal.code for refusal in project.plan(edit, (), way).refusals]
            assert "unfinished-rename" in found
    assert project.plan(things({"new": {**TEXT, "x-index": True}})).refusals == ()


def test_killed_at_any_statement(tmp_path: Path, servers: Servers) -> None:
    made = AlembicProject(tmp_path, "")
    needed = {**TEXT, "maxLength": 9, "x-unique": True}
    made.generate(things({"old": needed}, "old"))
    after = things({"new": {**needed, "x-renamed-from": "old"}}, "new")
    made.generate(after, renames=BESIDE)
    made.generate(after, renames=Renames.CONTRACT)
    first = min(p.stem for p in made.folder.glob("alembic/versions/0001_*.py"))
    with scratch_database(servers) as url:
        upgrade(url, evolved((), build_tables(understood(after)))[1])
        wanted = catalog(url)
    moment, ended = 12, -9
    while ended == -9:
        with scratch_database(servers) as url:
            found = AlembicProject(tmp_path, url)
            found.alembic(f"upgrade {first.rpartition('_')[2]}")
            told(url, "INSERT INTO things (name, old) SELECT n, n FROM generate_series(1, 50) n")
            ended = killed(found, moment, "before_cursor_execute")
            found.alembic("upgrade head")
            assert catalog(url) == wanted, moment
            assert asked(url, "SELECT count(*)::text FROM things WHERE new = name") == ("50",)
        moment += 20
    assert moment > 50
