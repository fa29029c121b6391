"""A warehouse, with rows in bulk and exports, that all tests of this folder share."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    ROOT,
    Running,
    running_service,
    scratch_database,
    service_environ,
)

PASSWORD = "correct horse battery staple"


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


@pytest.fixture(scope="package")
def warehouse(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The service of `tests/services/warehouse.yaml`."""
    folder = tmp_path_factory.mktemp("bulk")
    contract = ROOT / "tests" / "services" / "warehouse.yaml"
    succeeded(apiwright(folder, "init", "warehouse", "--from", str(contract)))
    with scratch_database(servers) as url:
        keys = json.dumps({"tests": secrets.token_urlsafe(48)})
        environ = service_environ(url, JWT_KEYS=keys)
        output = folder / "warehouse" / "generated"
        with running_service(output, environ, folder) as running:
            yield Warehouse(running)


@pytest.fixture
def ada(warehouse: Warehouse) -> Iterator[httpx2.Client]:
    """A keeper."""
    with warehouse.keeper("ada") as client:
        yield client


@pytest.fixture(autouse=True)
def _empty(warehouse: Warehouse) -> None:
    """Every test begins without parts."""
    warehouse.ask("TRUNCATE parts, pallets, crates, idempotency_keys RESTART IDENTITY")
