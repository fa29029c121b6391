"""Single statements, run by the driver itself on connections of SQLAlchemy's pool.

What needs one statement needs no unit of work: the statement is a transaction of its own, and that
has ended before its rows are here. A connection is kept for a moment after each statement, for to
take one out of the pool costs as much as the statement itself. Reads that are the same, at the same
time, are run by few for all.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app import queries
from app.errors import LOST, RACES, TEMPORARY, Unavailable, sqlstate
from app.sharing import SharedReads

ATTEMPTS = 3
FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
KEPT_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Lease:
    """A connection out of the pool, and when it was last used."""

    pooled: AsyncConnection
    driver: Any
    used: float = 0.0


def is_lost(error: Exception) -> bool:
    """Whether a connection is of no use any more: it ends, or the driver is confused by its end."""
    return sqlstate(error) in LOST or isinstance(error, asyncpg.InternalClientError)


class Driver:
    """Runs statements on at most `size` connections; with a size of 0, each has one of its own."""

    def __init__(self, engine: AsyncEngine, size: int, patience: float) -> None:
        self._engine = engine
        self._size = size
        self._patience = patience
        self._idle: list[Lease] = []
        self._held = 0
        self._waiting: deque[asyncio.Future[Lease | None]] = deque()
        self._reads = SharedReads(self._run)
        self._sweep: asyncio.Task[None] | None = None

    async def fetch(
        self, statement: str, arguments: Sequence[Any], *, repeatable: bool
    ) -> list[asyncpg.Record]:
        """The rows of a statement.

        One that lost a race is run again, and one that is `repeatable` also when its connection
        is lost. Raises Unavailable if that does not help.
        """
        if repeatable and self._size:
            return await self._reads.rows(statement, arguments)
        return await self._run(statement, arguments, repeatable=repeatable)

    async def _run(
        self, statement: str, arguments: Sequence[Any], *, repeatable: bool = True
    ) -> list[asyncpg.Record]:
        for attempt in range(1, ATTEMPTS + 1):
            lease = self._at_hand() or await self._take()
            started = time.perf_counter()
            try:
                rows: list[asyncpg.Record] = await lease.driver.fetch(statement, *arguments)
            except FAILURES as error:
                queries.note(statement, started, failed=True)
                lost = lease.driver.is_closed() or is_lost(error)
                await (self._drop_all(lease) if lost else self._return(lease))
                if attempt < ATTEMPTS and (sqlstate(error) in RACES or (lost and repeatable)):
                    continue
                if lost or sqlstate(error) in TEMPORARY:
                    raise Unavailable from error
                raise
            except BaseException:
                queries.note(statement, started, failed=True)
                await self._return(lease)
                raise
            queries.note(statement, started)
            await self._return(lease)
            return rows
        raise AssertionError("the last attempt returns or raises")

    @property
    def idle(self) -> int:
        """Connections that are kept, and not used."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Statements that wait for a connection."""
        return len(self._waiting)

    async def close(self) -> None:
        """Give every connection back to the pool, the busy ones as soon as they are not."""
        self._size = 0
        if self._sweep is not None:
            self._sweep.cancel()
        while self._idle:
            await self._drop(self._idle.pop())

    def _at_hand(self) -> Lease | None:
        """The connection that was used last, if it is idle and open."""
        if self._idle and not self._idle[-1].driver.is_closed():
            return self._idle.pop()
        return None

    async def _take(self) -> Lease:
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    lease = await self._next()
                    if lease is not None:
                        return lease
        except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
            raise Unavailable from error

    async def _next(self) -> Lease | None:
        """A connection; None where one has just become free for whoever asks next."""
        while self._idle:
            lease = self._idle.pop()
            if not lease.driver.is_closed():
                return lease
            await self._drop(lease)
        if self._size and self._held >= self._size:
            turn: asyncio.Future[Lease | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                return await turn
            except asyncio.CancelledError:
                await self._pass_on(turn)
                raise
        self._held += 1
        try:
            pooled = await self._engine.connect()
            return Lease(pooled, (await pooled.get_raw_connection()).driver_connection)
        except BaseException:
            self._held -= 1
            self._hand_on(None)
            raise

    async def _return(self, lease: Lease) -> None:
        if not self._size:
            await self._drop(lease)
        elif not self._hand_on(lease):
            lease.used = asyncio.get_running_loop().time()
            self._idle.append(lease)
            if self._sweep is None or self._sweep.done():
                self._sweep = asyncio.create_task(self._sweep_idle())

    async def _pass_on(self, turn: asyncio.Future[Lease | None]) -> None:
        """Let others have what somebody was given who has just stopped waiting for it."""
        if turn.cancelled() or not turn.done():
            return
        lease = turn.result()
        if lease is None:
            self._hand_on(None)
        else:
            await self._return(lease)

    def _hand_on(self, lease: Lease | None) -> bool:
        """Give the next one who waits a connection, or (None) the right to open one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(lease)
                return True
        return False

    async def _drop(self, lease: Lease) -> None:
        """Let the pool have a connection back; it throws away what is closed."""
        self._held -= 1
        if lease.driver.is_closed():
            await lease.pooled.invalidate()
        await lease.pooled.close()
        self._hand_on(None)

    async def _drop_all(self, lost: Lease) -> None:
        """Trust no connection that was opened before one was lost."""
        for lease in (lost, *self._idle):
            lease.driver.terminate()
        self._idle, idle = [], self._idle
        for lease in (lost, *idle):
            await self._drop(lease)

    async def _sweep_idle(self) -> None:
        """Give back what has not been used for a while, until nothing is left."""
        while self._idle:
            await asyncio.sleep(KEPT_SECONDS)
            limit = asyncio.get_running_loop().time() - KEPT_SECONDS
            old = [lease for lease in self._idle if lease.used < limit]
            self._idle = [lease for lease in self._idle if lease.used >= limit]
            for lease in old:
                await self._drop(lease)
