"""The statement behind a list, the same for both ORM peers; a page ends with its cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import HTTPException
from sqlalchemy import ColumnElement, Select, func, literal_column, select, tuple_

from tests.performance.peers.schemas import ItemQuery
from tests.performance.peers.tables import Item

# As the index has it.
WORDS: ColumnElement[object] = literal_column(
    "to_tsvector('simple', (title || ' ') || COALESCE(description, ''))"
)
COLUMNS = {"created_at": Item.created_at, "price": Item.price, "title": Item.title}


def page_of_items(query: ItemQuery) -> Select[Item]:
    """The rows that the query asks for, and one more, which tells whether there is a next page."""
    found = select(Item).where(Item.deleted_at.is_(None))
    if query.owner_id is not None:
        found = found.where(Item.owner_id == query.owner_id)
    if query.status is not None:
        found = found.where(Item.status == query.status)
    if query.tag is not None:
        found = found.where(Item.tags.contains([query.tag]))
    if query.min_price is not None:
        found = found.where(Item.price >= query.min_price)
    if query.max_price is not None:
        found = found.where(Item.price <= query.max_price)
    if query.created_from is not None:
        found = found.where(Item.created_at >= query.created_from)
    if query.created_to is not None:
        found = found.where(Item.created_at <= query.created_to)
    if query.q is not None:
        found = found.where(WORDS.op("@@")(func.plainto_tsquery("simple", query.q)))
    if query.cursor is not None:
        found = found.where(tuple_(Item.created_at, Item.id) < tuple_(*position(query.cursor)))
    for name in query.sort:
        column = COLUMNS[name.removeprefix("-")]
        found = found.order_by(column.desc() if name.startswith("-") else column.asc())
    return found.order_by(Item.id.desc()).offset(query.offset).limit(query.limit + 1)


def split(rows: Sequence[Item], limit: int) -> tuple[Sequence[Item], str | None]:
    """The rows of the page, and the cursor of the next one."""
    shown = rows[:limit]
    if len(rows) <= limit:
        return shown, None
    last = shown[-1]
    written = json.dumps([last.created_at.isoformat(), str(last.id)])
    return shown, base64.urlsafe_b64encode(written.encode()).decode()


def position(cursor: str) -> tuple[datetime, UUID]:
    """Where the page before has ended."""
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(moment), UUID(key)
    except ValueError as error:
        raise HTTPException(404, "There is no such page") from error
