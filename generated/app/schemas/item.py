"""Shapes on the wire: item."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import ApiModel
from app.utils.validators import (
    DecimalText,
    Timestamp,
)


class ItemStatus(StrEnum):
    """Whether an item can be had."""

    DRAFT = "draft"
    AVAILABLE = "available"
    SOLD_OUT = "sold_out"


class ListItemsSortItem(StrEnum):
    """The values that are allowed."""

    CREATED_AT = "created_at"
    CREATED_AT_DESC = "-created_at"
    PRICE = "price"
    PRICE_DESC = "-price"
    TITLE = "title"
    TITLE_DESC = "-title"


class Item(ApiModel):
    """A thing on offer."""

    id: UUID
    title: str
    description: str | None
    price: DecimalText
    quantity: int
    status: ItemStatus
    tags: list[str]
    owner_id: UUID
    created_at: Timestamp
    updated_at: Timestamp


class ItemInput(ApiModel):
    """What describes an item."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=200, min_length=1)]
    description: Annotated[str | None, Field(max_length=5000)] = None
    price: DecimalText
    quantity: Annotated[int, Field(ge=0, le=1000000)] = 1
    status: ItemStatus = ItemStatus.AVAILABLE
    tags: Annotated[list[str], Field(max_length=20)] = []


class ItemPage(ApiModel):
    """A page of items."""

    items: list[Item]
    next_cursor: str | None


class ItemUpdate(ApiModel):
    """What changes an item."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    description: Annotated[str | None, Field(max_length=5000)] = None
    price: DecimalText | None = None
    quantity: Annotated[int | None, Field(ge=0, le=1000000)] = None
    status: ItemStatus | None = None
    tags: Annotated[list[str] | None, Field(max_length=20)] = None


class ListItemsQuery(ApiModel):
    """What a client can ask of listItems in the query."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=10000)] = 0
    cursor: Annotated[str | None, Field(max_length=1000)] = None
    owner_id: UUID | None = None
    status: ItemStatus | None = None
    tag: Annotated[str | None, Field(max_length=40, min_length=1)] = None
    min_price: DecimalText | None = None
    max_price: DecimalText | None = None
    created_from: Timestamp | None = None
    created_to: Timestamp | None = None
    q: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    sort: Annotated[list[ListItemsSortItem], Field(max_length=3, min_length=1)] = [
        ListItemsSortItem.CREATED_AT_DESC
    ]


class Reservation(ApiModel):
    """How much to reserve."""

    model_config = ConfigDict(extra="forbid")

    quantity: Annotated[int, Field(ge=1, le=1000000)]
