"""Services, worked with directly: what they do needs a unit of work, and no request."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import models
from app.config import get_settings
from app.errors import Forbidden, NotAuthenticated, NotFound
from app.limits.attempts import Attempts
from app.redis import SharedRedis
from app.services import item_service, user_service
from app.services.base import Caller, Context, Service
from app.utils.security import PasswordHasher, Tokens
from app.utils.values import sent
from tests import factories


def context(session: AsyncSession, caller: Caller | None = None) -> Context:
    """What a service works with, on behalf of nobody or of somebody."""
    settings = get_settings()
    attempts = Attempts(settings, SharedRedis(settings))
    return Context(session, settings, PasswordHasher(settings), Tokens(settings), attempts, caller)


@pytest.mark.asyncio(loop_scope="session")
async def test_read_user_needs_no_request(session: AsyncSession) -> None:
    """A row of the same unit of work is shown; one that isn't there is not found."""
    row = await factories.user_row(session, {})
    service = user_service.UserService(context(session))
    assert (await service.read_user(row.id)).id == row.id
    with pytest.raises(NotFound):
        await service.read_user(uuid4())


@pytest.mark.asyncio(loop_scope="session")
async def test_read_item_needs_no_request(session: AsyncSession) -> None:
    """A row of the same unit of work is shown; one that isn't there is not found."""
    row = await factories.item_row(session, {})
    service = item_service.ItemService(context(session))
    assert (await service.read_item(row.id)).id == row.id
    with pytest.raises(NotFound):
        await service.read_item(uuid4())


@pytest.mark.asyncio(loop_scope="session")
async def test_nobody_calls_unless_signed_in(session: AsyncSession) -> None:
    """A method that asks who calls is not for everybody."""
    with pytest.raises(NotAuthenticated):
        _ = Service(context(session)).caller


@pytest.mark.asyncio(loop_scope="session")
async def test_rows_have_owners(session: AsyncSession) -> None:
    """What belongs to others is closed, unless a scope opens it."""
    account = await factories.user_row(session, {})
    service = Service(context(session, Caller(account, uuid4(), frozenset({"everything"}))))
    service.require_owner(account.id)
    service.require_owner(uuid4(), unless="everything")
    for owner in (uuid4(), None):
        with pytest.raises(Forbidden):
            service.require_owner(owner, unless="nothing")
    key = models.User.id
    assert service.owned(key, unless="everything") == ()
    [condition] = service.owned(key)
    assert list(await session.scalars(select(key).where(condition))) == [account.id]


class Change(BaseModel):
    """What a client may send."""

    title: str | None = None
    note: str | None = None


def test_only_what_was_sent_counts() -> None:
    """Null is a value; what is absent stays as it was."""
    assert sent(Change()) == {}
    assert sent(Change(title=None)) == {"title": None}
    assert sent(Change(note="x")) == {"note": "x"}
