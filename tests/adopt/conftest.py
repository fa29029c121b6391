"""The databases, each adopted once for all tests that look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apiwright.local import Servers
from tests.adopt.adopting import REFERENCE, Adopted, adopted


@pytest.fixture(scope="module", params=["plain", "framework", "odd", REFERENCE])
def found(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Adopted]:
    """A database with its project."""
    with adopted(request.param, servers, tmp_path_factory.mktemp("adopted")) as one:
        yield one


@pytest.fixture(scope="module")
def odd(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adopted]:
    """The database with everything odd in it."""
    with adopted("odd", servers, tmp_path_factory.mktemp("odd")) as one:
        yield one


@pytest.fixture(scope="module")
def framework(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adopted]:
    """The database as frameworks make them."""
    with adopted("framework", servers, tmp_path_factory.mktemp("framework")) as one:
        yield one
