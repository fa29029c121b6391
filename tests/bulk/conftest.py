"""A warehouse, with rows in bulk and exports, that all tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.warehouse import Warehouse, open_warehouse


@pytest.fixture(scope="package")
def warehouse(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The service."""
    with open_warehouse(servers, tmp_path_factory.mktemp("bulk")) as found:
        yield found


@pytest.fixture
def ada(warehouse: Warehouse) -> Iterator[httpx2.Client]:
    """A keeper."""
    with warehouse.keeper("ada") as client:
        yield client


@pytest.fixture(autouse=True)
def _empty(warehouse: Warehouse) -> None:
    """Every test begins without parts."""
    warehouse.ask("TRUNCATE parts, pallets, crates, idempotency_keys RESTART IDENTITY")
