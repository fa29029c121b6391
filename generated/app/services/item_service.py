"""The default behaviour of the items operations; `overrides/items.py` can change it."""

from __future__ import annotations

from uuid import UUID

from app import models
from app.errors import NotAnswered
from app.repositories.item_repository import ItemRepository
from app.schemas.item import Item, ItemInput, ItemPage, ItemUpdate, ListItemsQuery, Reservation
from app.services.base import Context, Service
from app.utils.values import sent


class ItemService(Service):
    """What the operations of Items do, unless overridden."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.items = ItemRepository(context.session)

    async def list_items(self, query: ListItemsQuery) -> ItemPage:
        """List items."""
        page = await self.items.list_items(query)
        return ItemPage(
            items=[Item.model_validate(row) for row in page.rows],
            next_cursor=page.next_cursor,
        )

    async def create_item(self, body: ItemInput) -> Item:
        """Offer an item."""
        row = models.Item(
            title=body.title,
            description=body.description,
            price=body.price,
            quantity=body.quantity,
            status=body.status,
            tags=body.tags,
            owner_id=self.caller.account.id,
        )
        await self.items.add(row)
        self.note_version(row.version)
        return Item.model_validate(row)

    async def read_item(self, item_id: UUID) -> Item:
        """Show an item."""
        item = await self.items.get(models.Item.id == item_id)
        self.note_version(item.version)
        return Item.model_validate(item)

    async def replace_item(self, item_id: UUID, body: ItemInput) -> Item:
        """Replace an item."""
        item = await self.items.get(models.Item.id == item_id, lock=True)
        self.require_owner(item.owner_id, unless="items:admin")
        self.require_version(item.version)
        changes = {
            "title": body.title,
            "description": body.description,
            "price": body.price,
            "quantity": body.quantity,
            "status": body.status,
            "tags": body.tags,
        }
        await self.items.change(item, changes)
        return Item.model_validate(item)

    async def update_item(self, item_id: UUID, body: ItemUpdate) -> Item:
        """Change an item."""
        item = await self.items.get(models.Item.id == item_id, lock=True)
        self.require_owner(item.owner_id, unless="items:admin")
        self.require_version(item.version)
        await self.items.change(item, sent(body))
        self.note_version(item.version)
        return Item.model_validate(item)

    async def delete_item(self, item_id: UUID) -> None:
        """Withdraw an item."""
        item = await self.items.get(models.Item.id == item_id, lock=True)
        self.require_owner(item.owner_id, unless="items:admin")
        self.require_version(item.version)
        await self.items.remove(item)

    async def restore_item(self, item_id: UUID) -> Item:
        """Bring an item back."""
        item = await self.items.restore(models.Item.id == item_id)
        self.require_owner(item.owner_id, unless="items:admin")
        return Item.model_validate(item)

    async def reserve_item(self, item_id: UUID, body: Reservation) -> Item:
        """Reserve an item."""
        raise NotAnswered("reserveItem has no override yet")
