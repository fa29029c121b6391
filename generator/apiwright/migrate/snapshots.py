"""The snapshots of a service, with a word about what git may have left in them."""

from __future__ import annotations

import re
from pathlib import Path

from apiwright.migrate.errors import MigrateError
from apiwright.plan.storage.snapshot import SnapshotError, read_snapshots, read_unmanaged
from apiwright.plan.storage.tables import Table

_CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)


def conflicted(output: Path) -> tuple[str, ...]:
    """The files of the database's history that hold marks of a merge that conflicted."""
    files = (*_files(output), *sorted((output / "alembic" / "versions").glob("*.py")))
    return tuple(
        file.relative_to(output).as_posix()
        for file in files
        if _CONFLICT.search(file.read_text(encoding="utf-8", errors="replace"))
    )


def read_tables(output: Path) -> tuple[Table, ...]:
    """The tables of the snapshots; MigrateError names a file that can't be read."""
    marked = conflicted(output)
    if marked:
        raise MigrateError(
            f"{', '.join(marked)}: there are marks of a merge that conflicted",
            "keep what both sides added, and remove the marks",
        )
    try:
        return read_snapshots({f.name: f.read_text(encoding="utf-8") for f in _files(output)})
    except (SnapshotError, OSError, UnicodeDecodeError) as error:
        raise MigrateError(f"alembic/schema/{error}") from error


def unmanaged_tables(output: Path) -> tuple[str, ...]:
    """The tables that the service leaves alone; MigrateError if their list can't be read."""
    file = output / "alembic" / "unmanaged.json"
    try:
        return read_unmanaged(file.read_text(encoding="utf-8")) if file.is_file() else ()
    except (SnapshotError, OSError, UnicodeDecodeError) as error:
        raise MigrateError(f"alembic/{error}") from error


def _files(output: Path) -> list[Path]:
    return sorted((output / "alembic" / "schema").glob("*.json"))
