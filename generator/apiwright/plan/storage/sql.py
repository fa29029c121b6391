"""SQL as text: values and names quoted, and names found or replaced in an expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_$]*|.""", re.DOTALL)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def quoted(text: str) -> str:
    """A text as an SQL literal (PostgreSQL, section 4.1.2.1; backslashes are plain text)."""
    return "'" + text.replace("'", "''") + "'"


def name_quoted(name: str) -> str:
    """A name as SQL, quoted where it has to be."""
    plain = name.replace("_", "a").isalnum() and name.islower() and not name[0].isdigit()
    return name if plain and name not in _SQL_WORDS else '"' + name.replace('"', '""') + '"'


_SQL_WORDS = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "authorization",
        "binary",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "collation",
        "column",
        "concurrently",
        "constraint",
        "create",
        "cross",
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "not",
        "notnull",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "overlaps",
        "placing",
        "primary",
        "references",
        "returning",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "table",
        "tablesample",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "verbose",
        "when",
        "where",
        "window",
        "with",
    ]
)


def script(lines: str) -> str:
    """A block of PL/pgSQL as a statement, between dollar quotes that nothing in it can close."""
    tag, number = "$apiwright$", 0
    while tag in lines:
        number += 1
        tag = f"$apiwright{number}$"
    return f"DO {tag}\n{lines}\n{tag}"


def columns_in(sql: str) -> set[str]:
    """The names of columns in an expression as this package writes them."""
    return {name for _, name in _names(_TOKEN.findall(sql))}


def columns_renamed(sql: str, renamed: Mapping[str, str]) -> str:
    """An expression with columns called otherwise; text in it and functions stay as they are."""
    tokens = _TOKEN.findall(sql)
    for place, name in _names(tokens):
        if name in renamed:
            tokens[place] = name_quoted(renamed[name])
    return "".join(tokens)


def texts_in(sql: str) -> tuple[str, ...]:
    """The texts that an expression holds as literals."""
    return tuple(found.replace("''", "'") for found in _LITERAL.findall(sql))


def _names(tokens: list[str]) -> Iterator[tuple[int, str]]:
    """The places of names of columns among the tokens: no keyword (in capitals), no function."""
    for place, token in enumerate(tokens):
        if token.startswith('"'):
            yield place, token[1:-1].replace('""', '"')
        elif token[0].isalpha() or token[0] == "_":
            calls = place + 1 < len(tokens) and tokens[place + 1] == "("
            if not (token.isupper() or calls):
                yield place, token
