"""A warehouse: a service with rows in bulk and exports, running."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    ROOT,
    Running,
    running_service,
    scratch_database,
    service_environ,
)

FILL = """
    INSERT INTO parts (sku, name, price, quantity, owner_id, note)
    SELECT $2 || n, 'Part ' || n, n % 1000 / 100.0, n % 7, (SELECT id FROM keepers LIMIT 1),
        CASE n % 3 WHEN 0 THEN 'a, "b" ' || n END
    FROM generate_series(1, $1) n
"""
PASSWORD = "correct horse battery staple"
READERS_TIME = 5
"""Seconds within which a client has to take something of its answer."""


@dataclass(frozen=True)
class Warehouse:
    """The service, and who may work there."""

    running: Running

    def ask(self, statement: str, *arguments: object) -> Any:
        """What the database says."""

        async def asked() -> Any:
            connection = await asyncpg.connect(self.running.environ["DATABASE_URL"])
            try:
                return await connection.fetchval(statement, *arguments)
            finally:
                await connection.close()

        return asyncio.run(asked())

    def fill(self, rows: int, sku: str = "S") -> None:
        """Store parts of the first keeper."""
        self.ask(FILL, rows, sku)

    @contextmanager
    def keeper(self, name: str) -> Iterator[httpx2.Client]:
        """Somebody with an account, signed in."""
        grant = {"username": f"{name}@example.com", "password": PASSWORD}
        with httpx2.Client(base_url=self.running.url, timeout=60) as client:
            joined = client.post(
                "/keepers", json={"email": grant["username"], "password": PASSWORD}
            )
            assert joined.status_code in {201, 409}, joined.text
            answer = client.post("/token", data=grant)
            assert answer.status_code == 200, answer.text
            token = answer.json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client

    def peak(self) -> int:
        """The most memory that the process has had since the last call, in bytes."""
        process = Path("/proc") / str(self.running.pid)
        [found] = [
            line for line in (process / "status").read_text().splitlines() if "VmHWM" in line
        ]
        (process / "clear_refs").write_text("5")
        return int(found.split()[1]) * 1024


@contextmanager
def open_warehouse(servers: Servers, folder: Path) -> Iterator[Warehouse]:
    """The service of `tests/services/warehouse.yaml`, made in `folder`."""
    contract = ROOT / "tests" / "services" / "warehouse.yaml"
    succeeded(apiwright(folder, "init", "warehouse", "--from", str(contract)))
    with scratch_database(servers) as url:
        keys = json.dumps({"tests": secrets.token_urlsafe(48)})
        environ = service_environ(url, JWT_KEYS=keys, SEND_TIMEOUT=str(READERS_TIME))
        with running_service(folder / "warehouse" / "generated", environ, folder) as running:
            yield Warehouse(running)


@dataclass(frozen=True)
class Measured:
    """What an export took: seconds until its first bytes, its lines, and bytes of memory."""

    first: float
    lines: int
    growth: int


def measured(warehouse: Warehouse, media_type: str) -> Measured:
    """All parts, as one media type; the memory is what the process needed more than before."""
    accept = {"Accept": media_type}
    warehouse.peak()
    with httpx2.Client(base_url=warehouse.running.url, timeout=120) as client:
        client.get("/parts/export", params={"min_price": "9999.00"}, headers=accept)
        before = warehouse.peak()
        begun = time.perf_counter()
        with client.stream("GET", "/parts/export", headers=accept) as answer:
            assert answer.status_code == 200
            first, lines = 0.0, 0
            for piece in answer.iter_bytes():
                first = first or time.perf_counter() - begun
                lines += piece.count(b"\n")
    return Measured(first, lines, warehouse.peak() - before)
