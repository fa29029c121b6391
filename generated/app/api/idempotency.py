"""Requests that can be sent again: their effect happens once, and they get the same answer.

The header is that of draft-ietf-httpapi-idempotency-key-header-07. What is stored is what was
committed, in the same transaction: a request that failed can be sent again under its key.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import FastAPI, Request, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.binding import raw_body
from app.api.dependencies import DbSession
from app.database import Database
from app.errors import BadRequest, Invalid, Violation
from app.models.idempotency import IdempotencyKey
from app.repositories.idempotency import BATCH, claim, complete, remove_expired
from app.utils.json import JsonError, parse

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LONGEST: Final = 255
KEPT: Final = ("content-type", "etag", "location")
"""Headers that belong to an answer, whenever it is given."""

SWEEP_SECONDS: Final = 600
"""How often expired keys are looked for."""

STRING: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
"""A string (RFC 9651, section 3.3.3)."""

TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z:/-]+")
"""What clients send that don't know of structured fields: a UUID, say."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """The key of a request that is running, and the session that its effect happens in."""

    session: AsyncSession
    key: bytes


class Replay(Exception):
    """The request was done before."""

    def __init__(self, done: IdempotencyKey) -> None:
        super().__init__()
        self.done = done


def install(app: FastAPI) -> None:
    """Let `app` answer a request again that was done before."""
    app.add_exception_handler(Replay, _replay)


def once(
    *, required: bool = False, hours: int = 24, longest: int = LONGEST
) -> Callable[[Request, DbSession], Awaitable[None]]:
    """A dependency that lets a request with a key run only if none was done under it.

    It has to come after the one that says who calls, for a key belongs to its caller.
    """

    async def begin(request: Request, session: DbSession) -> None:
        key = read_key(request, longest)
        if key is None:
            if required:
                raise BadRequest(f"{HEADER} is missing")
            return
        name, fingerprint = _name(request, key), await _fingerprint(request)
        done = await claim(session, name, fingerprint, timedelta(hours=hours))
        if done is None:
            request.state.claim = Claim(session, name)
        elif done.fingerprint == fingerprint:
            raise Replay(done)
        else:
            message = "Another request was sent with this key"
            raise Invalid([Violation(("header", HEADER), message, "idempotency_key_reused")])

    return begin


async def keep(request: Request, response: Response) -> None:
    """Store the answer with its request, before both are committed."""
    claimed: Claim | None = getattr(request.state, "claim", None)
    if claimed is not None:
        headers = {name: response.headers[name] for name in KEPT if name in response.headers}
        body = bytes(response.body)
        await complete(claimed.session, claimed.key, response.status_code, headers, body)


async def sweep(database: Database) -> None:
    """Remove expired keys now and then, for as long as the application serves."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            while await _remove_some(database) == BATCH:
                pass
        except (DBAPIError, PoolTimeoutError, OSError):
            logger.warning("expired idempotency keys could not be removed")


def read_key(request: Request, longest: int = LONGEST) -> str | None:
    """The key of a request, quoted or not; None without one.

    Raises BadRequest where nobody can be sure what is meant.
    """
    values = request.headers.getlist(HEADER)
    if not values:
        return None
    text = values[0].strip(" \t")
    quoted = STRING.fullmatch(text)
    if len(values) > 1 or not (quoted or TOKEN.fullmatch(text)):
        raise BadRequest(f"{HEADER} has to be one string")
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    if len(key) > longest:
        raise BadRequest(f"{HEADER} has more than {longest} characters")
    return key


def _name(request: Request, key: str) -> bytes:
    """What a key means: its own for each caller and each operation."""
    caller = getattr(request.state, "caller", None)
    whose = "" if caller is None else str(caller.account.id)
    parts = [whose, request.method, request.scope["route"].path, key]
    return hashlib.sha256(json.dumps(parts).encode()).digest()


async def _fingerprint(request: Request) -> bytes:
    """What tells a request from others that are sent to the same operation."""
    address = [sorted(request.path_params.items()), request.scope["query_string"].decode("latin-1")]
    digest = hashlib.sha256(json.dumps(address).encode())
    digest.update(_canonical(await raw_body(request)))
    return digest.digest()


def _canonical(raw: bytes) -> bytes:
    """JSON in one form, whatever the order of its keys and the blanks between; else `raw`."""
    try:
        return json.dumps(parse(raw), sort_keys=True, default=str).encode()
    except JsonError:
        return raw


async def _remove_some(database: Database) -> int:
    unit = database.unit_of_work()
    try:
        removed = await remove_expired(unit.session)
        await unit.commit()
        return removed
    finally:
        await unit.close()


async def _replay(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Replay):
        raise error
    done = error.done
    return Response(done.body, done.status, {**done.headers, REPLAYED: "true"})
