"""`apiwright migrate up`, `down`, `sql`, and what is told when a database can't be had."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.migrate.migrate_helpers import (
    change,
    command,
    migrate,
    only_file,
    replace,
    revisions,
    run_sql,
    status,
    versions,
)
from tests.support.command import apiwright, reference_project, succeeded
from tests.support.contracts import things

TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


def test_up_tells_each_revision_and_ends_at_the_head(pristine: Path, database_url: str) -> None:
    found = revisions(pristine)
    first, second = found.pending(())
    done = succeeded(migrate(pristine, database_url, "up"))
    assert f"upgrade  -> {first.id}, create things" in done.err
    assert f"upgrade {first.id} -> {second.id}, change things" in done.err
    assert done.out.endswith(f" is at {second.id}\n")
    again = succeeded(migrate(pristine, database_url, "up"))
    assert again.out.endswith(f" is at {second.id} already\n")


def test_up_goes_as_far_as_it_is_told(pristine: Path, database_url: str) -> None:
    first, second = revisions(pristine).pending(())
    succeeded(migrate(pristine, database_url, "up", first.id[:6]))
    assert status(pristine, database_url)["revisions"] == [first.id]
    succeeded(migrate(pristine, database_url, "up", "+1"))
    assert status(pristine, database_url)["revisions"] == [second.id]


def test_an_unknown_revision_is_refused_with_a_hint(pristine: Path, database_url: str) -> None:
    head = revisions(pristine).head
    done = migrate(pristine, database_url, "up", head[:-2] + "zz")
    assert done.code == 1
    assert f"hint: did you mean {head}?" in done.err
    done = migrate(pristine, database_url, "down", head, "--yes")
    assert f"has not been at {head}" in done.err


def test_down_says_what_is_lost_and_does_nothing_unasked(pristine: Path, database_url: str) -> None:
    first, second = revisions(pristine).pending(())
    succeeded(migrate(pristine, database_url, "up"))
    done = migrate(pristine, database_url, "down")
    assert done.code == 2
    assert "  the column things.colour with its values\n" in done.out
    assert "hint: say --yes to mean it" in done.err
    assert status(pristine, database_url)["revisions"] == [second.id]
    succeeded(migrate(pristine, database_url, "down", "-1", "--yes"))
    assert status(pristine, database_url)["revisions"] == [first.id]


def test_down_tells_tables_with_rows_from_those_without(pristine: Path, database_url: str) -> None:
    succeeded(migrate(pristine, database_url, "up"))
    empty = migrate(pristine, database_url, "down", "base")
    assert "  the table things with its rows (it has none)\n" in empty.out
    run_sql(database_url, "INSERT INTO things (name) VALUES ('a')")
    full = succeeded(migrate(pristine, database_url, "down", "base", "--yes"))
    assert "  the table things with its rows\n" in full.out
    assert run_sql(database_url, TABLES) == [("alembic_version",)]
    nothing = succeeded(migrate(pristine, database_url, "down", "base", "--yes"))
    assert "there is nothing to undo" in nothing.out


def test_sql_needs_no_database(pristine: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    first, second = revisions(pristine).pending(())
    whole = succeeded(migrate(pristine, nowhere, "sql")).out
    assert whole.startswith("SET lock_timeout = 500;\n")
    assert "CREATE TABLE things" in whole
    assert "ADD COLUMN colour TEXT" in whole
    rest = succeeded(migrate(pristine, nowhere, "sql", f"{first.id}:head")).out
    assert "CREATE TABLE things" not in rest
    assert "ADD COLUMN colour TEXT" in rest
    back = succeeded(migrate(pristine, nowhere, "sql", f"{second.id}:{first.id}")).out
    assert "DROP COLUMN colour" in back
    assert succeeded(migrate(pristine, nowhere, "sql", f"head:{first.id}")).out == back


def test_sql_runs_on_a_database_as_it_is(pristine: Path, database_url: str) -> None:
    for statement in succeeded(migrate(pristine, database_url, "sql")).out.split(";\n\n"):
        if statement.strip() not in {"BEGIN", "COMMIT"}:
            run_sql(database_url, statement)
    assert status(pristine, database_url)["ok"]


@pytest.mark.parametrize("words", [("up",), ("down", "--yes"), ("status",)], ids=" ".join)
def test_a_database_that_cannot_be_had_is_told(
    pristine: Path, database_url: str, words: tuple[str, ...]
) -> None:
    """No server, wrong password, no such database, no such host, no address: never a traceback."""
    found = urlsplit(database_url)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        cases = {
            f"postgresql://a:b@127.0.0.1:{port}/x": f"x at 127.0.0.1:{port} can't be reached",
            database_url.replace(str(found.password), "wrong"): "password authentication failed",
            database_url + "_not": "does not exist",
            "postgresql://a:b@no-such-host.invalid/x": "x at no-such-host.invalid:5432 can't be",
            "mysql://a:b@localhost/x": "names a database of mysql",
            "what": "is no address of a database",
        }
        for url, message in cases.items():
            done = migrate(pristine, url, *words)
            assert done.code == 1, url
            assert message in done.err
            assert "= hint: " in done.err
            assert "wrong@" not in done.text


def test_a_broken_file_of_a_revision_is_named(small: Path, database_url: str) -> None:
    file = only_file(small)
    replace(file, "def upgrade() -> None:", "def upgrade( -> None:")
    for words in (["up"], ["down", "--yes"], ["status"], ["sql"], ["verify"], ["merge"]):
        done = migrate(small, database_url, *words)
        assert done.code == 1
        assert f"alembic/versions/{file.name}:" in done.err
        assert "is no Python" in done.err


def test_a_revision_that_raises_is_named_with_its_line(small: Path, database_url: str) -> None:
    file = only_file(small)
    replace(file, '    """Go to this revision."""', '    """Go to this revision."""\n    1 / 0')
    done = migrate(small, database_url, "up")
    assert done.code == 1
    assert f"-> {revisions(small).head}, create things: alembic/versions/{file.name}:" in done.err
    assert "ZeroDivisionError" in done.err
    assert status(small, database_url)["revisions"] == []


def test_a_revision_that_the_database_refuses_is_told(small: Path, database_url: str) -> None:
    run_sql(database_url, "CREATE TABLE things (id bigint)")
    done = migrate(small, database_url, "up")
    assert done.code == 1
    assert 'relation "things" already exists' in done.err
    assert "in CREATE TABLE things" in done.err


def test_a_database_of_another_branch_is_left_alone(small: Path, database_url: str) -> None:
    succeeded(migrate(small, database_url, "up"))
    run_sql(database_url, "UPDATE alembic_version SET version_num = 'elsewhere'")
    for words in (["up"], ["down", "--yes"]):
        done = migrate(small, database_url, *words)
        assert done.code == 1
        assert "the database is at elsewhere, which no file here has" in done.err
    assert status(small, database_url)["unknown"] == ["elsewhere"]


def test_a_project_without_a_service_is_told(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "specs").mkdir()
    change(tmp_path, things())
    done = migrate(tmp_path, database_url, "up")
    assert done.code == 1
    assert "hint: run `apiwright generate`" in done.err
    assert "there are no revisions" in succeeded(migrate(tmp_path, database_url, "verify")).out


def test_a_missing_parent_is_named(project: Path, database_url: str) -> None:
    first, second = revisions(project).pending(())
    (versions(project) / first.file).unlink()
    done = migrate(project, database_url, "status")
    assert f"{second.file} follows {first.id}, which no file has" in done.err


def test_the_reference_service_without_an_address_has_a_database_of_its_own(
    tmp_path: Path,
) -> None:
    """The one that `apiwright dev` keeps, made when it is first asked for."""
    project = reference_project(tmp_path)
    succeeded(apiwright(project, "migrate", "up", environ={"DATABASE_URL": ""}))
    done = succeeded(apiwright(project, "migrate", "status", environ={"DATABASE_URL": ""}))
    assert "up to date, and as the snapshots say" in done.out


@pytest.mark.parametrize("name", ["", "up", "down", "status", "sql", "verify", "merge"])
def test_help_shows_examples(tmp_path: Path, name: str) -> None:
    done = succeeded(command(tmp_path, "migrate", *([name] if name else []), "--help"))
    assert "Examples:\n" in done.out
    assert f"  apiwright migrate {name}" in done.out
