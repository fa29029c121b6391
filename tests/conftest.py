"""What several folders of tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from apiwright.local import Servers
from tests.support.running import ROOT, scratch_database, scratch_servers

# How long an example takes says more about the machine than about what is tested.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis."""
    with scratch_servers() as found:
        yield found


@pytest.fixture(scope="session")
def types_of_libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for mypy; what it knows of libraries is the same for all services."""
    known = ROOT / "generated" / ".mypy_cache"
    cache = tmp_path_factory.getbasetemp() / "mypy"
    if known.is_dir():
        shutil.copytree(known, cache)
    return cache


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """The URL of an empty database."""
    with scratch_database(servers) as url:
        yield url
