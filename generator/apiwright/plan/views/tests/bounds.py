"""Values that a column refuses, and the constraint that refuses each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.ir.schemas import Json
from apiwright.ir.storage import Column, ColumnType, Entity
from apiwright.plan.storage.build import told_by_type

_LONGEST = 100_000
_TEXTS = ("", "!", "~ ~", "0", "x")
_NUMBERS = frozenset({ColumnType.INT32, ColumnType.INT64, ColumnType.DOUBLE})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value for a column, and the name of the one constraint that it violates."""

    value: Json
    constraint: str


def broken_rules(column: Column, value: Json) -> tuple[str, ...]:
    """The checks of the column that a value violates, by the ends of their names."""
    if value is None:
        return ()
    if column.array:
        listed = value if isinstance(value, list) else [value]
        fits = not column.enum or all(item in column.enum for item in listed)
        return () if fits else ("values",)
    if column.type is ColumnType.TEXT:
        return tuple(_of_text(column, str(value)))
    if column.type in _NUMBERS and isinstance(value, int | float):
        return tuple(_of_number(column, value))
    return ()


def refusals(column: Column, entity: Entity) -> Iterator[Refusal]:
    """A value for each check of the column, as far as one violates that check alone."""
    found: dict[str, Json] = {}
    for value in _candidates(column):
        rules = broken_rules(column, value)
        if len(rules) == 1 and not told_by_type(column).intersection(rules):
            found.setdefault(rules[0], value)
    for rule, value in found.items():
        yield Refusal(value, names.sql(f"ck_{entity.table}_{column.name}_{rule}"))


def _of_text(column: Column, text: str) -> Iterator[str]:
    bounds = column.bounds
    if column.enum and text not in column.enum:
        yield "values"
    if bounds.min_length and len(text) < bounds.min_length:
        yield "min_length"
    if bounds.max_length is not None and len(text) > bounds.max_length:
        yield "max_length"
    if bounds.pattern and not _matches(bounds.pattern, text):
        yield "pattern"


def _of_number(column: Column, value: float) -> Iterator[str]:
    bounds = column.bounds
    if isinstance(bounds.minimum, int | float) and value < bounds.minimum:
        yield "minimum"
    if isinstance(bounds.exclusive_minimum, int | float) and value <= bounds.exclusive_minimum:
        yield "exclusive_minimum"
    if isinstance(bounds.maximum, int | float) and value > bounds.maximum:
        yield "maximum"
    if isinstance(bounds.exclusive_maximum, int | float) and value >= bounds.exclusive_maximum:
        yield "exclusive_maximum"


def _candidates(column: Column) -> Iterator[Json]:
    bounds = column.bounds
    if column.array:
        yield ["no such value"]
    elif column.type is ColumnType.TEXT:
        yield "no such value"
        yield from _TEXTS
        if bounds.max_length is not None and bounds.max_length < _LONGEST:
            yield "x" * (bounds.max_length + 1)
    elif column.type in _NUMBERS:
        for limit in (bounds.minimum, bounds.exclusive_minimum):
            if isinstance(limit, int | float) and _is_stored(column, limit - 1):
                yield limit - 1
        for limit in (bounds.maximum, bounds.exclusive_maximum):
            if isinstance(limit, int | float) and _is_stored(column, limit + 1):
                yield limit + 1


def _is_stored(column: Column, value: float) -> bool:
    """Whether the type itself, apart from its checks, has room for a value."""
    if column.type is ColumnType.DOUBLE:
        return True
    bits = 31 if column.type is ColumnType.INT32 else 63
    return float(value).is_integer() and -(2**bits) <= value < 2**bits


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False
