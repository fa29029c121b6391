"""Trying revisions of files that are not written yet: in a folder and on a database that go."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from apiwright.local import start_database
from apiwright.migrate.alembic import Alembic, ignore
from apiwright.migrate.proof import prove, scratch_database
from apiwright.migrate.revisions import Part


def try_out(root: Path, files: Mapping[str, str], part: Part) -> None:
    """Prove a part of the revisions among the files of a service, with the server of the project.

    UnprovenError or MigrateError where they don't hold.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        # Alembic's process imports the service while the server starts.
        with Alembic(folder) as alembic:
            server = start_database(root, durable=False)
            with server, scratch_database(server) as url:
                prove(folder, alembic, url, part, ignore)
