"""A migration that is killed, at whatever moment, is run again and ends where it was to end.

`APIWRIGHT_KILLS` says at how many moments it is tried.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from apiwright.local import Servers
from apiwright.plan.storage.build import build_tables
from tests.support.alembic_project import AlembicProject
from tests.support.contracts import INTEGER, TEXT, Contract, contract, crud, thing, understood
from tests.support.evolution import catalog, connected, evolved, upgrade
from tests.support.running import scratch_database, service_environ

STATUS = {"type": "string", "enum": ["new", "sold"], "default": "new"}
FRESH = {
    "type": "string",
    "enum": ["fresh", "sold"],
    "default": "fresh",
    "x-renamed-from": {"fresh": "new"},
}
MOMENTS = int(os.environ.get("APIWRIGHT_KILLS", "8"))
_KILLED = """
import os, signal, sys
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine
left = int(sys.argv[1])
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(Engine, sys.argv[2], count)
command.upgrade(Config("alembic.ini"), "head")
print(-left)
"""


def before() -> Contract:
    """Things of many kinds, to be changed in every way."""
    own = {
        "status": STATUS,
        "note": TEXT,
        "size": INTEGER,
        "old": {**TEXT, "x-index": True},
        "code": {**TEXT, "x-unique": True},
    }
    return contract(crud("Thing", "things"), {"Thing": thing(own), "Owner": owner()})


def after() -> Contract:
    """All ways at once: every phase has steps of every kind."""
    own = {
        "status": FRESH,
        "note": {**TEXT, "default": "-", "maxLength": 9},
        "label": {**TEXT, "x-backfill": "upper(name)", "x-unique": True},
        "remark": {**TEXT, "x-renamed-from": "old", "x-index": True},
        "size": {**INTEGER, "x-references": "Owner"},
        "code": {**TEXT, "x-unique": True},
    }
    schema = {**thing(own, "note", "label"), "x-table": {"name": "pieces", "soft-delete": True}}
    schema["x-renamed-from"] = "Thing"
    return contract(crud("Thing", "things"), {"Thing": schema, "Owner": owner()})


def owner() -> Contract:
    """What things refer to."""
    return {**thing(), "x-table": True}


ROWS = """
    INSERT INTO owners (name) VALUES ('o');
    INSERT INTO things (name, note, size, old, code)
    SELECT 't' || n, nullif('x', repeat('x', mod(n, 2))), 1, 'r' || n, 'c' || n
    FROM generate_series(1, 50) n
"""


@pytest.fixture
def project(tmp_path: Path) -> AlembicProject:
    """Both revisions, for whatever database."""
    found = AlembicProject(tmp_path, "")
    found.generate(before())
    found.generate(after())
    return found


def first_revision(project: AlembicProject) -> str:
    """The revision of the contract of before."""
    name = min(path.name for path in project.folder.glob("alembic/versions/0001_*.py"))
    return name.removesuffix(".py").rpartition("_")[2]


def killed(project: AlembicProject, moment: int, event: str) -> int:
    """Migrate, and be killed at a statement: the exit code of the process."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(moment), event],
        cwd=project.folder,
        env=service_environ(project.url),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in {0, -9}, done.stderr
    return int(done.stdout) if done.returncode == 0 else -9


@contextmanager
def prepared(servers: Servers, project: AlembicProject) -> Iterator[AlembicProject]:
    """The project on a database of its own, with rows of before."""
    with scratch_database(servers) as url:
        found = AlembicProject(project.folder, url)
        found.alembic(f"upgrade {first_revision(project)}")
        with connected(url) as connection:
            connection.exec_driver_sql(ROWS)
        yield found


def test_killed_at_any_statement(project: AlembicProject, servers: Servers) -> None:
    with scratch_database(servers) as url:
        upgrade(url, evolved((), build_tables(understood(after())))[1])
        wanted = catalog(url)
    with prepared(servers, project) as whole:
        statements = killed(whole, 10_000, "before_cursor_execute") + 10_000
        assert catalog(whole.url) == wanted
    assert statements > MOMENTS
    for number in range(MOMENTS):
        moment = 1 + number * (statements - 1) // (MOMENTS - 1)
        event = ("before_cursor_execute", "after_cursor_execute")[number % 2]
        with prepared(servers, project) as found:
            assert killed(found, moment, event) == -9, moment
            found.alembic("upgrade head")
            assert catalog(found.url) == wanted, moment
            with connected(found.url) as connection:
                rows = connection.exec_driver_sql(
                    "SELECT count(*) FROM pieces WHERE status = 'fresh' AND label = upper(name)"
                    " AND note IN ('x', '-') AND code = 'c' || substr(name, 2)"
                    " AND remark = 'r' || substr(name, 2)"
                )
                assert rows.scalar() == 50


def cut_short(project: AlembicProject, holding: str, waiting: str) -> None:
    """Migrate while another connection holds a lock, and be killed where that is waited for."""
    engine = sa.create_engine(project.url.replace("postgresql://", "postgresql+psycopg://"))
    script = "from alembic import command\nfrom alembic.config import Config\n"
    script += 'command.upgrade(Config("alembic.ini"), "head")'
    with engine.connect() as other, connected(project.url) as watch:
        other.exec_driver_sql(holding)
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=project.folder, env=service_environ(project.url)
        )
        find = (
            "SELECT pid FROM pg_stat_activity, pg_sleep(0.02) WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE %s"
        )
        backend = None
        while backend is None:
            assert process.poll() is None
            backend = watch.exec_driver_sql(find, (waiting,)).scalar()
        process.kill()
        assert process.wait() == -9
        # A server notices that a client is gone once it would write to it; sooner, when told to.
        watch.exec_driver_sql("SELECT pg_terminate_backend(%s, 10000)", (backend,))
        other.rollback()
    engine.dispose()


def test_an_index_that_is_left_invalid_is_built_again(
    tmp_path: Path, database_url: str, servers: Servers
) -> None:
    project = AlembicProject(tmp_path, database_url)
    schemas = {"Thing": thing({"note": TEXT})}
    project.generate(contract(crud("Thing", "things"), schemas))
    project.alembic("upgrade head")
    indexed = contract(
        crud("Thing", "things"), {"Thing": thing({"note": {**TEXT, "x-index": True}})}
    )
    plan = project.generate(indexed)
    assert {step.phase for step in plan.steps} == {"build"}
    holding = "INSERT INTO things (name) VALUES ('held')"
    cut_short(project, holding, "CREATE INDEX CONCURRENTLY%")
    left = [line for line in catalog(database_url) if "ix_things_note " in line]
    assert [line.startswith("index things f ") for line in left] == [True]
    project.alembic("upgrade head")
    with scratch_database(servers) as url:
        upgrade(url, evolved((), build_tables(understood(indexed)))[1])
        assert catalog(database_url) == catalog(url)


def test_a_backfill_goes_on_where_it_was_cut_short(tmp_path: Path, database_url: str) -> None:
    project = AlembicProject(tmp_path, database_url)
    project.generate(contract(crud("Thing", "things"), {"Thing": thing({"note": TEXT})}))
    project.alembic("upgrade head")
    with connected(database_url) as connection:
        connection.exec_driver_sql(
            "INSERT INTO things (name, note) SELECT n::text, repeat('x', 1500)"
            " FROM generate_series(1, 3000) n"
        )
    label = {**TEXT, "x-backfill": "'l' || name"}
    project.generate(
        contract(crud("Thing", "things"), {"Thing": thing({"note": TEXT, "label": label}, "label")})
    )
    project.alembic("upgrade +1")
    cut_short(project, "SELECT FROM things WHERE name = '3000' FOR UPDATE", "%DO $apiwright$%")
    with connected(database_url) as connection:
        filled = "SELECT count(*) FROM things WHERE label = 'l' || name"
        done = connection.exec_driver_sql(filled).scalar()
        assert done is not None
        assert 0 < done < 3000
        project.alembic("upgrade head")
        assert connection.exec_driver_sql(filled).scalar() == 3000
