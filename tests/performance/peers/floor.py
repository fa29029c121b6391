"""The floor: a bare ASGI function and asyncpg. PostgreSQL writes the JSON, in one statement.

No framework and no feature: no parameters, no checks, no tokens, no metrics, no log, no headers.
Nothing that serves the same rows from Python can do much less.
"""

from __future__ import annotations

import json
import os
from typing import Any
from uuid import UUID

import asyncpg

ITEM = """
    i.id, i.title, i.description, i.price::text AS price, i.quantity, i.status, i.tags,
    i.owner_id, i.created_at, i.updated_at
"""
PAGE = """
    SELECT json_build_object(
        'items', COALESCE(json_agg(row_to_json(shown)), '[]'),
        'next_cursor', encode(convert_to(
            json_build_array(min(shown.created_at), (array_agg(shown.id))[20])::text, 'UTF8'
        ), 'base64')
    )::text
    FROM ({rows}) AS shown
"""
NEWEST = "WHERE i.deleted_at IS NULL ORDER BY i.created_at DESC, i.id DESC LIMIT 20"
LIST = PAGE.format(rows=f"SELECT {ITEM} FROM items i {NEWEST}")
OFFERS = PAGE.format(
    rows=f"""
    SELECT {ITEM}, json_build_object(
        'id', o.id, 'full_name', o.full_name, 'created_at', o.created_at
    ) AS owner
    FROM items i JOIN users o ON o.id = i.owner_id {NEWEST}
    """
)
ONE = f"""
    SELECT row_to_json(shown)::text
    FROM (SELECT {ITEM} FROM items i WHERE i.id = $1 AND i.deleted_at IS NULL) AS shown
"""
CREATE = f"""
    WITH i AS (
        INSERT INTO items (title, description, price, quantity, tags, owner_id)
        SELECT $1, $2, $3::text::numeric, $4, $5, id FROM users ORDER BY email LIMIT 1
        RETURNING *
    )
    SELECT row_to_json(shown)::text FROM (SELECT {ITEM} FROM i) AS shown
"""


class Floor:
    """An ASGI application of four addresses."""

    def __init__(self) -> None:
        self.pool: asyncpg.Pool[asyncpg.Record]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
            return
        status, path = 200, scope["path"]
        if scope["method"] == "POST":
            made = json.loads(await whole(receive))
            values = (made["title"], made["description"], made["price"])
            body = await self.pool.fetchval(CREATE, *values, made["quantity"], made["tags"])
            status = 201
        elif path == "/api/v1/items/":
            body = await self.pool.fetchval(LIST)
        elif path == "/api/v1/offers/":
            body = await self.pool.fetchval(OFFERS)
        else:
            body = await self.pool.fetchval(ONE, UUID(path.rpartition("/")[2]))
        raw = body.encode()
        length = str(len(raw)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    async def live(self, receive: Any, send: Any) -> None:
        """A pool for as long as the application lives."""
        await receive()
        size = int(os.environ["POOL_SIZE"])
        self.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=size)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def whole(receive: Any) -> bytes:
    """The body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


app = Floor()
