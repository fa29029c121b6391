"""A table of the tests' own, with a column of each kind; it lasts as long as a transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, registry, relationship

from app.models import Base
from app.repositories.base import Repository
from app.utils.pagination import Step, complete


class SampleBase(Base):
    """A base apart from that of the service's models, so that these never get to know the table."""

    __abstract__ = True
    registry = registry(metadata=MetaData(), type_annotation_map=Base.type_annotation_map)
    metadata = registry.metadata


class Sample(SampleBase):
    """A row of the table."""

    __tablename__ = "sample_of_tests"
    __table_args__ = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DROP"}

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[Decimal]
    ratio: Mapped[float]
    flag: Mapped[bool]
    day: Mapped[date]
    moment: Mapped[datetime]
    token: Mapped[UUID]
    nickname: Mapped[str | None]
    words: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    shouted: Mapped[str] = mapped_column(Computed("upper(title)"))
    twin_id: Mapped[int | None] = mapped_column(ForeignKey("sample_of_tests.id"))
    twin: Mapped[Sample | None] = relationship(remote_side=[id])


class SampleRepository(Repository[Sample]):
    """The rows of the table."""

    model = Sample


KEY = Step(Sample.id, int)
STEPS = {
    "text": Step(Sample.title, str),
    "number": Step(Sample.price, Decimal),
    "float": Step(Sample.ratio, float),
    "boolean": Step(Sample.flag, bool),
    "date": Step(Sample.day, date),
    "time": Step(Sample.moment, datetime),
    "uuid": Step(Sample.token, UUID),
    "null": Step(Sample.nickname, str, nullable=True),
}


def down(step: Step) -> Step:
    """The same step, downwards."""
    return Step(step.column, step.kind, descending=True, nullable=step.nullable)


ORDERS = {
    "key": complete([], KEY),
    **{name: complete([step], KEY) for name, step in STEPS.items()},
    **{f"-{name}": complete([down(step)], KEY) for name, step in STEPS.items()},
    "mixed": complete([down(STEPS["boolean"]), STEPS["text"]], KEY),
    "nulls": complete([STEPS["null"], down(STEPS["number"])], KEY),
}
"""Ways to order the rows: by a column of each kind, by none, by several in both directions."""


def sample(number: int) -> Sample:
    """A row, of which several have the same value in most columns, and some none."""
    return Sample(
        id=number,
        title=f"{'abc'[number % 3]}\u00fc%",
        price=Decimal(number % 4) / 10,
        ratio=number % 2 / 3,
        flag=number % 2 == 0,
        day=date(2026, 1, 1 + number % 3),
        moment=datetime(2026, 1, 15, 9, 30, tzinfo=UTC) + timedelta(microseconds=number % 5),
        token=UUID(int=number * 7919 % 11),
        nickname=None if number % 3 == 0 else "xy"[number % 2],
        words=["all", *(["even"] if number % 2 == 0 else []), f"number {number}"],
    )


async def fill(session: AsyncSession, rows: int) -> list[Sample]:
    """Make the table, with that many rows."""
    connection = await session.connection()
    await connection.run_sync(Sample.metadata.create_all)
    made = [sample(number) for number in range(rows)]
    session.add_all(made)
    await session.flush()
    return made
