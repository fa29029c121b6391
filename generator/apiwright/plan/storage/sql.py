"""SQL as text: values and names quoted, and names found or replaced in an expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from apiwright import names

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_$]*|.""", re.DOTALL)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def quoted(text: str) -> str:
    """A text as an SQL literal (PostgreSQL, section 4.1.2.1; backslashes are plain text)."""
    return "'" + text.replace("'", "''") + "'"


def name_quoted(name: str) -> str:
    """A name as SQL, quoted where it has to be."""
    plain = name.replace("_", "a").isalnum() and name.islower() and not name[0].isdigit()
    return name if plain and name not in _SQL_WORDS else '"' + name.replace('"', '""') + '"'


# All keywords but the unreserved ones, as quote_ident() has it (PostgreSQL 18, appendix C).
_KEYWORDS = """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
    boolean both case cast char character check coalesce collate collation column concurrently
    constraint create cross current_date current_role current_schema current_time
    current_timestamp current_user dec decimal default deferrable desc distinct do else end
    except exists extract false fetch float for foreign freeze from full grant greatest group
    grouping having ilike in initially inner inout int integer intersect interval into is isnull
    join json json_array json_arrayagg json_exists json_object json_objectagg json_query
    json_scalar json_serialize json_table json_value lateral leading least left like limit
    localtime localtimestamp merge_action national natural nchar none normalize not notnull null
    nullif numeric offset on only or order out outer overlaps overlay placing position precision
    primary real references returning right row select session_user setof similar smallint some
    substring symmetric system_user table tablesample then time timestamp to trailing treat trim
    true union unique user using values varchar variadic verbose when where window with
    xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
    xmlserialize xmltable
"""
_SQL_WORDS = frozenset(_KEYWORDS.split())


def script(lines: str) -> str:
    """A block of PL/pgSQL as a statement, between dollar quotes that nothing in it can close."""
    tag, number = "$apiwright$", 0
    while tag in lines:
        number += 1
        tag = f"$apiwright{number}$"
    return f"DO {tag}\n{lines}\n{tag}"


def guard_name(table: str) -> str:
    """What the trigger that keeps the rows of a table as they are, and its function, are called."""
    return name_quoted(names.sql(f"{table}_append_only"))


def guarded(table: str) -> tuple[str, ...]:
    """The statements after which the rows of a table can't be changed or deleted.

    A trigger and no revoked rights: it binds the owner of the table as well, as whom most services
    connect.
    """
    name, refusal = guard_name(table), quoted(f"the rows of {table} are not to be changed")
    body = f"BEGIN RAISE EXCEPTION USING MESSAGE = {refusal}, ERRCODE = '23001'; END"
    when = f"BEFORE UPDATE OR DELETE ON {name_quoted(table)} FOR EACH ROW"
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {quoted(body)}",
        f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()",
    )


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
