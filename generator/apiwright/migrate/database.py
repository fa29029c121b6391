"""Asking a database, and telling in plain words why it can't be asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from apiwright.migrate.errors import MigrateError

Answer = TypeVar("Answer")

_CONNECT_SECONDS = 5.0
_HINTS = {
    "28P01": "the password of DATABASE_URL is wrong",
    "28000": "the server does not let this user in; see pg_hba.conf",
    "3D000": "create it with `createdb`, or let DATABASE_URL name another one",
    "42501": "let DATABASE_URL name a user that owns the tables",
    "55P03": "find who holds the lock in pg_stat_activity, or set MIGRATION_LOCK_TIMEOUT",
    "40P01": "run it again",
    "57014": "set MIGRATION_STATEMENT_TIMEOUT, in seconds, if it takes that long",
    "25006": "it is a replica, or its user may only read; name the primary server",
}
"""What to do, by SQLSTATE (PostgreSQL, appendix A)."""
_CLASS_AND_TEXT = re.compile(r"<class '[^']*'>: (.*)", re.DOTALL)


def address(url: str) -> URL:
    """The address of a database, for the driver in use; MigrateError if it is none."""
    try:
        found = make_url(url)
    except ArgumentError as error:
        raise MigrateError(
            "DATABASE_URL is no address of a database",
            "it looks like postgresql://user:password@host:5432/database",
        ) from error
    if found.get_backend_name() not in {"postgresql", "postgres"}:
        raise MigrateError(
            f"DATABASE_URL names a database of {found.get_backend_name()}",
            "only PostgreSQL will do",
        )
    return found.set(drivername="postgresql+asyncpg")


def shown(url: str) -> str:
    """An address for people: no password, no driver."""
    found = address(url)
    where = f"{found.host or 'localhost'}:{found.port or 5432}"
    return f"{found.database or found.username or ''} at {where}"


def ask(url: str, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """What `question` finds out; nothing that it does to the database stays.

    MigrateError where the database can't be asked.
    """

    async def asking() -> Answer:
        engine = create_async_engine(
            address(url), poolclass=NullPool, connect_args={"timeout": _CONNECT_SECONDS}
        )
        try:
            async with engine.connect() as connection:
                answer = await question(connection)
                await connection.rollback()
                return answer
        finally:
            await engine.dispose()

    try:
        return asyncio.run(asking())
    except (OSError, DBAPIError, TimeoutError) as error:
        raise explained(error, shown(url)) from error


def explained(error: BaseException, where: str) -> MigrateError:
    """An error of a driver as one for people; `where` names the database."""
    if isinstance(error, TimeoutError):
        return MigrateError(f"the database {where} does not answer", "is its address right?")
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        statement = " ".join((error.statement or "").split())
        message = f"the database {where} says: {_said(error)}"
        if statement:
            message += f"\n  in {statement[:300]}"
        return MigrateError(message, _HINTS.get(state, ""))
    text = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return MigrateError(
        f"the database {where} can't be reached: {text}", "does it run, and is its address right?"
    )


def _said(error: DBAPIError) -> str:
    """What the server said, without the names of classes."""
    text = str(error.orig)
    found = _CLASS_AND_TEXT.fullmatch(text)
    return (found[1] if found else text).strip()
