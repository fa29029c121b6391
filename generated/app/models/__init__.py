"""The tables of the service."""

from app.models.base import Base
from app.models.idempotency import IdempotencyKey
from app.models.item import Item
from app.models.session import AuthSession, RefreshToken
from app.models.user import User

__all__ = [
    "AuthSession",
    "Base",
    "IdempotencyKey",
    "Item",
    "RefreshToken",
    "User",
]
