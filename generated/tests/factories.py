"""Rows of each kind, with the rows that they refer to.

The values are those of the examples in `app.seed`; whatever a test names takes their place.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app import models, seed
from tests.scratch import Scratch

Row = TypeVar("Row", bound=models.Base)
Given: TypeAlias = Mapping[str, Any]
Factory: TypeAlias = Callable[[AsyncSession, Given], Awaitable[Row]]

_numbers = itertools.count()


def restart() -> None:
    """Count rows from the first again."""
    global _numbers
    _numbers = itertools.count()


class Make:
    """Stores rows in tests that are not asynchronous."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    def __call__(self, factory: Factory[Row], /, **given: Any) -> Row:
        """A new row, with what is given in place of the example's values."""
        return self._scratch.run(lambda session: factory(session, given))


async def stored(session: AsyncSession, row: Row, given: Given) -> Row:
    """The row, with what is given in it, as the database has it."""
    for name, value in given.items():
        setattr(row, name, value)
    session.add(row)
    await session.flush()
    return row


async def _one(
    session: AsyncSession, values: dict[str, Any], name: str, factory: Factory[Row]
) -> Row:
    """The row that is given under a name, or else a new one."""
    given: Row | None = values.pop(name, None)
    return given if given is not None else await factory(session, {})


async def user_row(session: AsyncSession, given: Given) -> models.User:
    """A row of users, and what it refers to."""
    values = dict(given)
    row = seed.user(
        next(_numbers),
    )
    return await stored(session, row, values)


async def item_row(session: AsyncSession, given: Given) -> models.Item:
    """A row of items, and what it refers to."""
    values = dict(given)
    row = seed.item(
        next(_numbers),
        owner=await _one(session, values, "owner", user_row),
    )
    return await stored(session, row, values)
