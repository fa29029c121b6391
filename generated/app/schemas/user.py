"""Shapes on the wire: user."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import ApiModel
from app.utils.validators import (
    Timestamp,
)


class ListUsersSortItem(StrEnum):
    """The values that are allowed."""

    CREATED_AT = "created_at"
    CREATED_AT_DESC = "-created_at"
    EMAIL = "email"
    EMAIL_DESC = "-email"
    FULL_NAME = "full_name"
    FULL_NAME_DESC = "-full_name"


class Role(StrEnum):
    """What an account may do."""

    MEMBER = "member"
    ADMIN = "admin"


class ListUsersQuery(ApiModel):
    """What a client can ask of listUsers in the query."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=10000)] = 0
    cursor: Annotated[str | None, Field(max_length=1000)] = None
    role: Role | None = None
    is_active: bool | None = None
    q: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    sort: Annotated[list[ListUsersSortItem], Field(max_length=3, min_length=1)] = [
        ListUsersSortItem.CREATED_AT_DESC
    ]


class PasswordChange(ApiModel):
    """What it takes to change a password."""

    model_config = ConfigDict(extra="forbid")

    current_password: Annotated[str, Field(max_length=128, min_length=8)]
    new_password: Annotated[str, Field(max_length=128, min_length=8)]


class ProfileUpdate(ApiModel):
    """What people may change in their own account."""

    model_config = ConfigDict(extra="forbid")

    full_name: Annotated[str | None, Field(max_length=200, min_length=1)] = None


class User(ApiModel):
    """An account."""

    id: UUID
    email: str
    full_name: str
    roles: list[Role]
    is_active: bool
    created_at: Timestamp
    updated_at: Timestamp


class UserCreate(ApiModel):
    """What opens an account."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=128, min_length=8)]
    full_name: Annotated[str, Field(max_length=200, min_length=1)]


class UserPage(ApiModel):
    """A page of accounts."""

    items: list[User]
    total: int
    next_cursor: str | None


class UserUpdate(ApiModel):
    """What administrators may change in an account."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str | None, Field(max_length=254)] = None
    full_name: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    roles: Annotated[list[Role] | None, Field(max_length=2, min_length=1)] = None
    is_active: bool | None = None
