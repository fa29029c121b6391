"""What can go wrong before a database is adopted is told to people; nothing is left behind."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tests.adopt.adopting import execute
from tests.support.command import apiwright


def refused(folder: Path, url: str, *more: str) -> tuple[int, str]:
    """How `init` ends, and what it says; there is no project then."""
    done = apiwright(folder, "init", "shop", "--from-database", url, *more)
    assert not (folder / "shop").exists()
    assert "s3cret" not in done.text
    return done.code, done.err


def test_what_is_no_database(tmp_path: Path) -> None:
    """Addresses that are none, servers that are not there."""
    code, said = refused(tmp_path, "nonsense")
    assert (code, "--from-database is no address of a database" in said) == (2, True)
    code, said = refused(tmp_path, "mysql://user:s3cret@host/name")
    assert (code, "only PostgreSQL will do" in said) == (2, True)
    code, said = refused(tmp_path, "postgresql://user:s3cret@127.0.0.1:1/name")
    assert (code, "can't be reached" in said) == (1, True)
    (tmp_path / "api.yaml").write_text("openapi: 3.1.0")
    code, said = refused(tmp_path, "postgresql://host/name", "--from", "api.yaml")
    assert (code, "choose one" in said) == (2, True)


def test_what_the_server_refuses(database_url: str, tmp_path: Path) -> None:
    """Wrong passwords, databases that are not there, tables that are not there."""
    parts = urlsplit(database_url)
    where = f"{parts.hostname}:{parts.port}"
    code, said = refused(tmp_path, f"postgresql://{parts.username}:s3cret@{where}{parts.path}")
    assert (code, "the password of --from-database is wrong" in said) == (1, True)
    code, said = refused(tmp_path, database_url.replace(parts.path, "/not_there"))
    assert (code, 'database "not_there" does not exist' in said) == (1, True)
    code, said = refused(tmp_path, database_url)
    assert (code, "there are no tables" in said) == (1, True)
    execute(database_url, "CREATE TABLE bare (a integer)")
    code, said = refused(tmp_path, database_url)
    assert code == 1
    assert "bare: it has no primary key" in said


def test_who_may_not_look(database_url: str, tmp_path: Path) -> None:
    """A user without rights on the tables is told which."""
    execute(database_url, "CREATE TABLE closed (id integer PRIMARY KEY)")
    role = urlsplit(database_url).path.strip("/") + "_role"
    execute(database_url, f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'")
    try:
        parts = urlsplit(database_url)
        url = f"postgresql://{role}:s3cret@{parts.hostname}:{parts.port}{parts.path}"
        code, said = refused(tmp_path, url)
        assert code == 1
        assert "closed: the user of the database may not read it" in said
    finally:
        execute(database_url, f"DROP ROLE {role}")
