"""One connection to Redis that many requests use at the same time.

A command goes out as soon as it is given, and answers come in the order of the commands, so that
nobody waits for anybody else's turn. To ask like this costs a few microseconds, where a pool of
connections that are lent out costs a hundred. The protocol (RESP2) is hiredis's business.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, TypeAlias, cast

import hiredis
from redis.asyncio import Redis, SSLConnection
from redis.exceptions import AuthenticationError
from typing_extensions import override

Reply: TypeAlias = "int | bytes | ReplyError | list[Reply] | None"


INCOMPLETE = object()
"""What stands for an answer of which something is still on its way."""


class ReplyError(Exception):
    """What Redis answers to a command that it refuses."""


class Pipe(asyncio.Protocol):
    """A connection; all that wait for an answer are told when it is lost, or too slow."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: deque[tuple[float, asyncio.Future[Reply]]] = deque()
        self._unsent: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._replies = hiredis.Reader(replyError=ReplyError, notEnoughData=INCOMPLETE)

    @property
    def is_open(self) -> bool:
        """Whether commands can be given."""
        return self._transport is not None

    def ask(self, *words: bytes | str | float) -> asyncio.Future[Reply]:
        """The answer to a command; ConnectionError or TimeoutError if there is none."""
        if self._transport is None:
            raise ConnectionError("the connection is closed")
        command: Any = words  # for the types of hiredis, a command has one word
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(hiredis.pack_command(command))
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append((self._loop.time() + self._patience, future))
        if self._watch is None:
            self._watch = self._loop.call_later(self._patience, self._look)
        return future

    def _send(self) -> None:
        """Let go what was asked in this turn of the loop: to write is what costs most."""
        unsent, self._unsent = self._unsent, []
        if self._transport is not None:
            self._transport.writelines(unsent)

    def close(self, error: Exception | None = None) -> None:
        """Close the connection; those who wait get `error`."""
        if self._transport is not None:
            self._transport.abort()
        self.connection_lost(error)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Commands can be given from now on."""
        self._transport = cast("asyncio.WriteTransport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        """Hand out the answers that are complete."""
        self._replies.feed(data)
        try:
            while (reply := self._replies.gets()) is not INCOMPLETE:
                _, future = self._waiting.popleft()
                if not future.done():
                    future.set_result(reply)
        except (hiredis.HiredisError, IndexError) as error:
            self.close(ConnectionError(f"this is no Redis: {error}"))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody gets an answer any more."""
        self._transport = None
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(exc or ConnectionError("the connection was lost"))
        self._waiting.clear()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        """One clock for all: whether the one who waits longest has waited too long."""
        self._watch = None
        if not self._waiting:
            return
        left = self._waiting[0][0] - self._loop.time()
        if left <= 0:
            self.close(TimeoutError(f"no answer in {self._patience} s"))
        else:
            self._watch = self._loop.call_later(left, self._look)


async def open_pipe(redis: Redis, patience: float) -> Pipe:
    """A connection to the server that `redis` is a client of; OSError or a RedisError if none."""
    settings = redis.connection_pool.connection_kwargs
    model = redis.connection_pool.connection_class(**settings)
    secure = model.ssl_context.get() if isinstance(model, SSLConnection) else None
    loop, pipe = asyncio.get_running_loop(), Pipe(patience)
    try:
        async with asyncio.timeout(patience):
            if "path" in settings:
                await loop.create_unix_connection(lambda: pipe, settings["path"])
            else:
                host, port = settings.get("host", "localhost"), settings.get("port", 6379)
                await loop.create_connection(lambda: pipe, host, port, ssl=secure)
            words = [settings[name] for name in ("username", "password") if settings.get(name)]
            refused = await pipe.ask("AUTH", *words) if words else None
            found = await pipe.ask("SELECT", settings.get("db") or 0)
    except BaseException:
        pipe.close()
        raise
    for reply in (refused, found):
        if isinstance(reply, ReplyError):
            pipe.close()
            raise AuthenticationError(str(reply))
    return pipe
