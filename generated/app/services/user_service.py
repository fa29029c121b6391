"""The default behaviour of the users operations; `overrides/users.py` can change it."""

from __future__ import annotations

from uuid import UUID

from app import models
from app.errors import Forbidden
from app.repositories.user_repository import UserRepository
from app.schemas.user import (
    ListUsersQuery,
    PasswordChange,
    ProfileUpdate,
    User,
    UserCreate,
    UserPage,
    UserUpdate,
)
from app.services.base import Context, Service
from app.services.sessions import Sessions
from app.utils.values import sent


class UserService(Service):
    """What the operations of Users do, unless overridden."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.users = UserRepository(context.session)
        self.sessions = Sessions(context)

    async def list_users(self, query: ListUsersQuery) -> UserPage:
        """List accounts."""
        page = await self.users.list_users(query)
        return UserPage(
            items=[User.model_validate(row) for row in page.rows],
            total=page.total,
            next_cursor=page.next_cursor,
        )

    async def register_user(self, body: UserCreate) -> User:
        """Register."""
        row = models.User(
            email=body.email,
            password_hash=await self.context.passwords.hash(body.password),
            full_name=body.full_name,
        )
        return User.model_validate(await self.users.add(row))

    async def read_me(self) -> User:
        """Show my account."""
        user = self.caller.account
        return User.model_validate(user)

    async def update_me(self, body: ProfileUpdate) -> User:
        """Change my account."""
        user = self.caller.account
        await self.users.change(user, sent(body))
        return User.model_validate(user)

    async def delete_me(self) -> None:
        """Close my account."""
        user = self.caller.account
        await self.users.remove(user)

    async def change_password(self, body: PasswordChange) -> None:
        """Change my password."""
        if not await self.sessions.change_password(
            self.caller, body.current_password, body.new_password
        ):
            raise Forbidden("The current password is not right")

    async def read_user(self, user_id: UUID) -> User:
        """Show an account."""
        user = await self.users.get(models.User.id == user_id)
        return User.model_validate(user)

    async def update_user(self, user_id: UUID, body: UserUpdate) -> User:
        """Change an account."""
        user = await self.users.get(models.User.id == user_id, lock=True)
        await self.users.change(user, sent(body))
        return User.model_validate(user)

    async def delete_user(self, user_id: UUID) -> None:
        """Remove an account."""
        user = await self.users.get(models.User.id == user_id, lock=True)
        await self.users.remove(user)
