"""New revisions are proven before they are written: a run that would write one tries it first."""

from __future__ import annotations

import importlib.util

import click

from apiwright.cli.session import Session
from apiwright.local.programs import WHEEL
from apiwright.migrate.errors import MigrateError, UnprovenError
from apiwright.migrate.revisions import BASE, Part, Revisions, revisions_of
from apiwright.write import Changes

_VERSIONS = "alembic/versions/"
_NEEDED = ("alembic", "asyncpg", "fastapi", "pydantic_settings", "sqlalchemy")
_HINT = "`apiwright generate --no-verify` writes it as it is"


def verify_new(session: Session, changes: Changes) -> None:
    """Prove the revisions that `changes` would add, on a scratch database.

    Does nothing where there are none; says so where the packages for it are not installed. Raises
    MigrateError if the revisions don't hold.
    """
    new = _new_part(changes)
    if new is None:
        return
    for name in (*_NEEDED, WHEEL.replace("-", "_")):
        if importlib.util.find_spec(name) is None:
            click.echo(f"the new revision is not verified: {name} is not installed", err=True)
            return
    # SQLAlchemy takes half a second to import, which runs without a new revision don't spend.
    from apiwright.migrate.trial import try_out  # noqa: PLC0415

    with session.timings.stage("verify"):
        try:
            try_out(session.project.root, changes.files, new)
        except MigrateError as error:
            message = f"the new revision does not hold, and nothing was written: {error}"
            if isinstance(error, UnprovenError) and error.difference:
                message += f"\n{error.difference}"
            raise MigrateError(message, error.hint or _HINT) from error


def _new_part(changes: Changes) -> Part | None:
    """The revisions that are not on disk yet; None where there are none."""
    files = {
        path.removeprefix(_VERSIONS): text
        for path, text in changes.files.items()
        if path.startswith(_VERSIONS) and path.endswith(".py")
    }
    created = {path.removeprefix(_VERSIONS) for path in changes.created}
    if not created & files.keys():
        return None
    revisions = revisions_of(files)
    known = {name: found for name, found in revisions.by_id.items() if found.file not in created}
    return Part(Revisions(known).head or BASE, revisions.head)
