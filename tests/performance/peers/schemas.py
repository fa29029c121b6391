"""What travels, as pydantic models; the query parameters as FastAPI's tutorial models them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Title = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=5000)]
Tag = Annotated[str, Field(min_length=1, max_length=50)]
Money = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
SortKey = Literal["created_at", "-created_at", "price", "-price", "title", "-title"]


class ItemStatus(StrEnum):
    DRAFT = "draft"
    AVAILABLE = "available"
    SOLD_OUT = "sold_out"


class ItemQuery(BaseModel):
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=1_000_000)
    cursor: str | None = None
    owner_id: UUID | None = None
    status: ItemStatus | None = None
    tag: Tag | None = None
    min_price: Money | None = None
    max_price: Money | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    q: str | None = Field(None, min_length=1, max_length=100)
    sort: list[SortKey] = Field(["-created_at"], min_length=1, max_length=3)


class ItemIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title
    description: Description | None = None
    price: Money
    quantity: int = Field(1, ge=0, le=1_000_000)
    status: ItemStatus = ItemStatus.AVAILABLE
    tags: list[Tag] = Field([], max_length=20)


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str | None
    price: Decimal
    quantity: int
    status: ItemStatus
    tags: list[str]
    owner_id: UUID
    created_at: datetime
    updated_at: datetime


class ItemPage(BaseModel):
    items: list[ItemOut]
    next_cursor: str | None


class Owner(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    full_name: str
    created_at: datetime


class Offer(ItemOut):
    owner: Owner


class OfferPage(BaseModel):
    items: list[Offer]
    next_cursor: str | None
