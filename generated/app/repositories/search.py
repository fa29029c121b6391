"""Search in lists, and in the words of text columns by PostgreSQL's own full-text search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Dialect,
    Float,
    Integer,
    Numeric,
    TypeDecorator,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute
from typing_extensions import override

WORD = re.compile(r"\w+")
LEAST, MOST = -(2**31), 2**31 - 1
"""What an integer of 32 bits can be."""


class Exact(TypeDecorator[Decimal]):
    """A number with all of its digits, as many as there are."""

    impl = Numeric
    cache_ok = True

    @override
    def process_bind_param(self, value: float | Decimal | None, dialect: Dialect) -> Decimal | None:
        """What PostgreSQL is sent: of a double, the digits that it was written with."""
        return Decimal(repr(value)) if isinstance(value, float) else value


def wide(value: Any) -> ColumnElement[Any]:
    """An integer that need not fit into the column that it is compared with.

    Indexes serve as before: PostgreSQL compares integers of all widths in the same order.
    """
    return type_coerce(value, BigInteger())


def exact(value: Any) -> ColumnElement[Any]:
    """A number that need not fit into the column that it is compared with.

    It is not rounded to the digits of the column, as a value that is stored would be. An index
    serves where the column has fractions as well.
    """
    return type_coerce(value, Exact())


def holds(items: InstrumentedAttribute[Any], item: Any) -> ColumnElement[bool]:
    """That a list has an item."""
    return items.contains(_listed(items, [item]))


def holds_any(items: InstrumentedAttribute[Any], wanted: Sequence[Any]) -> ColumnElement[bool]:
    """That a list has one of some items."""
    found: ColumnElement[bool] = items.overlap(_listed(items, wanted))
    return found


def _listed(items: InstrumentedAttribute[Any], wanted: Sequence[Any]) -> ColumnElement[Any]:
    """A list of the type of another; what that can't hold is null, which is in no list."""
    kind = items.type.item_type
    if isinstance(kind, Numeric) and not isinstance(kind, Float):
        return cast(array([exact(item) for item in wanted]), ARRAY(Numeric()))
    if isinstance(kind, Integer) and not isinstance(kind, BigInteger):
        wanted = [case((_fits(item), cast(wide(item), Integer()))) for item in wanted]
    return cast(array(wanted), items.type)


def _fits(item: Any) -> ColumnElement[bool]:
    return wide(item).between(literal_column(str(LEAST)), literal_column(str(MOST)))


def matches(words_of_row: str, asked: str) -> ColumnElement[bool]:
    """That every word that is asked for begins a word of the row.

    `words_of_row` is the expression that the index covers. A text without words matches nothing.
    In a statement that is made before anybody asks, a parameter stands for the `prefixes`.
    """
    wanted = asked if isinstance(asked, BindParameter) else prefixes(asked)
    query = func.to_tsquery(literal_column("'simple'"), wanted)
    return literal_column(words_of_row).bool_op("@@")(query)


def prefixes(asked: str) -> str:
    """The words of a text as PostgreSQL looks for their beginnings; empty where it has none."""
    return " & ".join(f"{word}:*" for word in WORD.findall(asked))
