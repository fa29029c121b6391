"""Pages: whatever the order, walking from page to page shows every row once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.utils.pagination import (
    NoSuchPage,
    Paging,
    Steps,
    complete,
    cursor_after,
    read_cursor,
)
from tests.sample import KEY, ORDERS, STEPS, Sample, SampleRepository, down, fill, sample

each_order = pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)


@each_order
@pytest.mark.asyncio(loop_scope="session")
async def test_pages_follow_each_other(session: AsyncSession, order: Steps) -> None:
    """All pages together are the list, as the database orders it."""
    await fill(session, 11)
    repository = SampleRepository(session)
    cursor: str | None = None
    walked: list[Sample] = []
    while True:
        page = await repository.page(repository.rows(), order, Paging(3, cursor=cursor))
        walked += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.rows) == 3
    whole = select(Sample).order_by(*(step.ordering for step in order))
    assert walked == list(await session.scalars(whole))


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_can_be_counted_off(session: AsyncSession) -> None:
    """An offset leaves rows out, and the total tells how many there are without it."""
    rows = await fill(session, 5)
    repository = SampleRepository(session)
    paging = Paging(2, offset=3)
    page = await repository.page(repository.rows(), ORDERS["key"], paging, count=True)
    assert list(page.rows) == rows[3:]
    assert page.total == 5
    assert page.next_cursor is None


@each_order
def test_cursors_carry_values_exactly(order: Steps) -> None:
    """What is written into a cursor is read from it, digit for digit."""
    for row in (sample(1), sample(3)):
        cursor = cursor_after(order, row)
        assert read_cursor(order, cursor) == [getattr(row, step.column.key) for step in order]
        assert cursor.replace("-", "a").replace("_", "a").isalnum()


def test_an_order_names_a_column_once() -> None:
    """Sorting by the same column twice is sorting by it once, and the key comes last."""
    order = complete([STEPS["text"], down(STEPS["text"]), KEY], KEY)
    assert [step.column.key for step in order] == ["title", "id"]


def cursor_of(value: Any) -> str:
    """Anything, written as cursors are."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "\u00fc",
        cursor_after(ORDERS["key"], sample(1)),
        cursor_after(ORDERS["-date"], sample(1)),
        cursor_after(ORDERS["date"], sample(1))[:-3],
        cursor_of([]),
        cursor_of({}),
        cursor_of(17),
        cursor_of(["day,id", "2026-01-15"]),
        cursor_of(["day,id", "2026-01-15", 1, 2]),
        cursor_of(["day,id", "no date", 1]),
        cursor_of(["day,id", None, 1]),
        cursor_of(["day,id", "2026-01-15", {}]),
    ],
)
def test_other_cursors_lead_nowhere(cursor: str) -> None:
    """A cursor that was made up, cut off, or meant for another order, is not guessed at."""
    with pytest.raises(NoSuchPage):
        read_cursor(ORDERS["date"], cursor)
