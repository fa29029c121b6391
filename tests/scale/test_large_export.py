"""Exports of a million rows: little memory, and something to read at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.warehouse import Warehouse, measured, open_warehouse

ROWS = 1_000_000
MEMORY = 20_000_000
"""Bytes that the process of the service may need more than before."""

SOON = 0.1
"""Seconds until the first bytes."""


@pytest.fixture(scope="module")
def warehouse(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with many parts."""
    with open_warehouse(servers, tmp_path_factory.mktemp("export")) as found:
        with found.keeper("ada"):
            found.fill(ROWS)
        found.ask("ANALYZE parts")
        yield found


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/csv"])
def test_a_million_rows_in_constant_memory(warehouse: Warehouse, media_type: str) -> None:
    """All of them, and the process is hardly larger afterwards."""
    found = measured(warehouse, media_type)
    print(media_type, found)
    assert found.lines == ROWS + (media_type == "text/csv")
    assert found.growth < MEMORY


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/csv"])
def test_the_first_rows_come_at_once(warehouse: Warehouse, media_type: str) -> None:
    """Nobody waits for the last row to see the first one."""
    seconds = []
    with httpx2.Client(base_url=warehouse.running.url, timeout=60) as client:
        for _ in range(9):
            begun = time.perf_counter()
            with client.stream("GET", "/parts/export", headers={"Accept": media_type}) as answer:
                next(answer.iter_bytes())
                seconds.append(time.perf_counter() - begun)
    print(media_type, seconds)
    assert median(seconds) < SOON
