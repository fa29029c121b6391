"""The items operations as PostgreSQL answers them, unless `overrides/items.py` does."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from app import models
from app.api.binding import body_of, path_of, query_of
from app.direct import calls, shapes, statements
from app.direct.remembered import Remembered
from app.repositories.item_repository import (
    list_items_conditions,
    list_items_order,
    list_items_paging,
)
from app.schemas.item import ItemInput, ItemUpdate, ListItemsQuery
from app.utils.values import sent

list_items_query = query_of(ListItemsQuery)
LIST_ITEMS = statements.Listing(
    shapes.ITEM_VIEW,
    select(models.Item).where(models.Item.deleted_at.is_(None)),
    ListItemsQuery,
    order=list_items_order,
    paging=list_items_paging,
    conditions=list_items_conditions,
    filters=("owner_id", "status", "tag", "min_price", "max_price", "created_from", "created_to"),
    fixed=("sort",),
    search="q",
    ends={"created_at": "created_at", "price": "price", "title": "title", "id": "id"},
)
list_items_form = Remembered(lambda request: LIST_ITEMS.form(list_items_query(request)))


async def list_items(call: calls.Call) -> calls.Answer:
    """List items."""
    form = list_items_form(call.request)
    page = await call.page(form)
    return page.within("items", {"next_cursor": page.next_cursor})


create_item_body = body_of(ItemInput)
CREATE_ITEM = shapes.ITEM_VIEW.made(
    ("title", "description", "price", "quantity", "status", "tags", "owner_id")
)


async def create_item(call: calls.Call) -> calls.Answer:
    """Offer an item."""
    body = await create_item_body(call.request)
    values = {
        "new_title": body.title,
        "new_description": body.description,
        "new_price": body.price,
        "new_quantity": body.quantity,
        "new_status": body.status,
        "new_tags": body.tags,
        "new_owner_id": call.caller.id,
    }
    made = await call.made(CREATE_ITEM, values, 201, "b0ad65fd")
    key = made.value("id")
    return made.located(f"/api/v1/items/{key}")


read_item_path_item_id = path_of("item_id", UUID)
READ_ITEM = shapes.ITEM_VIEW.rows(
    models.Item.id == bindparam("path_item_id"), models.Item.deleted_at.is_(None)
)


async def read_item(call: calls.Call) -> calls.Answer:
    """Show an item."""
    values = {"path_item_id": read_item_path_item_id(call.request)}
    return await call.shown(READ_ITEM, values, "b0ad65fd", "private, no-cache")


replace_item_path_item_id = path_of("item_id", UUID)
replace_item_body = body_of(ItemInput)
REPLACE_ITEM = statements.Change(
    shapes.ITEM_VIEW,
    models.Item.id == bindparam("path_item_id"),
    models.Item.deleted_at.is_(None),
    attributes=("title", "description", "price", "quantity", "status", "tags"),
    owner=models.Item.owner_id,
    version=models.Item.version,
)


async def replace_item(call: calls.Call) -> calls.Answer:
    """Replace an item."""
    values = {"path_item_id": replace_item_path_item_id(call.request)}
    body = await replace_item_body(call.request)
    changes = {
        "title": body.title,
        "description": body.description,
        "price": body.price,
        "quantity": body.quantity,
        "status": body.status,
        "tags": body.tags,
    }
    owner = None if call.caller.may("items:admin") else call.caller.id
    return await call.changed(
        REPLACE_ITEM,
        values,
        changes,
        owner=owner,
        visible=True,
        versions=call.conditions.versions(),
    )


update_item_path_item_id = path_of("item_id", UUID)
update_item_body = body_of(ItemUpdate)
UPDATE_ITEM = statements.Change(
    shapes.ITEM_VIEW,
    models.Item.id == bindparam("path_item_id"),
    models.Item.deleted_at.is_(None),
    attributes=("title", "description", "price", "quantity", "status", "tags"),
    owner=models.Item.owner_id,
    version=models.Item.version,
)


async def update_item(call: calls.Call) -> calls.Answer:
    """Change an item."""
    values = {"path_item_id": update_item_path_item_id(call.request)}
    body = await update_item_body(call.request)
    changes = sent(body)
    owner = None if call.caller.may("items:admin") else call.caller.id
    return await call.changed(
        UPDATE_ITEM,
        values,
        changes,
        owner=owner,
        visible=True,
        versions=call.conditions.versions(),
        mark="b0ad65fd",
    )


delete_item_path_item_id = path_of("item_id", UUID)
DELETE_ITEM = statements.Change(
    statements.unseen(models.Item),
    models.Item.id == bindparam("path_item_id"),
    models.Item.deleted_at.is_(None),
    attributes=("deleted_at",),
    owner=models.Item.owner_id,
    version=models.Item.version,
)


async def delete_item(call: calls.Call) -> calls.Answer:
    """Withdraw an item."""
    values = {"path_item_id": delete_item_path_item_id(call.request)}
    changes = {"deleted_at": datetime.now(UTC)}
    owner = None if call.caller.may("items:admin") else call.caller.id
    await call.changed(
        DELETE_ITEM, values, changes, owner=owner, visible=True, versions=call.conditions.versions()
    )
    return calls.Answer(b"", 204)


restore_item_path_item_id = path_of("item_id", UUID)
RESTORE_ITEM = statements.Change(
    shapes.ITEM_VIEW,
    models.Item.id == bindparam("path_item_id"),
    attributes=("deleted_at",),
    owner=models.Item.owner_id,
)


async def restore_item(call: calls.Call) -> calls.Answer:
    """Bring an item back."""
    values = {"path_item_id": restore_item_path_item_id(call.request)}
    changes = {"deleted_at": None}
    owner = None if call.caller.may("items:admin") else call.caller.id
    return await call.changed(RESTORE_ITEM, values, changes, owner=owner, visible=True)


OPERATIONS = {
    "list_items": calls.Direct(
        "listItems",
        "GET",
        "/api/v1/items/",
        list_items,
        (LIST_ITEMS,),
    ),
    "create_item": calls.Direct(
        "createItem",
        "POST",
        "/api/v1/items/",
        create_item,
        (CREATE_ITEM,),
        ("items:write",),
        keyed=True,
    ),
    "read_item": calls.Direct(
        "readItem",
        "GET",
        "/api/v1/items/{item_id}",
        read_item,
        (READ_ITEM,),
    ),
    "replace_item": calls.Direct(
        "replaceItem",
        "PUT",
        "/api/v1/items/{item_id}",
        replace_item,
        (REPLACE_ITEM,),
        ("items:write",),
    ),
    "update_item": calls.Direct(
        "updateItem",
        "PATCH",
        "/api/v1/items/{item_id}",
        update_item,
        (UPDATE_ITEM,),
        ("items:write",),
    ),
    "delete_item": calls.Direct(
        "deleteItem",
        "DELETE",
        "/api/v1/items/{item_id}",
        delete_item,
        (DELETE_ITEM,),
        ("items:write",),
    ),
    "restore_item": calls.Direct(
        "restoreItem",
        "POST",
        "/api/v1/items/{item_id}/restore",
        restore_item,
        (RESTORE_ITEM,),
        ("items:admin",),
    ),
}
"""What is answered here, by the name of the method that does the same with a session."""
