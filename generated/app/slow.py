"""Statements that take too long: told in the log, each once in a while, with the shape of its plan.

The plan is asked for afterwards, on a connection of its own, without the values of the request: it
is the one that PostgreSQL would make whatever they are. Node types, tables and indexes are all that
is kept of it, since conditions may hold values.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from app import current, metrics, queries
from app.config import Settings
from app.database import Database

SLOW = metrics.counter(
    "database_slow_statements_total", "Statements that took too long", "operation", "statement"
)
TOLD_SECONDS = 60.0
"""A statement isn't told again within this time, however often it is slow."""

PLAN_SECONDS = 5.0
"""The time between two plans: they must not make a busy database busier."""

PATIENCE_SECONDS = 5.0
MOST = 1000
MOST_WAITING = 10
PARAMETERS = "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'slow'"

log = logging.getLogger("app.slow")


class SlowStatements:
    """Hears of slow statements; `run` asks for their plans, one after the other."""

    def __init__(self, engine: AsyncEngine, *, pause: float = PLAN_SECONDS) -> None:
        self._engine = engine
        self._pause = pause
        self._told: dict[str, float] = {}
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def hear(self, statement: str, seconds: float) -> None:
        """Count a slow statement, and tell of it if that hasn't been done just now."""
        operation, word, now = current.operation(), queries.kind(statement), time.monotonic()
        SLOW.labels(operation, word).inc()
        if now - self._told.get(statement, float("-inf")) < TOLD_SECONDS:
            return
        if len(self._told) >= MOST:
            self._told.clear()
        self._told[statement] = now
        said = {
            "operation": operation,
            "milliseconds": round(seconds * 1000, 3),
            "statement_id": _id(statement),
            "statement": queries.anonymous(statement),
        }
        log.warning("slow statement", extra={"fields": said})
        if word != queries.OTHER:
            with suppress(asyncio.QueueFull):
                self._waiting.put_nowait(statement)

    async def run(self) -> None:
        """Tell the plans of slow statements, for ever."""
        while True:
            statement = await self._waiting.get()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    plan = shape(await self._plan(statement))
            except Exception as error:  # whatever is wrong with one plan, the next may be had
                plan = f"unknown: {type(error).__name__}"
            said = {"statement_id": _id(statement), "plan": plan}
            log.warning("plan of a slow statement", extra={"fields": said})
            await asyncio.sleep(self._pause)

    async def _plan(self, statement: str) -> Mapping[str, Any]:
        async with self._engine.connect() as pooled:
            driver: Any = (await pooled.get_raw_connection()).driver_connection
            async with driver.transaction(readonly=True):
                await driver.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                await driver.execute(f"PREPARE slow AS {statement}")
                count = await driver.fetchval(PARAMETERS)
                values = f"({', '.join(['NULL'] * count)})" if count else ""
                # SQLAlchemy has taught its connections to read JSON.
                [explained] = await driver.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE slow{values}")
                plan: Mapping[str, Any] = explained["Plan"]
                return plan


def shape(plan: Mapping[str, Any]) -> str:
    """Which nodes a plan is made of: `Sort(Seq Scan on items)`."""
    places = (("on", "Relation Name"), ("by", "Index Name"))
    words = [plan["Node Type"], *(f"{word} {plan[key]}" for word, key in places if key in plan)]
    inner = ", ".join(shape(part) for part in plan.get("Plans", ()))
    return " ".join(words) + (f"({inner})" if inner else "")


def _id(statement: str) -> str:
    """What lines about the same statement have in common."""
    return hashlib.sha256(statement.encode()).hexdigest()[:8]


@asynccontextmanager
async def slow_ones_told(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Tell of slow statements for as long as the application serves, unless that is turned off."""
    if not settings.slow_statement_milliseconds:
        yield
        return
    heard = SlowStatements(database.without_pool())
    queries.slow = queries.Slow(settings.slow_statement_milliseconds / 1000, heard.hear)
    running = asyncio.create_task(heard.run())
    try:
        yield
    finally:
        queries.slow = queries.NEVER
        running.cancel()
