"""Lists of a table with a million rows: every filter and order has its index, pages stay cheap."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from apiwright.local import Servers
from tests.support.running import ROOT, run_python, scratch_database, service_environ

ROWS = 1_000_000
HERE = Path(__file__).parent
OWNER = "00000000-0000-0000-0000-000000000007"
ORDERS = ["created_at", "-created_at", "price", "-price", "title", "-title"]
FILTERS: list[dict[str, Any]] = [
    {"owner_id": OWNER},
    {"status": "sold_out"},
    {"tag": "tag7"},
    {"min_price": "9999.00"},
    {"max_price": "1.00"},
    {"min_price": "100.00", "max_price": "101.00"},
    {"created_from": "2026-01-01T00:00:00Z", "created_to": "2026-01-01T01:00:00Z"},
    {"q": "word4711"},
]
FILL = f"""
    INSERT INTO users (id, email, full_name, password_hash)
    SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
        'u' || n || '@example.com', 'User ' || n, 'x' FROM generate_series(0, 999) n;
    INSERT INTO items (title, description, price, quantity, status, tags, owner_id, created_at)
    SELECT 'Thing ' || n::bigint * 7919 % {ROWS}, 'A thing with word' || n % 5000,
        n % 1000000 / 100.0,
        n % 10, CASE n % 100 WHEN 0 THEN 'sold_out' WHEN 1 THEN 'draft' ELSE 'available' END,
        ARRAY['tag' || n % 500],
        ('00000000-0000-0000-0000-' || lpad((n % 1000)::text, 12, '0'))::uuid,
        '2026-02-01T00:00:00Z'::timestamptz - n * interval '10 seconds'
    FROM generate_series(1, {ROWS}) n;
"""


@pytest.fixture(scope="module")
def environ(servers: Servers) -> Iterator[dict[str, str]]:
    """The environment of the reference service on a database with many rows."""
    with scratch_database(servers) as url:
        found = service_environ(url)
        run_python(ROOT / "generated", found, "-m", "alembic", "upgrade", "head")
        asyncio.run(fill(url))
        yield found


async def fill(url: str) -> None:
    """Make the rows, and let PostgreSQL look at them."""
    connection = await asyncpg.connect(url)
    await connection.execute(FILL)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def explained(environ: dict[str, str], *queries: dict[str, Any]) -> list[dict[str, Any]]:
    """How each query is run."""
    done = subprocess.run(
        [sys.executable, str(HERE / "plans.py")],
        cwd=ROOT / "generated",
        env={**environ, "PYTHONPATH": "."},
        input="\n".join(json.dumps(query) for query in queries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_no_list_reads_the_whole_table(environ: dict[str, str]) -> None:
    """Each filter, each order, and each filter in each order: none scans the table."""
    queries = [
        *FILTERS,
        *({"sort": [order]} for order in ORDERS),
        *({**rule, "sort": [order]} for rule in FILTERS for order in ORDERS),
        {"offset": 10_000, "limit": 100},
    ]
    for query, found in zip(queries, explained(environ, *queries), strict=True):
        read = [scan for scan in found["scans"] if scan == "Seq Scan items"]
        assert not read, (query, found["scans"])


def test_a_page_deep_in_the_table_costs_what_the_first_one_does(environ: dict[str, str]) -> None:
    """By cursor; measured in blocks that PostgreSQL looks at."""
    url = environ["DATABASE_URL"]
    for order, column in (("-created_at", "created_at"), ("price", "price"), ("title", "title")):
        cursor = asyncio.run(cursor_amid(url, order, column))
        first, deep = explained(environ, {"sort": [order]}, {"sort": [order], "cursor": cursor})
        assert deep["blocks"] <= first["blocks"] * 1.5 + 4, (order, first, deep)


async def cursor_amid(url: str, order: str, column: str) -> str:
    """The cursor of a row in the middle of the table."""
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(
        f"SELECT {column} AS value, id FROM items ORDER BY {column}, id OFFSET {ROWS // 2} LIMIT 1"
    )
    await connection.close()
    sign = "-" if order.startswith("-") else ""
    value = row["value"].isoformat() if column == "created_at" else str(row["value"])
    text = json.dumps([f"{order},{sign}id", value, str(row["id"])], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
