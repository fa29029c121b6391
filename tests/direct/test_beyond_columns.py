"""Filters take what the contract lets clients ask for, also what no column can hold."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from apiwright.local import Servers
from tests.direct.conftest import Both
from tests.support.running import scratch_database

PLAIN: Mapping[str, Any] = {
    "note": None, "number": 0, "small": 0, "double": 0.5, "amount": "0.50", "price": 0.5,
    "flag": True, "day": "2026-01-15", "moment": None, "raw": "", "free": {}, "state": "new",
    "counts": [], "key": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip
WORD = "beyond"
STORED: Mapping[str, list[Any]] = {
    "number": [-(2**63), -1, 0, 5, 2**63 - 1],
    "small": [-(2**31), None, 0, 5, 2**31 - 1],
    "double": [-1e308, -0.5, 0.0, 5.0, 1e308],
    "amount": ["-99999999.99", "0.00", "5.00", "5.01", "99999999.99"],
    "price": [None, 0, 5, 5.01, 1000000],
}
FIXED = ["0", "5", "-1"]
ASKED: Mapping[str, list[str]] = {
    "number": [*FIXED, str(2**63 - 1), str(-(2**63))],
    "small": [
        *FIXED,
        *(str(sign * 2**31 + at) for sign in (-1, 1) for at in (-1, 0, 1)),
        str(2**63 - 1),
    ],
    "double": [*FIXED, "0.5", "1" + "0" * 300, "1e400", "-1e999"],
    "amount": [*FIXED, "5.005", "5.004", "100000000", "-100000000.00", "1" * 40],
    "price": [*FIXED, "5.005", "5.01", "1e400", "-1e999"],
}
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


@pytest.fixture(scope="module")
def stored(both: Both) -> Mapping[str, Mapping[str, Decimal | None]]:
    """Rows that hold the least and the most of everything, by their titles."""
    rows = {}
    for place in range(5):
        values = {name: found[place] for name, found in STORED.items()}
        title = f"{WORD} {place}"
        both.made("/samples", {**PLAIN, **values, "title": title, "words": [WORD]}, directly=True)
        rows[title] = {
            name: None if value is None else Decimal(str(value)) for name, value in values.items()
        }
    return rows


def found(both: Both, query: str) -> set[str]:
    """The titles of the rows that both ways find."""
    return {row["title"] for row in both.get(f"/numbers?word={WORD}&{query}")}


@pytest.mark.parametrize("name", STORED)
def test_numbers_are_compared_as_numbers(
    both: Both, stored: Mapping[str, Mapping[str, Decimal | None]], name: str
) -> None:
    """Whatever they are compared with."""
    for text in ASKED[name]:
        for compare, holds in COMPARED.items():
            right = {
                title
                for title, row in stored.items()
                if (value := row[name]) is not None and holds(value, Decimal(text))
            }
            assert found(both, f"{name}_{compare}={text}") == right, (name, compare, text)


@pytest.mark.parametrize("name", STORED)
def test_lists_may_hold_what_no_column_can(
    both: Both, stored: Mapping[str, Mapping[str, Decimal | None]], name: str
) -> None:
    """It is not found; all else is."""
    asked = "&".join(f"{name}_in={text}" for text in ASKED[name])
    numbers = {Decimal(text) for text in ASKED[name]}
    right = {title for title, row in stored.items() if row[name] in numbers}
    assert found(both, asked) == right
    assert found(both, f"{name}_in=4&{name}_in=6") == set()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("number_near=4.5", 2),
        ("number_near=-1.5", 4),
        ("number_near=1e300", 0),
        ("small_near=5.5", 3),
        ("small_near=-1e300", 0),
        ("small_about=5.0", 1),
        ("small_about=5.5", 0),
    ],
)
def test_integers_may_be_compared_with_fractions(
    both: Both, stored: object, query: str, count: int
) -> None:
    """They are numbers as well; so are the items of a list."""
    assert len(found(both, query)) == count


def test_keys_and_lists_of_rows_as_well(both: Both) -> None:
    """A key that no row can have is the key of none, and an item of no list is in none."""
    slot = {"number": 2**31 - 1, "sizes": [5, -(2**31)], "costs": ["5.01"]}
    assert both.made("/slots", slot, directly=True) == both.get(f"/slots/{slot['number']}")
    for key in (-1, 2**31, -(2**63), 2**63 - 1):
        for client in (both.direct, both.typed):
            assert client.get(f"/slots/{key}").status_code == 404
    for query in ("size=5", f"any_size={2**40}&any_size=5", "cost=5.010", "any_cost=5.01"):
        assert both.get(f"/slots?{query}") == [slot], query
    beyond = ("size=6", f"size={2**31}", f"any_size={2**40}", "cost=5.005", f"any_cost={'9' * 40}")
    for query in beyond:
        assert both.get(f"/slots?{query}") == [], query


INDEXED = """
    CREATE TABLE numbers (small integer, price numeric(10, 2), number bigint);
    CREATE INDEX ON numbers (small);
    CREATE INDEX ON numbers (price);
    INSERT INTO numbers SELECT n, n / 100.0, n FROM generate_series(1, 20000) n;
    ANALYZE numbers;
"""


def test_indexes_serve_as_before(servers: Servers) -> None:
    """PostgreSQL compares a column with what is wider by the index of the column."""
    asked = (
        "small = $1::BIGINT",
        "small > $1::BIGINT",
        "small IN ($1::BIGINT)",
        "price > $1::NUMERIC",
    )

    async def plans(url: str) -> list[str]:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(INDEXED)
            return [
                "\n".join(
                    row[0]
                    for row in await connection.fetch(
                        f"EXPLAIN SELECT number FROM numbers WHERE {condition}", 19_990
                    )
                )
                for condition in asked
            ]
        finally:
            await connection.close()

    with scratch_database(servers) as url:
        for plan in asyncio.run(plans(url)):
            assert "Index Cond" in plan, plan
