"""The expressions of `x-backfill`: what is read comes back quoted, anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwright.extensions.expressions import ExpressionError, names_in, parse, written
from apiwright.plan.storage.sql import name_quoted, quoted


def sql(text: str) -> str:
    """An expression as it is written back."""
    return written(parse(text), name_quoted, quoted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name", "name"),
        ("order", '"order"'),
        ('"Odd ""name"', '"Odd ""name"'),
        ("'it''s'", "'it''s'"),
        ("a || ' ' || b", "((a || ' ') || b)"),
        ("1 + 2 * 3 - -x", "((1 + (2 * 3)) - (- x))"),
        ("a || b + c", "(a || (b + c))"),
        ("(a || b)::text", "((a || b))::text"),
        ("COALESCE(a, lower(b), 'x')", "coalesce(a, lower(b), 'x')"),
        ("now()", "now()"),
        ("a::int::numeric(10, 2)", "((a)::integer)::numeric(10,2)"),
        ("a::double precision", "(a)::double precision"),
        ("a::timestamptz", "(a)::timestamp with time zone"),
        ("TRUE", "true"),
        ("nullif(trim(a), '')", "nullif(trim(a), '')"),
        ("1.50", "1.50"),
    ],
)
def test_what_is_read_is_written_back(text: str, wanted: str) -> None:
    assert sql(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends too soon"),
        ("a b", "'b' at character 3"),
        ("a;", "character 2 can't be read"),
        ("a -- b", "character 3 can't be read"),
        ("a /* b */", "'*' at character 4"),
        ("(SELECT 1)", "'1' at character 9"),
        ("pg_sleep(1)", "no function 'pg_sleep'"),
        ("lower(a, b)", "takes 1 values, and is given 2"),
        ("coalesce()", "takes 1 to 20 values"),
        ("a::regclass", "'regclass' at character 4"),
        ("a::text[]", "character 8 can't be read"),
        ("'open", "character 1 can't be read"),
        ("$1", "character 1 can't be read"),
        ("a.b", "character 2 can't be read"),
        ("e'\\n'", "''\\n'' at character 2"),
        ("'\0'", "character 1 can't be read"),
        ("a || ", "ends too soon"),
        ("(" * 50 + "a" + ")" * 50, "nested more than 40 deep"),
        ("a" * 1001, "longer than 1000"),
        ("numeric(1)", "no function 'numeric'"),
        ("a::numeric(1.5)", "'1.5' at character 12"),
        ("1e5", "character 1 can't be read"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_names_are_known() -> None:
    assert list(names_in(parse("coalesce(a, -b) || (c::text + d)"))) == ["a", "b", "c", "d"]


@given(st.text(alphabet="ab1'\"|+-*/(),: .;\\$\0\nnullower", max_size=40))
def test_whatever_is_read_is_read_again(text: str) -> None:
    """What is written back means the same, and so holds nothing that could end it early."""
    try:
        once = sql(text)
    except ExpressionError:
        return
    assert parse(once) == parse(sql(once))
    assert ";" not in once or "'" in once or '"' in once
