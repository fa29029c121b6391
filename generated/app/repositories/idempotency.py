"""The keys under which requests were done, in the transactions of those requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import LargeBinary, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Conflict
from app.models.idempotency import IdempotencyKey

BATCH: Final = 1000
"""How many keys are removed in one transaction."""


class KeyInUse(Conflict):
    """A request with the same key is still running, or nobody knows how it ended."""

    code = "idempotency_key_in_use"
    detail = "A request with this Idempotency-Key is still running"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


async def claim(
    session: AsyncSession, key: bytes, fingerprint: bytes, lifetime: timedelta
) -> IdempotencyKey | None:
    """Begin a request under a key: None if it is the first, else the one that was done under it.

    The row is stored in the transaction of the request, and its primary key keeps others out. The
    advisory lock only spares them the wait: who doesn't get it knows at once that somebody else
    is at work. Raises KeyInUse then.
    """
    lock = int.from_bytes(key[:8], signed=True)
    row = select(
        literal(key, LargeBinary),
        literal(fingerprint, LargeBinary),
        literal(0),
        literal({}, JSONB),
        literal(b"", LargeBinary),
        func.now() + lifetime,
    ).where(func.pg_try_advisory_xact_lock(lock))
    columns = ("id", "fingerprint", "status", "headers", "body", "expires_at")
    written = insert(IdempotencyKey).from_select(columns, row)
    anew = written.on_conflict_do_update(
        index_elements=[IdempotencyKey.id],
        set_={name: written.excluded[name] for name in columns[1:]},
        where=IdempotencyKey.expires_at <= func.now(),
    )
    if (await session.scalars(anew.returning(IdempotencyKey.id))).one_or_none() is not None:
        return None
    found = select(IdempotencyKey).where(
        IdempotencyKey.id == key, IdempotencyKey.expires_at > func.now(), IdempotencyKey.status > 0
    )
    done = (await session.scalars(found)).one_or_none()
    if done is None:
        raise KeyInUse
    return done


async def complete(
    session: AsyncSession, key: bytes, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Note the answer to the request that has claimed a key."""
    claimed = update(IdempotencyKey).where(IdempotencyKey.id == key)
    await session.execute(claimed.values(status=status, headers=dict(headers), body=body))


async def remove_expired(session: AsyncSession) -> int:
    """Remove keys that nobody can rely on any more, BATCH at most; how many there were."""
    expired = (
        select(IdempotencyKey.id)
        .where(IdempotencyKey.expires_at <= func.now())
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    gone = delete(IdempotencyKey).where(IdempotencyKey.id.in_(expired))
    result = await session.execute(gone.returning(IdempotencyKey.id))
    return len(result.all())
