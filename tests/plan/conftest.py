"""A database for the tests of this folder, made once and emptied for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apiwright.local import Servers
from tests.support.evolution import emptied
from tests.support.running import scratch_database


@pytest.fixture(scope="session")
def shared_database(servers: Servers) -> Iterator[str]:
    """A database, to be emptied by those who use it."""
    with scratch_database(servers) as url:
        yield url


@pytest.fixture
def database_url(shared_database: str) -> str:
    """The URL of an empty database."""
    emptied(shared_database)
    return shared_database
