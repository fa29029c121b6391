"""Search in lists, and in the words of text columns by PostgreSQL's own full-text search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, cast, func, literal_column
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute

WORD = re.compile(r"\w+")


def holds(items: InstrumentedAttribute[Any], item: Any) -> ColumnElement[bool]:
    """That a list has an item."""
    return items.contains(cast(array([item]), items.type))


def holds_any(items: InstrumentedAttribute[Any], wanted: Sequence[Any]) -> ColumnElement[bool]:
    """That a list has one of some items."""
    found: ColumnElement[bool] = items.overlap(cast(array(wanted), items.type))
    return found


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
