"""Rows as clients see them: for each schema, the expressions behind its properties."""

from __future__ import annotations

from sqlalchemy import Text, cast

from app import models
from app.direct.statements import Shape, View


def item_shape(row: type[models.Item]) -> Shape:
    """The properties of Item."""
    return {
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "price": cast(row.price, Text()),
        "quantity": row.quantity,
        "status": row.status,
        "tags": row.tags,
        "owner_id": row.owner_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def user_shape(row: type[models.User]) -> Shape:
    """The properties of User."""
    return {
        "id": row.id,
        "email": row.email,
        "full_name": row.full_name,
        "roles": row.roles,
        "is_active": row.is_active,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


ITEM_VIEW = View(models.Item, item_shape, version="version")
USER_VIEW = View(models.User, user_shape)
