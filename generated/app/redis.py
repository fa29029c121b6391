"""Redis, which processes share; the service can do without it, only less well.

Whoever asks has to have an answer for when it is away. That is found out once: what fails opens a
circuit, and until Redis answers again nobody else waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.commands import WatchedRedis, note
from app.config import Settings
from app.utils.pipe import Pipe, Reply, ReplyError, open_pipe

PAUSE = 1.0
"""Seconds between two looks at whether Redis is back."""

LOST = (RedisConnectionError, RedisTimeoutError, OSError)
"""What says that Redis itself is away, and not only that it doesn't like a command."""

log = logging.getLogger("app.redis")

Result = TypeVar("Result")


class RedisAway(Exception):
    """Redis has no answer: none is set, it is down, too slow, or refuses the command."""


class SharedRedis:
    """A Redis, or none where no URL is set; connected between `connect` and `disconnect`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis: Redis | None = None
        self._pipe: Pipe | None = None
        self._opening: asyncio.Task[Pipe] | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def configured(self) -> bool:
        """Whether there should be a Redis."""
        return self._settings.redis_url is not None

    @property
    def available(self) -> bool:
        """Whether it makes sense to ask: it is connected, and the circuit is closed."""
        return self._redis is not None and self._looking is None

    def connect(self) -> None:
        """Prepare connections; they are opened when they are first needed."""
        if self._settings.redis_url is not None:
            self._redis = WatchedRedis.from_url(
                self._settings.redis_url.get_secret_value(),
                socket_timeout=self._settings.redis_timeout,
                socket_connect_timeout=self._settings.redis_timeout,
                retry=Retry(NoBackoff(), 0),
            )

    async def disconnect(self) -> None:
        """Close the connections."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = None

    async def call(self, *words: bytes | str | float) -> Reply:
        """The answer to one command, as cheaply as can be; raises RedisAway where there is none.

        It is for what every request does: all share one connection, so that no command may wait.
        What Redis refuses is returned as a ReplyError.
        """
        if self._redis is None or self._looking is not None:
            raise RedisAway
        started, failed = time.perf_counter(), True
        try:
            pipe = self._pipe
            if pipe is None or not pipe.is_open:
                pipe = await self._opened(self._redis)
            reply = await pipe.ask(*words)
            failed = isinstance(reply, ReplyError)
        except LOST as error:
            self._open(self._redis, error)
            raise RedisAway from error
        finally:
            note(str(words[0]), started, failed=failed)
        return reply

    async def ask(self, command: Callable[[Redis], Awaitable[Result]]) -> Result:
        """What `command` gets from Redis; raises RedisAway where it gets nothing.

        While the circuit is open it does so at once.
        """
        if self._redis is None or self._looking is not None:
            raise RedisAway
        try:
            return await command(self._redis)
        except LOST as error:
            self._open(self._redis, error)
            raise RedisAway from error
        except RedisError as error:
            log.warning("Redis refuses: %s", error)
            raise RedisAway from error

    async def is_up(self) -> bool:
        """Whether Redis answers."""
        try:
            await self.ask(lambda redis: redis.ping())
        except RedisAway:
            return False
        return True

    async def _opened(self, redis: Redis) -> Pipe:
        """The shared connection, opened once for all who need it."""
        if self._opening is None:
            self._opening = asyncio.create_task(open_pipe(redis, self._settings.redis_timeout))
            self._opening.add_done_callback(self._note)
        return await asyncio.shield(self._opening)

    def _note(self, task: asyncio.Task[Pipe]) -> None:
        self._opening = None
        if not task.cancelled() and task.exception() is None:
            self._pipe = task.result()

    def _open(self, redis: Redis, error: Exception) -> None:
        """Open the circuit, and look for Redis until it is back."""
        if self._looking is None and self._redis is redis:
            log.warning("Redis is away: %s", error)
            self._looking = asyncio.create_task(self._look(redis))

    async def _look(self, redis: Redis) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await redis.ping()
            except (RedisError, OSError):
                continue
            log.warning("Redis is back")
            self._looking = None
            return
