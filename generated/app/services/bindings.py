"""Which class answers for each resource: the one in `overrides/`, where there is one."""

from app.services import item_service
from app.services.auth_service import AuthService
from app.services.user_service import UserService
from overrides.items import ItemService

__all__ = [
    "AuthService",
    "ItemService",
    "UserService",
]

OVERRIDES = ((ItemService, item_service.ItemService),)
"""Every override, with the class that it extends."""
