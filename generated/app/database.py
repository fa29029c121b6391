"""The connection pool, and the unit of work that each request runs in."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app import pool, queries
from app.config import Settings
from app.driver import Driver


class Database:
    """A PostgreSQL database.

    Connections are pooled between `connect` and `disconnect`. Before and after, each one is
    opened for one unit of work: an event loop that nobody announced (a test client that runs no
    lifespan has a new one for every request) must not inherit the connections of another.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.engine = self.without_pool()
        self.driver = self._driver(0)

    def connect(self) -> None:
        """Start to pool connections; they are opened when they are first needed."""
        settings = self._settings
        self.engine = create_async_engine(
            database_url(settings),
            poolclass=pool.WatchedPool,
            pool_size=settings.database_pool_size,
            max_overflow=settings.database_max_overflow,
            pool_timeout=settings.database_pool_timeout,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args=self._connect_args(),
        )
        queries.watch(self.engine)
        self.driver = self._driver(settings.database_pool_size)

    async def disconnect(self) -> None:
        """Close the pool."""
        await self.driver.close()
        await self.engine.dispose()
        self.engine = self.without_pool()
        self.driver = self._driver(0)

    def without_pool(self) -> AsyncEngine:
        """An engine that opens a connection whenever one is needed."""
        engine = create_async_engine(
            database_url(self._settings),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=self._connect_args(),
        )
        queries.watch(engine)
        return engine

    def sample(self) -> None:
        """Set the gauges of the pool."""
        limit = self._settings.database_pool_size + self._settings.database_max_overflow
        spare, waiting = self.driver.idle, self.driver.waiting
        pool.sample(self.engine.pool, limit, spare=spare, waiting=waiting)

    def unit_of_work(self) -> UnitOfWork:
        """A new unit of work, which takes a connection when it first needs one."""
        return UnitOfWork(self.engine)

    def _driver(self, size: int) -> Driver:
        return Driver(self.engine, size, self._settings.database_pool_timeout)

    def _connect_args(self) -> dict[str, object]:
        milliseconds = int(self._settings.database_statement_timeout * 1000)
        return {
            "timeout": self._settings.database_connect_timeout,
            "server_settings": {
                "application_name": "marketplace-api",
                "statement_timeout": str(milliseconds),
                "timezone": "UTC",
            },
        }


class UnitOfWork:
    """All that one request does to the database: it happens as a whole, or not at all."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._session: AsyncSession | None = None

    @property
    def session(self) -> AsyncSession:
        """The session of this unit of work, made when it is first asked for."""
        if self._session is None:
            self._session = AsyncSession(self._engine, expire_on_commit=False)
        return self._session

    async def commit(self) -> None:
        """Make everything permanent."""
        if self._session is not None:
            await self._session.commit()

    async def close(self) -> None:
        """Give the connection back; whatever is not committed is undone."""
        if self._session is not None:
            await self._session.close()


def database_url(settings: Settings) -> URL:
    """The URL of the database, with the driver that the service uses."""
    url = make_url(settings.database_url.get_secret_value())
    return url.set(drivername="postgresql+asyncpg")


async def get_db(request: Request) -> AsyncIterator[AsyncSession]:
    """The session of the request's unit of work, which commits before the answer is sent."""
    unit: UnitOfWork = request.state.unit_of_work
    yield unit.session
