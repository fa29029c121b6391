"""Locks in the way of a migration, and two processes that migrate at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.migrate.migrate_helpers import held, migrate, only_file, replace, revisions, run_sql
from tests.migrate.migrate_helpers import status as status_of
from tests.support.command import succeeded
from tests.support.running import service_environ

ADVISORY = "SELECT pg_advisory_lock(hashtext('alembic_version'))"
QUICK = {"MIGRATION_LOCK_TIMEOUT": "0.05", "MIGRATION_PATIENCE": "60"}
SHORT = {"MIGRATION_LOCK_TIMEOUT": "0.05", "MIGRATION_PATIENCE": "0.3"}


@contextmanager
def upgrading(project: Path, url: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Alembic itself, going to the head, as it is deployed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=project / "generated",
        env=service_environ(url, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], words: str) -> str:
    """The line in which a process says something, as soon as it does."""
    assert process.stderr is not None
    line = next((line for line in process.stderr if words in line), "")
    assert line, f"it never said {words}"
    return line


def ended(process: subprocess.Popen[str]) -> str:
    """What else a process says until it ends well."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    return out + err


@pytest.fixture
def half(project: Path, database_url: str) -> Path:
    """A project with its database at the first of two revisions."""
    succeeded(migrate(project, database_url, "up", "+1"))
    return project


def test_an_upgrade_waits_for_a_lock_and_goes_on(half: Path, database_url: str) -> None:
    """Somebody reads the table in a long transaction, and is done at last."""
    with upgrading(half, database_url, **QUICK) as process:
        with held(database_url, "SELECT * FROM things"):
            line = said(process, "a lock could not be had")
        assert "for ALTER TABLE things ADD COLUMN colour TEXT; trying again in 0.25 s" in line
        ended(process)
    assert status_of(half, database_url)["ok"]


def test_whoever_waits_blocks_nobody_for_long(half: Path, database_url: str) -> None:
    """Between two tries others work with the table that the migration waits for."""
    with (
        held(database_url, "SELECT * FROM things"),
        upgrading(half, database_url, **QUICK) as process,
    ):
        said(process, "trying again")
        run_sql(database_url, "INSERT INTO things (name) VALUES ('a')")
        assert process.poll() is None


def test_a_lock_that_is_never_had_is_told(half: Path, database_url: str) -> None:
    """In one message, and the database stays where it was."""
    before = status_of(half, database_url)["revisions"]
    with held(database_url, "SELECT * FROM things"):
        done = migrate(half, database_url, "up", **SHORT)
        assert done.code == 1
        assert "a lock could not be had for ALTER TABLE things" in done.err
        assert "gave up after 0.3 s" in done.err
        with upgrading(half, database_url, **SHORT) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode != 0
        assert "FAILED: a lock could not be had for ALTER TABLE things" in out
        assert "Traceback" not in out + err
    assert status_of(half, database_url)["revisions"] == before


def test_two_steps_are_not_made_three_by_trying_again(project: Path, database_url: str) -> None:
    """A relative destination would lead further after the first step; so it isn't tried again."""
    succeeded(migrate(project, database_url, "up"))
    run_sql(database_url, "CREATE TABLE mine (id int)")
    first = revisions(project).pending(())[0]
    file = project / "generated/alembic/versions" / first.file
    replace(file, 'op.drop_table("things")', 'op.execute("LOCK TABLE mine")')
    with held(database_url, "LOCK TABLE mine"):
        process = subprocess.run(
            [sys.executable, "-m", "alembic", "downgrade", "-2"],
            cwd=project / "generated",
            env=service_environ(database_url, **QUICK),
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode != 0
        assert "trying again" not in process.stderr
    assert status_of(project, database_url)["revisions"] == [first.id]


def test_a_deadlock_is_got_over(project: Path, database_url: str) -> None:
    """The victim is the migration, which then runs again."""
    file = only_file(project)
    replace(
        file,
        '    """Go to this revision."""\n',
        '    """Go to this revision."""\n'
        "    if not op.get_bind().scalar(sa.text(\"SELECT nextval('tries') > 1\")):\n"
        '        op.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")\n',
    )
    run_sql(database_url, "CREATE SEQUENCE tries")
    done = succeeded(migrate(project, database_url, "up"))
    assert "there was a deadlock for DO $$" in done.err
    assert status_of(project, database_url)["ok"]


def test_two_upgrades_at_once(project: Path, database_url: str) -> None:
    """One waits until the other is done, and then has nothing to do."""
    with (
        upgrading(project, database_url) as one,
        upgrading(project, database_url) as other,
    ):
        ended(one)
        ended(other)
    assert status_of(project, database_url)["ok"]


def test_another_process_is_waited_for_and_told(project: Path, database_url: str) -> None:
    """For as long as MIGRATION_PATIENCE says."""
    with held(database_url, ADVISORY):
        done = migrate(project, database_url, "up", **SHORT)
        assert done.code == 1
        assert "another process is migrating this database; gave up after 0.3 s" in done.err
    with upgrading(project, database_url, **QUICK) as process:
        with held(database_url, ADVISORY):
            said(process, "another process is migrating this database; trying again")
        ended(process)
    assert status_of(project, database_url)["ok"]


def test_looking_needs_no_turn(project: Path, database_url: str) -> None:
    """`alembic check` and `status` don't wait for a migration."""
    succeeded(migrate(project, database_url, "up"))
    with held(database_url, ADVISORY):
        assert status_of(project, database_url)["ok"]
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "check"],
            cwd=project / "generated",
            env=service_environ(database_url, **SHORT),
            capture_output=True,
            text=True,
            check=False,
        )
    assert "No new upgrade operations detected" in done.stdout, done.stderr


LIMITS = """    op.execute("INSERT INTO seen VALUES ('inside', current_setting('lock_timeout'), "
        "current_setting('statement_timeout'))")
    with op.get_context().autocommit_block():
        op.execute("INSERT INTO seen VALUES ('outside', current_setting('lock_timeout'), "
            "current_setting('statement_timeout'))")
    op.execute("INSERT INTO seen VALUES ('after', current_setting('lock_timeout'), "
        "current_setting('statement_timeout'))")
"""


def test_transactions_have_limits_and_concurrent_work_has_none(
    project: Path, database_url: str
) -> None:
    """As the settings say; and again after a block outside of the transaction."""
    doc = '    """Go to this revision."""\n'
    replace(only_file(project), doc, doc + LIMITS)
    run_sql(database_url, "CREATE TABLE seen (place text, lock text, statement text)")
    succeeded(migrate(project, database_url, "up", MIGRATION_STATEMENT_TIMEOUT="90"))
    assert run_sql(database_url, "SELECT * FROM seen") == [
        ("inside", "500ms", "90s"),
        ("outside", "0", "0"),
        ("after", "500ms", "90s"),
    ]


def test_a_statement_that_takes_too_long_is_told(project: Path, database_url: str) -> None:
    doc = '    """Go to this revision."""\n'
    replace(only_file(project), doc, f'{doc}    op.execute("SELECT pg_sleep(60)")\n')
    done = migrate(project, database_url, "up", MIGRATION_STATEMENT_TIMEOUT="0.1")
    assert done.code == 1
    assert "canceling statement due to statement timeout" in done.err
    assert "hint: set MIGRATION_STATEMENT_TIMEOUT" in done.err
