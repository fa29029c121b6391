"""Items: what only this marketplace knows about them."""

from __future__ import annotations

from uuid import UUID

from typing_extensions import override

from app import models
from app.errors import Conflict
from app.schemas.item import Item, ItemStatus, Reservation
from app.services import item_service


class ItemService(item_service.ItemService):
    """The default behaviour, and reservations."""

    @override
    async def reserve_item(self, item_id: UUID, body: Reservation) -> Item:
        """Take a quantity off the stock; the lock makes reservations wait for each other."""
        item = await self.items.get(models.Item.id == item_id, lock=True)
        if item.status != ItemStatus.AVAILABLE:
            raise Conflict("The item is not on offer")
        if item.quantity < body.quantity:
            raise Conflict(f"Only {item.quantity} left")
        left = item.quantity - body.quantity
        status = ItemStatus.AVAILABLE if left else ItemStatus.SOLD_OUT
        await self.items.change(item, {"quantity": left, "status": status})
        return Item.model_validate(item)
