"""The pool of connections, and what can be seen of it."""

from __future__ import annotations

import logging

from sqlalchemy import Pool
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from typing_extensions import override

from app import metrics

LIMIT = metrics.gauge("database_pool_limit", "Connections that may be open to the database")
CONNECTIONS = metrics.gauge(
    "database_pool_connections", "Open connections to the database", "state"
)
WAITING = metrics.gauge("database_pool_waiting", "Requests that wait for a connection")

# SQLAlchemy logs what pools do by the names of their classes; this one's are not news either.
logging.getLogger("app.pool").setLevel(logging.WARNING)


class WatchedPool(AsyncAdaptedQueuePool):
    """A pool that knows how many wait for one of its connections."""

    waiting = 0

    @override
    def connect(self) -> PoolProxiedConnection:
        """A connection, as soon as there is one."""
        self.waiting += 1
        try:
            return super().connect()
        finally:
            self.waiting -= 1


def sample(pool: Pool, limit: int, *, spare: int = 0, waiting: int = 0) -> None:
    """Set the gauges; `spare` are connections that are out of the pool, but idle.

    `waiting` are those who wait for such a one. A pool that keeps nothing has no figures.
    """
    if isinstance(pool, WatchedPool):
        LIMIT.set(limit)
        CONNECTIONS.labels("idle").set(pool.checkedin() + spare)
        CONNECTIONS.labels("in_use").set(pool.checkedout() - spare)
        WAITING.set(pool.waiting + waiting)
