"""Whether what a client may ask for fits into the column that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apiwright.code import Code, compose
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.shapes import flat
from apiwright.ir.storage import Column, ColumnType
from apiwright.understand.column_types import Kind, kind_of

WIDE: Final = "wide"
EXACT: Final = "exact"
_WHOLE = frozenset({ColumnType.INT32, ColumnType.INT64})
_FRACTIONS = frozenset({ColumnType.DECIMAL, ColumnType.DOUBLE})


def width_beyond(schema: Schema, column: Column, named: Mapping[str, NamedSchema]) -> str:
    """How the value of a parameter is to be read that may be beyond a column; "" where it fits.

    Integers are never beyond 64 bits: the served contract says so of all of them.
    """
    whole = flat(schema, named)
    kind = kind_of(whole.items if whole.items is not None else whole, named)
    if kind.type not in _WHOLE | _FRACTIONS:
        return ""
    if column.type in _WHOLE:
        if kind.type in _FRACTIONS:
            return EXACT
        wider = kind.type is ColumnType.INT64 or column.stored_as == "smallint"
        return WIDE if wider and _is_narrow(column) else ""
    if column.type is ColumnType.DECIMAL and not _fits(kind, column):
        return EXACT
    return ""


def of_any_width(value: Code, column: Column) -> Code:
    """What a client names a row by: it may be beyond the column, and is then the name of none."""
    return compose("wide({})", value) if _is_narrow(column) else value


def _is_narrow(column: Column) -> bool:
    """Whether a column holds integers of less than 64 bits."""
    if column.stored_as:
        return column.stored_as in {"integer", "smallint"}
    return column.type is ColumnType.INT32


def _fits(kind: Kind, column: Column) -> bool:
    """Whether all digits that a value may have are kept in a column of decimal numbers."""
    if column.precision is None:
        return kind.type is ColumnType.DECIMAL
    if kind.type is not ColumnType.DECIMAL or kind.precision is None:
        return False
    scale, kept = kind.scale or 0, column.scale or 0
    return scale <= kept and kind.precision - scale <= column.precision - kept
