"""What the tests of `apiwright migrate` share: projects, databases, and statements run by hand."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import yaml

from apiwright.migrate.revisions import Revisions, read_revisions
from tests.support.command import Done, apiwright, called
from tests.support.contracts import Contract, things


def small_project(folder: Path, document: Contract | None = None) -> Path:
    """A project of one table, generated."""
    project = folder / "small"
    (project / "specs").mkdir(parents=True)
    change(project, document or things({"note": {"type": "string"}}))
    result = called(project, "generate", "--no-verify")
    assert result.exit_code == 0, result.output
    return project


def change(project: Path, document: Contract) -> None:
    """Give a project another contract."""
    text = yaml.safe_dump(document, sort_keys=False)
    (project / "specs" / "openapi.yaml").write_text(text, encoding="utf-8")


def revisions(project: Path) -> Revisions:
    """The revisions of a project."""
    return read_revisions(project / "generated")


def versions(project: Path) -> Path:
    """The folder of revisions."""
    return project / "generated" / "alembic" / "versions"


def only_file(project: Path) -> Path:
    """The file of the newest revision."""
    found = revisions(project)
    return versions(project) / found.by_id[found.head].file


def replace(file: Path, old: str, new: str) -> None:
    """Replace a text of a file, in which it has to be."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file}: {old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def command(project: Path, *arguments: str, **environ: str) -> Done:
    """Run `apiwright` in a project."""
    return apiwright(project, *arguments, environ=environ)


def migrate(project: Path, url: str, *arguments: str, **environ: str) -> Done:
    """Run `apiwright migrate` on a database."""
    return command(project, "migrate", *arguments, DATABASE_URL=url, **environ)


def status(project: Path, url: str) -> dict[str, Any]:
    """What `status --json` says; its exit code has to agree with it."""
    done = migrate(project, url, "status", "--json")
    found: dict[str, Any] = json.loads(done.out)
    assert done.code == (0 if found["ok"] else 1)
    return found


def run_sql(url: str, *statements: str) -> list[Any]:
    """Run statements by hand, each in a transaction of its own; the rows of the last one."""

    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                rows = await connection.fetch(statement)
            return [tuple(row) for row in rows]
        finally:
            await connection.close()

    return asyncio.run(run())


@contextmanager
def held(url: str, *statements: str) -> Iterator[None]:
    """Another session that has run statements and leaves its transaction open, in the block."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        try:
            runner.run(connection.execute("BEGIN"))
            for statement in statements:
                runner.run(connection.execute(statement))
            yield
        finally:
            connection.terminate()


def git(project: Path, *arguments: str) -> str:
    """Run git in a project, as somebody."""
    done = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
