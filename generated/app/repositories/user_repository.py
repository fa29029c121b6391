"""Queries for users."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from app.models import User
from app.repositories.base import Condition, Repository
from app.repositories.search import holds, matches
from app.schemas.user import ListUsersQuery
from app.utils.pagination import Page, Paging, Step, Steps, complete

USER_KEY = Step(User.id, UUID)

LIST_USERS_STEPS = {
    "created_at": Step(User.created_at, datetime),
    "-created_at": Step(User.created_at, datetime, descending=True),
    "email": Step(User.email, str),
    "-email": Step(User.email, str, descending=True),
    "full_name": Step(User.full_name, str),
    "-full_name": Step(User.full_name, str, descending=True),
}


def list_users_conditions(query: ListUsersQuery) -> Iterator[Condition]:
    """What the filters of list_users ask of a row."""
    if query.role is not None:
        yield holds(User.roles, query.role)
    if query.is_active is not None:
        yield User.is_active == query.is_active
    if query.q is not None:
        yield matches("to_tsvector('simple', (email || ' ') || full_name)", query.q)


def list_users_order(query: ListUsersQuery) -> Steps:
    """The order that list_users asks for."""
    return complete([LIST_USERS_STEPS[value] for value in query.sort], USER_KEY)


def list_users_paging(query: ListUsersQuery) -> Paging:
    """The page that list_users asks for."""
    return Paging(limit=query.limit, offset=query.offset, cursor=query.cursor)


class UserRepository(Repository[User]):
    """The users in the database."""

    model = User

    async def list_users(self, query: ListUsersQuery, *conditions: Condition) -> Page[User]:
        """The page that list_users asks for, of the rows that meet the conditions."""
        found = self.rows().where(*conditions, *list_users_conditions(query))
        order, paging = list_users_order(query), list_users_paging(query)
        return await self.page(found, order, paging, count=True)
