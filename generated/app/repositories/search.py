"""Search in the words of text columns, by PostgreSQL's own full-text search."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, false, func, literal_column

WORD = re.compile(r"\w+")


def matches(words_of_row: str, asked: str) -> ColumnElement[bool]:
    """That every word that is asked for begins a word of the row.

    `words_of_row` is the expression that the index covers. A text without words matches nothing.
    """
    terms = " & ".join(f"{word}:*" for word in WORD.findall(asked))
    if not terms:
        return false()
    query = func.to_tsquery(literal_column("'simple'"), terms)
    return literal_column(words_of_row).bool_op("@@")(query)
