"""The servers that a service of the project runs on."""

from __future__ import annotations

import os

from apiwright.cli.progress import Progress
from apiwright.local import Servers, start_servers
from apiwright.project import Project


def project_servers(project: Project, progress: Progress, *, database: str = "app") -> Servers:
    """The servers that the environment names, and started ones for those that it does not name.

    LocalServerError where one doesn't start, MigrateError where DATABASE_URL names no database that
    answers: told here, for Alembic would tell it with a traceback.
    """
    with progress.step("start PostgreSQL and Redis"):
        servers = start_servers(project.root, environ=os.environ, database=database)
    if servers.postgres is None:
        # SQLAlchemy takes half a second to import, which other commands don't spend.
        from apiwright.migrate.database import ask  # noqa: PLC0415

        try:
            with progress.step("reach the database"):
                ask(servers.database_url, _nothing)
        except BaseException:
            servers.stop()
            raise
    return servers


async def _nothing(_: object) -> None:
    """Being connected is all that is asked."""
