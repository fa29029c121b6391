"""Things on offer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, Security

from app.api.binding import from_body, from_path, from_query
from app.api.conditional import tagged, unless_known
from app.api.dependencies import ItemServiceDep, authenticate
from app.api.idempotency import once
from app.api.responses import respond
from app.api.routing import UnitOfWorkRoute
from app.schemas.item import ItemInput, ItemUpdate, ListItemsQuery, Reservation

router = APIRouter(prefix="/api/v1", tags=["Items"], route_class=UnitOfWorkRoute)


@router.get(
    "/items/",
    operation_id="listItems",
    summary="List items",
)
async def list_items(
    service: ItemServiceDep,
    query: Annotated[ListItemsQuery, from_query(ListItemsQuery)],
) -> Response:
    """A page of items, newest first unless sorted otherwise. Pages are reached by `offset`,
    or by the `next_cursor` of the page before, which stays right while items come and go.
    """
    return respond(await service.list_items(query))


@router.post(
    "/items/",
    operation_id="createItem",
    summary="Offer an item",
    dependencies=[Security(authenticate, scopes=["items:write"]), Depends(once())],
)
async def create_item(
    service: ItemServiceDep,
    body: Annotated[ItemInput, from_body(ItemInput)],
) -> Response:
    """Puts an item on offer; it belongs to the account that is signed in."""
    made = await service.create_item(body)
    headers = {"Location": f"/api/v1/items/{made.id}"}
    return tagged(service, "create_item", respond(made, 201, headers), "b0ad65fd")


@router.get(
    "/items/{item_id}",
    operation_id="readItem",
    summary="Show an item",
)
async def read_item(
    service: ItemServiceDep,
    item_id: Annotated[UUID, from_path("item_id", UUID)],
) -> Response:
    """One item."""
    shown = await service.read_item(item_id)
    return unless_known(
        service,
        tagged(service, "read_item", respond(shown), "b0ad65fd", cache_control="private, no-cache"),
    )


@router.put(
    "/items/{item_id}",
    operation_id="replaceItem",
    summary="Replace an item",
    dependencies=[Security(authenticate, scopes=["items:write"])],
)
async def replace_item(
    service: ItemServiceDep,
    item_id: Annotated[UUID, from_path("item_id", UUID)],
    body: Annotated[ItemInput, from_body(ItemInput)],
) -> Response:
    """Writes every field anew; what is not sent goes back to its default. For its owner and
    for administrators.
    """
    shown = await service.replace_item(item_id, body)
    service.context.conditions.must_be_checked()
    return respond(shown)


@router.patch(
    "/items/{item_id}",
    operation_id="updateItem",
    summary="Change an item",
    dependencies=[Security(authenticate, scopes=["items:write"])],
)
async def update_item(
    service: ItemServiceDep,
    item_id: Annotated[UUID, from_path("item_id", UUID)],
    body: Annotated[ItemUpdate, from_body(ItemUpdate)],
) -> Response:
    """Changes the fields that are sent and leaves the others as they are. For its owner and
    for administrators.
    """
    shown = await service.update_item(item_id, body)
    service.context.conditions.must_be_checked()
    return tagged(service, "update_item", respond(shown), "b0ad65fd")


@router.delete(
    "/items/{item_id}",
    operation_id="deleteItem",
    summary="Withdraw an item",
    dependencies=[Security(authenticate, scopes=["items:write"])],
)
async def delete_item(
    service: ItemServiceDep,
    item_id: Annotated[UUID, from_path("item_id", UUID)],
) -> Response:
    """Takes the item off the marketplace. For its owner and for administrators, who can bring
    it back.
    """
    await service.delete_item(item_id)
    service.context.conditions.must_be_checked()
    return Response(status_code=204)


@router.post(
    "/items/{item_id}/restore",
    operation_id="restoreItem",
    summary="Bring an item back",
    dependencies=[Security(authenticate, scopes=["items:admin"])],
)
async def restore_item(
    service: ItemServiceDep,
    item_id: Annotated[UUID, from_path("item_id", UUID)],
) -> Response:
    """Puts a withdrawn item on offer again. For administrators."""
    return respond(await service.restore_item(item_id))


@router.post(
    "/items/{item_id}/reserve",
    operation_id="reserveItem",
    summary="Reserve an item",
    dependencies=[Security(authenticate, scopes=["items:write"]), Depends(once())],
)
async def reserve_item(
    service: ItemServiceDep,
    item_id: Annotated[UUID, from_path("item_id", UUID)],
    body: Annotated[Reservation, from_body(Reservation)],
) -> Response:
    """Takes a quantity off the stock. Answers 409, and takes nothing, when there is not that
    much left or the item is not on offer.
    """
    return respond(await service.reserve_item(item_id, body))
