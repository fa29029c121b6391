"""Routes that run as one unit of work: committed before the client hears of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from typing_extensions import override

from app.api.idempotency import keep
from app.database import Database
from app.errors import OUTDATED, RACES, TEMPORARY, Unavailable, sqlstate
from app.limits.limiter import Limiter

ATTEMPTS = 3
SAFE_METHODS = frozenset({"GET", "HEAD"})
FAILURES = (
    DBAPIError,
    PoolTimeoutError,
    StaleDataError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)


class UnitOfWorkRoute(APIRoute):
    """Commits when the handler returns, and rolls back when it raises.

    A request that lost a race (serialization failure, deadlock) or met a migration is run again,
    and one that only reads also when it lost its connection. Nothing is tried again once a commit
    has begun: nobody can know how it ended.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, wrapped in a unit of work."""
        handle = super().get_route_handler()

        async def handle_in_unit_of_work(request: Request) -> Response:
            limiter: Limiter = request.app.state.limiter
            await limiter.hold(request)
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return await run(request)
                except FAILURES as error:
                    if attempt == ATTEMPTS or not may_repeat(request, error):
                        if is_temporary(error):
                            raise Unavailable from error
                        raise
                    await asyncio.sleep(secrets.randbelow(50) / 1000 * attempt)
            raise AssertionError("the last attempt returns or raises")

        async def run(request: Request) -> Response:
            database: Database = request.app.state.database
            unit = database.unit_of_work()
            request.state.unit_of_work = unit
            try:
                response = await handle(request)
                await keep(request, response)
                request.state.committing = True
                await unit.commit()
                return response
            finally:
                await unit.close()

        return handle_in_unit_of_work


def may_repeat(request: Request, error: Exception) -> bool:
    """Whether running the request again may help, and can do no harm."""
    if isinstance(error, StaleDataError):
        # Somebody else has changed a row that was read without a lock; nothing was written.
        return True
    if getattr(request.state, "committing", False):
        return False
    if isinstance(error, DBAPIError) and not error.connection_invalidated:
        return sqlstate(error) in RACES | OUTDATED
    return request.method in SAFE_METHODS


def is_temporary(error: Exception) -> bool:
    """Whether the same request may well succeed a little later."""
    lost = not isinstance(error, DBAPIError) or error.connection_invalidated
    return lost or sqlstate(error) in TEMPORARY
