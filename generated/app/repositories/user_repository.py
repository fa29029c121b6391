"""Queries for users."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.models import User
from app.repositories.base import Condition, Repository
from app.repositories.search import matches
from app.schemas.user import ListUsersQuery
from app.utils.pagination import Page, Paging, Step, complete

USER_KEY = Step(User.id, UUID)

LIST_USERS_STEPS = {
    "created_at": Step(User.created_at, datetime),
    "-created_at": Step(User.created_at, datetime, descending=True),
    "email": Step(User.email, str),
    "-email": Step(User.email, str, descending=True),
    "full_name": Step(User.full_name, str),
    "-full_name": Step(User.full_name, str, descending=True),
}


class UserRepository(Repository[User]):
    """The users in the database."""

    model = User

    async def list_users(self, query: ListUsersQuery, *conditions: Condition) -> Page[User]:
        """The page that list_users asks for, of the rows that meet the conditions."""
        found = self.rows().where(*conditions)
        if query.role is not None:
            found = found.where(User.roles.contains([query.role]))
        if query.is_active is not None:
            found = found.where(User.is_active == query.is_active)
        if query.q is not None:
            found = found.where(
                matches("to_tsvector('simple', (email || ' ') || full_name)", query.q)
            )
        order = complete([LIST_USERS_STEPS[value] for value in query.sort], USER_KEY)
        paging = Paging(limit=query.limit, offset=query.offset, cursor=query.cursor)
        return await self.page(found, order, paging, count=True)
