"""Whether this process should be sent requests, and why not.

Probes come from several sides at once and more often than the answer changes: one look serves all
who ask within a second.
"""

from __future__ import annotations

import ast
import asyncio
import logging
import re
import time
from enum import StrEnum
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.database import Database
from app.errors import sqlstate
from app.redis import SharedRedis

REMEMBERED_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
"""How long the database may take; then the service could not work with it either."""

VERSIONS = Path(__file__).parents[1] / "alembic" / "versions"
APPLIED = text("SELECT version_num FROM alembic_version")
UNDEFINED_TABLE = "42P01"
ASSIGNED = re.compile(
    r"^(revision|down_revision)\b[^=\n]*=\s*(.+?)(?=^[^\s)\]]|\Z)", re.MULTILINE | re.DOTALL
)
HEAD_OF_FILE = 4000
"""Characters of a revision within which it says what it is."""

log = logging.getLogger("app.readiness")


class State(StrEnum):
    """What a probe is told; with the first two, the service can work."""

    OK = "ok"
    DEGRADED = "degraded"
    DRAINING = "draining"
    OUTDATED = "outdated"
    UNAVAILABLE = "unavailable"

    @property
    def ready(self) -> bool:
        """Whether requests should come here."""
        return self in {State.OK, State.DEGRADED}


class Revisions:
    """The revisions that this code came with; none where it was deployed without them."""

    def __init__(self, folder: Path = VERSIONS) -> None:
        before = {}
        for file in sorted(folder.glob("*.py")):
            said = dict(ASSIGNED.findall(file.read_text(encoding="utf-8")[:HEAD_OF_FILE]))
            if "revision" in said:
                name: str = ast.literal_eval(said["revision"])
                before[name] = _names(ast.literal_eval(said.get("down_revision", "None")))
        self.known = frozenset(before)
        self.newest = self.known - {name for names in before.values() for name in names}

    def pending(self, applied: frozenset[str]) -> bool:
        """Whether a database lacks any; one that knows more was migrated for a newer code."""
        if not applied:
            return bool(self.newest)
        return applied <= self.known and not applied >= self.newest


class Readiness:
    """Looks at what the service needs: PostgreSQL as this code wants it, and Redis, if any."""

    def __init__(self, database: Database, redis: SharedRedis) -> None:
        self._database = database
        self._redis = redis
        self._revisions: Revisions | None = None
        self._state = State.OK
        self._seen = float("-inf")
        self._look: asyncio.Task[State] | None = None

    async def state(self, *, draining: bool) -> State:
        """The state, at most a second old; that a shutdown has begun is told at once."""
        if draining:
            return State.DRAINING
        if time.monotonic() - self._seen < REMEMBERED_SECONDS:
            return self._state
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._looked())
        return await asyncio.shield(self._look)

    async def _looked(self) -> State:
        state = await self._database_state()
        if state is State.OK and self._redis.configured and not await self._redis.is_up():
            state = State.DEGRADED
        if state is not self._state:
            log.warning("readiness: %s", state)
        self._state, self._seen = state, time.monotonic()
        return state

    async def _database_state(self) -> State:
        if self._revisions is None:
            self._revisions = Revisions()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._database.engine.connect() as asking:
                applied = frozenset(await asking.scalars(APPLIED))
        except DBAPIError as error:
            if sqlstate(error) != UNDEFINED_TABLE:
                return State.UNAVAILABLE
            applied = frozenset()
        except (SQLAlchemyError, OSError, TimeoutError):
            return State.UNAVAILABLE
        return State.OUTDATED if self._revisions.pending(applied) else State.OK


def _names(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """What a `down_revision` names: none, one, or several that are merged."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
