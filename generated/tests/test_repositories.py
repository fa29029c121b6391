"""Repositories: what all of them can do with rows, and how text is searched."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Integer, Numeric, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.errors import NotFound
from app.repositories.search import exact, holds, holds_any, matches, wide
from tests.sample import Sample, SampleRepository, fill, sample

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_rows_are_found_by_conditions(session: AsyncSession) -> None:
    """A row that is there is found, locked or not; one that isn't is None, or NotFound."""
    rows = await fill(session, 2)
    repository = SampleRepository(session)
    assert await repository.find(Sample.id == 1) is rows[1]
    assert await repository.get(Sample.id == 0, lock=True) is rows[0]
    assert await repository.find(Sample.id == 2) is None
    with pytest.raises(NotFound):
        await repository.get(Sample.id == 1, Sample.flag.is_(True))


async def test_what_the_database_fills_in_comes_back(session: AsyncSession) -> None:
    """After a write, a row is as the database has it, without asking again."""
    await fill(session, 0)
    repository = SampleRepository(session)
    row = await repository.add(sample(1))
    assert row.shouted == "B\u00dc%"
    assert (await repository.change(row, {"title": "z", "nickname": None})).shouted == "Z"
    found = await session.scalars(select(Sample).execution_options(populate_existing=True))
    assert [(one.title, one.nickname) for one in found] == [("z", None)]


async def test_relations_come_with_a_write(session: AsyncSession) -> None:
    """What is shown of a row after a write may stand in other rows; they are loaded as they are."""
    rows = await fill(session, 2)
    repository = SampleRepository(session)
    loads = (selectinload(Sample.twin),)
    changed = await repository.change(rows[1], {"twin_id": 0}, loads=loads)
    assert changed.twin is rows[0]
    assert (await repository.change(changed, {"twin_id": None}, loads=loads)).twin is None


async def test_rows_can_be_removed(session: AsyncSession) -> None:
    """What is removed is not found any more."""
    rows = await fill(session, 2)
    repository = SampleRepository(session)
    await repository.remove(rows[0])
    assert await repository.find(Sample.id == 0) is None
    assert await repository.find(Sample.id == 1) is not None


async def test_lists_are_searched_for_items(session: AsyncSession) -> None:
    """A row is found by one item of a list, or by any of several; by none of none."""
    await fill(session, 4)
    for condition, keys in (
        (holds(Sample.words, "even"), [0, 2]),
        (holds(Sample.words, "odd"), []),
        (holds_any(Sample.words, ["number 1", "number 3", "number 5"]), [1, 3]),
        (holds_any(Sample.words, []), []),
    ):
        found = select(Sample.id).where(condition).order_by(Sample.id)
        assert list(await session.scalars(found)) == keys


async def test_numbers_are_compared_whatever_fits(session: AsyncSession) -> None:
    """What is wider than a column is neither refused nor rounded; doubles keep their digits."""
    small, price = literal(5, Integer()), literal(Decimal("5.01"), Numeric(4, 2))
    for condition, holding in (
        (small < wide(2**40), True),
        (small > wide(-(2**40)), True),
        (small == wide(5), True),
        (small >= exact(5.5), False),
        (price == exact(Decimal("5.005")), False),
        (price == exact(5.01), True),
        (price < exact(Decimal(10**30)), True),
    ):
        assert await session.scalar(select(condition)) is holding, str(condition)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("lamp", True),
        ("LAM", True),
        ("lamp brass", True),
        ("amp", False),
        ("lamp chair", False),
        ("", False),
        ("&|!:*()<->'\\", False),
        ("lamp & !brass", True),
        ("lamp:*'", True),
    ],
)
async def test_words_are_searched_by_their_beginnings(
    session: AsyncSession, asked: str, found: bool
) -> None:
    """Every word that is asked for has to begin one of the text; nothing is an operator."""
    words = "to_tsvector('simple', 'Brass desk lamp')"
    assert await session.scalar(select(matches(words, asked))) is found
