"""One connection to Redis that many requests use at the same time.

A command goes out as soon as it is given, and answers come in the order of the commands, so that
nobody waits for anybody else's turn. To ask like this costs a few microseconds, where a pool of
connections that are lent out costs a hundred. The protocol is RESP2
(https://redis.io/docs/latest/develop/reference/protocol-spec/).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias, cast

from redis.asyncio import Redis, SSLConnection
from redis.exceptions import AuthenticationError
from typing_extensions import override

Reply: TypeAlias = "int | bytes | ReplyError | list[Reply] | None"


class ReplyError(Exception):
    """What Redis answers to a command that it refuses."""


class Pipe(asyncio.Protocol):
    """A connection; all that wait for an answer are told when it is lost, or too slow."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: deque[tuple[float, asyncio.Future[Reply]]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._rest = b""

    @property
    def is_open(self) -> bool:
        """Whether commands can be given."""
        return self._transport is not None

    def ask(self, *words: bytes | str | float) -> asyncio.Future[Reply]:
        """The answer to a command; ConnectionError or TimeoutError if there is none."""
        if self._transport is None:
            raise ConnectionError("the connection is closed")
        self._transport.write(encoded(words))
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append((self._loop.time() + self._patience, future))
        if self._watch is None:
            self._watch = self._loop.call_later(self._patience, self._look)
        return future

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
        data, at = self._rest + data, 0
        while (found := decoded(data, at)) is not None:
            reply, at = found
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(reply)
        self._rest = data[at:]

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


def encoded(words: tuple[bytes | str | float, ...]) -> bytes:
    """A command on the wire."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


def decoded(data: bytes, at: int) -> tuple[Reply, int] | None:
    """The answer that begins at a place, and where the next one does; None if it isn't complete."""
    end = data.find(b"\r\n", at)
    if end < 0:
        return None
    kind, text, after = data[at : at + 1], data[at + 1 : end], end + 2
    if kind == b":":
        return int(text), after
    if kind == b"+":
        return text, after
    if kind == b"-":
        return ReplyError(text.decode(errors="replace")), after
    size = int(text)
    if size < 0:
        return None, after
    if kind == b"$":
        whole = after + size + 2
        return (data[after : whole - 2], whole) if whole <= len(data) else None
    return _list(data, after, size)


def _list(data: bytes, at: int, size: int) -> tuple[Reply, int] | None:
    found: list[Reply] = []
    for _ in range(size):
        item = decoded(data, at)
        if item is None:
            return None
        value, at = item
        found.append(value)
    return found, at
