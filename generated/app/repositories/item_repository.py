"""Queries for items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm.interfaces import ORMOption
from typing_extensions import override

from app.errors import NotFound
from app.models import Item
from app.repositories.base import Condition, Repository
from app.repositories.search import holds, matches
from app.schemas.item import ListItemsQuery
from app.utils.pagination import Page, Paging, Step, Steps, complete

ITEM_KEY = Step(Item.id, UUID)

LIST_ITEMS_STEPS = {
    "created_at": Step(Item.created_at, datetime),
    "-created_at": Step(Item.created_at, datetime, descending=True),
    "price": Step(Item.price, Decimal),
    "-price": Step(Item.price, Decimal, descending=True),
    "title": Step(Item.title, str),
    "-title": Step(Item.title, str, descending=True),
}


def list_items_conditions(query: ListItemsQuery) -> Iterator[Condition]:
    """What the filters of list_items ask of a row."""
    if query.owner_id is not None:
        yield Item.owner_id == query.owner_id
    if query.status is not None:
        yield Item.status == query.status
    if query.tag is not None:
        yield holds(Item.tags, query.tag)
    if query.min_price is not None:
        yield Item.price >= query.min_price
    if query.max_price is not None:
        yield Item.price <= query.max_price
    if query.created_from is not None:
        yield Item.created_at >= query.created_from
    if query.created_to is not None:
        yield Item.created_at <= query.created_to
    if query.q is not None:
        yield matches("to_tsvector('simple', (title || ' ') || COALESCE(description, ''))", query.q)


def list_items_order(query: ListItemsQuery) -> Steps:
    """The order that list_items asks for."""
    return complete([LIST_ITEMS_STEPS[value] for value in query.sort], ITEM_KEY)


def list_items_paging(query: ListItemsQuery) -> Paging:
    """The page that list_items asks for."""
    return Paging(limit=query.limit, offset=query.offset, cursor=query.cursor)


class ItemRepository(Repository[Item]):
    """The items in the database."""

    model = Item

    @override
    def rows(self) -> Select[Item]:
        """Every row that is there and not deleted."""
        return super().rows().where(Item.deleted_at.is_(None))

    @override
    async def remove(self, row: Item) -> None:
        """Mark a row as deleted."""
        await self.change(row, {"deleted_at": datetime.now(UTC)})

    async def restore(self, *conditions: Condition, loads: Sequence[ORMOption] = ()) -> Item:
        """The row that meets the conditions, no longer deleted; NotFound if there is none."""
        row = await self._one(select(Item), conditions, lock=True)
        if row is None:
            raise NotFound
        return await self.change(row, {"deleted_at": None}, loads=loads)

    async def list_items(self, query: ListItemsQuery, *conditions: Condition) -> Page[Item]:
        """The page that list_items asks for, of the rows that meet the conditions."""
        found = self.rows().where(*conditions, *list_items_conditions(query))
        order, paging = list_items_order(query), list_items_paging(query)
        return await self.page(found, order, paging)
