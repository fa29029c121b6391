"""Whether the process lives, and whether it should be sent requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.main import create_app
from app.readiness import Revisions
from tests.conftest import settings_with
from tests.scratch import Scratch

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture
def other_revision(scratch: Scratch) -> Iterator[None]:
    """A database that a revision was applied to that this code doesn't have."""
    scratch.execute("ALTER TABLE alembic_version RENAME TO alembic_version_before")
    scratch.execute("CREATE TABLE alembic_version (version_num text)")
    yield
    scratch.execute("DROP TABLE IF EXISTS alembic_version")
    scratch.execute("ALTER TABLE alembic_version_before RENAME TO alembic_version")


def readiness() -> tuple[int, str]:
    """What a process that has just started says."""
    response = TestClient(create_app()).get("/health/ready")
    return response.status_code, response.json()["status"]


def test_a_process_that_answers_lives(client: TestClient) -> None:
    """Nobody else is asked, so that a database that is gone restarts nothing."""
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_service_that_can_work_is_ready(client: TestClient) -> None:
    """The database answers."""
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_service_without_its_database_is_not_ready() -> None:
    """It lives, but can't work."""
    url = SecretStr(f"postgresql://nobody@{NOBODY_LISTENS}/nothing")
    client = TestClient(create_app(settings_with(database_url=url)))
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})
    assert client.get("/health/live").status_code == 200


def test_a_service_without_redis_is_degraded() -> None:
    """It can work without Redis, only less well."""
    app = create_app(settings_with(redis_url=SecretStr(f"redis://{NOBODY_LISTENS}")))
    with TestClient(app) as client:
        response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "degraded"})


def test_a_service_that_is_about_to_end_is_not_ready() -> None:
    """Once a shutdown has begun, requests should go elsewhere."""
    app = create_app()
    with TestClient(app) as client:
        assert client.get("/health/ready").status_code == 200
    assert TestClient(app).get("/health/ready").status_code == 503


def test_a_database_that_lacks_migrations_is_not_worked_with(
    scratch: Scratch, other_revision: None
) -> None:
    """Neither one without any, nor one without tables; one that is ahead is fit for older code."""
    assert readiness() == (503, "outdated")
    scratch.execute("INSERT INTO alembic_version VALUES ('of-a-newer-code')")
    assert readiness() == (200, "ok")
    scratch.execute("DROP TABLE alembic_version")
    assert readiness() == (503, "outdated")


def test_the_answer_is_remembered_for_a_moment(scratch: Scratch, other_revision: None) -> None:
    """However many ask, the database is asked once a second."""
    scratch.execute("INSERT INTO alembic_version VALUES ('of-a-newer-code')")
    with TestClient(create_app()) as client:
        assert client.get("/health/ready").status_code == 200
        scratch.execute("DELETE FROM alembic_version")
        assert client.get("/health/ready").status_code == 200


def test_revisions_are_found_in_their_files(tmp_path: Path) -> None:
    """The newest are those that no other follows, whatever the files are called."""
    for name, before in (
        ("a", "None"),
        ("b", "'a'"),
        ("c", "'a'"),
        ("merged", "(\n    'b',\n    'c',\n)"),
    ):
        said = f'"""Says\nrevision = 1"""\n\nrevision: str = "{name}"\ndown_revision = {before}\n'
        (tmp_path / f"x{name}.py").write_text(f"{said}branch_labels = None\n")
    (tmp_path / "helpers.py").write_text("def nothing() -> None: ...\n")
    revisions = Revisions(tmp_path)
    assert revisions.known == {"a", "b", "c", "merged"}
    assert revisions.newest == {"merged"}
    for applied, pending in (
        ((), True),
        (("b",), True),
        (("b", "c"), True),
        (("merged",), False),
        (("newer",), False),
    ):
        assert revisions.pending(frozenset(applied)) is pending
    assert not Revisions(tmp_path / "nowhere").pending(frozenset())
