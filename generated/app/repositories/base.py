"""What every repository has: finding, adding, changing and paging the rows of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.interfaces import ORMOption

from app.errors import NotFound
from app.models.base import Base
from app.utils.pagination import Page, Paging, Steps, after, cursor_after, read_cursor

Row = TypeVar("Row", bound=Base)
Condition = ColumnElement[bool]


class Repository(Generic[Row]):
    """The rows of one table, within the unit of work of a session."""

    model: type[Row]

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def rows(self) -> Select[Row]:
        """Every row that is there."""
        return select(self.model)

    async def find(
        self, *conditions: Condition, lock: bool = False, loads: Sequence[ORMOption] = ()
    ) -> Row | None:
        """The row that meets the conditions, if there is one; locked against changes on demand."""
        return await self._one(self.rows(), conditions, lock=lock, loads=loads)

    async def get(
        self, *conditions: Condition, lock: bool = False, loads: Sequence[ORMOption] = ()
    ) -> Row:
        """The row that meets the conditions; raises NotFound if there is none."""
        row = await self.find(*conditions, lock=lock, loads=loads)
        if row is None:
            raise NotFound
        return row

    async def add(self, row: Row, *, loads: Sequence[ORMOption] = ()) -> Row:
        """Store a new row; it comes back with what the database has filled in."""
        self.session.add(row)
        await self.session.flush()
        return await self._reloaded(row, loads)

    async def change(
        self, row: Row, values: Mapping[str, Any], *, loads: Sequence[ORMOption] = ()
    ) -> Row:
        """Set attributes of a row and store it."""
        for name, value in values.items():
            setattr(row, name, value)
        await self.session.flush()
        return await self._reloaded(row, loads)

    async def remove(self, row: Row) -> None:
        """Delete a row."""
        await self.session.delete(row)
        await self.session.flush()

    async def page(
        self,
        found: Select[Row],
        order: Steps,
        paging: Paging,
        *,
        count: bool = False,
        loads: Sequence[ORMOption] = (),
    ) -> Page[Row]:
        """One page of the rows that `found` selects; with their number if `count` asks for it."""
        statement = found.order_by(*(step.ordering for step in order)).options(*loads)
        if paging.cursor is not None:
            statement = statement.where(after(order, read_cursor(order, paging.cursor)))
        if paging.offset:
            statement = statement.offset(paging.offset)
        rows = (await self.session.scalars(statement.limit(paging.limit + 1))).all()
        shown = rows[: paging.limit]
        more = len(rows) > paging.limit
        total = await self._count(found) if count else 0
        return Page(shown, cursor_after(order, shown[-1]) if more and shown else None, total)

    async def _count(self, found: Select[Row]) -> int:
        counted = select(func.count()).select_from(found.subquery())
        return (await self.session.execute(counted)).scalar_one()

    async def _one(
        self,
        found: Select[Row],
        conditions: Sequence[Condition],
        *,
        lock: bool = False,
        loads: Sequence[ORMOption] = (),
    ) -> Row | None:
        statement = found.where(*conditions).options(*loads)
        if lock:
            statement = statement.with_for_update(of=self.model)
        return (await self.session.scalars(statement)).one_or_none()

    async def _reloaded(self, row: Row, loads: Sequence[ORMOption]) -> Row:
        """The row with the relations that `loads` names, as they are now."""
        if loads:
            mapper = inspect(self.model)
            values = mapper.primary_key_from_instance(row)
            keys = zip(mapper.primary_key, values, strict=True)
            found = select(self.model).where(*(column == value for column, value in keys))
            fresh = found.options(*loads).execution_options(populate_existing=True)
            await self.session.scalars(fresh)
        return row
