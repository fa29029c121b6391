"""From the schema of a value to the type of the column that stores it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from apiwright.ir.schemas import Json, NamedSchema, Schema
from apiwright.ir.shapes import flat
from apiwright.ir.storage import ColumnType

_STRINGS: Mapping[str, ColumnType] = {
    "uuid": ColumnType.UUID,
    "date": ColumnType.DATE,
    "date-time": ColumnType.TIMESTAMP,
    "byte": ColumnType.BYTES,
    "decimal": ColumnType.DECIMAL,
}
_FRACTION = re.compile(r"(?:\\\.|\[\.\])(?:\[0-9\]|\\d)\{(?:\d+,)?(\d+)\}\)?\??\$$")
_WHOLE = re.compile(r"\[1-9\](?:\[0-9\]|\\d)\{\d+,(\d+)\}|(?:\[0-9\]|\\d)\{\d+,(\d+)\}")
_DIGITS = 38
"""How many digits a decimal column keeps where the contract doesn't limit it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a column: of its values, or (`array`) of their items."""

    type: ColumnType
    array: bool = False
    precision: int | None = None
    scale: int | None = None


def kind_of(schema: Schema, named: Mapping[str, NamedSchema]) -> Kind:
    """The type of the column for values of `schema`.

    Objects, mixtures of types and whatever the schema leaves open become JSON; an array of plain
    values becomes an array.
    """
    whole = flat(schema, named)
    types = [kind for kind in whole.types if kind != "null"]
    if types == ["array"] and whole.items is not None:
        inner = kind_of(whole.items, named)
        nullable = "null" in flat(whole.items, named).types
        plain = inner.type is not ColumnType.JSON and not inner.array and not nullable
        return Kind(inner.type, True, inner.precision, inner.scale) if plain else _JSON
    if types == ["string"]:
        return _string(whole)
    if types == ["integer"]:
        small = whole.format in {"int32", "int16", "int8"}
        return Kind(ColumnType.INT32 if small else ColumnType.INT64)
    if types and set(types) <= {"integer", "number"}:
        return _number(whole)
    return Kind(ColumnType.BOOLEAN) if types == ["boolean"] else _JSON


_JSON = Kind(ColumnType.JSON)


def _string(whole: Schema) -> Kind:
    found = _STRINGS.get(whole.format, ColumnType.TEXT)
    if found is not ColumnType.DECIMAL:
        return Kind(found)
    pattern = str(whole.keywords.get("pattern", ""))
    fraction, before = _FRACTION.search(pattern), _WHOLE.search(pattern)
    if fraction is None:
        return Kind(ColumnType.DECIMAL)
    scale = int(fraction[1])
    if before is None or before.start() >= fraction.start():
        return Kind(ColumnType.DECIMAL, False, _DIGITS, scale)
    digits = int(before[1]) + 1 if before[1] else int(before[2])
    return Kind(ColumnType.DECIMAL, False, digits + scale, scale)


def _number(whole: Schema) -> Kind:
    step = whole.keywords.get("multipleOf")
    if whole.format != "decimal" and not (step and Decimal(str(step)) % 1):
        return Kind(ColumnType.DOUBLE)
    if step is None:
        return Kind(ColumnType.DECIMAL)
    scale = max(-_exponent(step), 0)
    limits = [whole.keywords.get(word) for word in ("maximum", "minimum")]
    if None in limits:
        return Kind(ColumnType.DECIMAL, False, _DIGITS, scale)
    digits = max(len(str(int(abs(Decimal(str(limit)))))) for limit in limits)
    return Kind(ColumnType.DECIMAL, False, digits + scale, scale)


def _exponent(value: Json) -> int:
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
