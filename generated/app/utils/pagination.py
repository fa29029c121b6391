"""Pages: by number of rows to pass over, and by a cursor that says where the last page ended."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from sqlalchemy import ColumnElement, and_, literal, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import NotFound

Row = TypeVar("Row")


class NoSuchPage(NotFound):
    """A cursor that this list didn't give out."""

    detail = "The cursor leads nowhere"


@dataclass(frozen=True, slots=True)
class Step:
    """One column of an order. `kind` is the Python type of its values."""

    column: InstrumentedAttribute[Any]
    kind: Any
    descending: bool = False
    nullable: bool = False

    @property
    def ordering(self) -> ColumnElement[Any]:
        """The step as ORDER BY has it; PostgreSQL puts nulls behind everything else."""
        return self.column.desc() if self.descending else self.column.asc()


Steps = tuple[Step, ...]


def complete(steps: Sequence[Step], key: Step) -> Steps:
    """An order in which no two rows are equal: `steps`, then the key in the same direction."""
    columns: dict[str, Step] = {}
    for step in steps:
        columns.setdefault(step.column.key, step)
    if steps:
        key = replace(key, descending=steps[-1].descending)
    columns.setdefault(key.column.key, key)
    return tuple(columns.values())


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page a client wants: `limit` rows, after a cursor and `offset` more rows."""

    limit: int
    offset: int = 0
    cursor: str | None = None

    def __post_init__(self) -> None:
        """Less than nothing, which a contract without a minimum allows, is nothing."""
        object.__setattr__(self, "limit", max(self.limit, 0))
        object.__setattr__(self, "offset", max(self.offset, 0))


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of a page, and what is known of the others."""

    rows: Sequence[Row]
    next_cursor: str | None = None
    total: int = 0


def cursor_after(order: Steps, row: object) -> str:
    """A cursor that continues after `row`."""
    return write_cursor(order, [getattr(row, step.column.key) for step in order])


def write_cursor(order: Steps, values: Sequence[Any]) -> str:
    """A cursor that continues after the row with these values, one for each step."""
    text = to_json([_signature(order), *values])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def read_cursor(order: Steps, cursor: str) -> list[Any]:
    """The values at which the last page ended, a value for each step of the order.

    Raises NoSuchPage for a cursor that is none, or was made for another order.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        signature, *values = found
        if signature != _signature(order) or len(values) != len(order):
            raise NoSuchPage
        return [_value(step, value) for step, value in zip(order, values, strict=True)]
    except (binascii.Error, TypeError, ValidationError, RecursionError, ValueError) as error:
        raise NoSuchPage from error


def after(order: Steps, values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition that a row comes after `values` in `order`."""
    directions = {step.descending for step in order}
    if len(directions) == 1 and not any(step.nullable for step in order):
        columns, bounds = tuple_(*(step.column for step in order)), tuple_(*values)
        beyond: ColumnElement[bool] = columns < bounds if order[0].descending else columns > bounds
        return beyond
    choices = []
    for at, (step, value) in enumerate(zip(order, values, strict=True)):
        same = [_same(earlier, known) for earlier, known in zip(order[:at], values, strict=False)]
        choices.append(and_(*same, _beyond(step, value)))
    return or_(*choices)


def _signature(order: Steps) -> str:
    return ",".join(f"{'-' if step.descending else ''}{step.column.key}" for step in order)


def _value(step: Step, value: Any) -> Any:
    if value is None:
        if not step.nullable:
            raise NoSuchPage
        return None
    return _adapter(step.kind).validate_python(value)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _same(step: Step, value: Any) -> ColumnElement[bool]:
    return step.column.is_(None) if value is None else step.column == value


def _beyond(step: Step, value: Any) -> ColumnElement[bool]:
    """That a row comes after `value` in this step; nulls are last upwards, first downwards."""
    if value is None:
        return step.column.is_not(None) if step.descending else step.column != step.column
    # A boolean alone is no operand of these operators; a parameter is.
    bound = literal(value, step.column.type) if isinstance(value, bool) else value
    beyond: ColumnElement[bool] = step.column < bound if step.descending else step.column > bound
    if step.descending:
        return beyond
    return or_(beyond, step.column.is_(None)) if step.nullable else beyond
