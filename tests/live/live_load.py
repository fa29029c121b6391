"""Load on a running service over HTTP: a writer and a reader, and how long each answer took."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

_PATIENCE = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: when it was asked for and how long it took, in seconds."""

    asked: float
    took: float
    what: str
    status: int
    text: str


@dataclass
class Load:
    """A writer and a reader of the things of the service at `url`, until they are stopped.

    `body` makes what is sent, out of a number that is never the same; `answers` holds all that came
    back, `failures` what should not have.
    """

    url: str
    body: Callable[[int], dict[str, Any]]
    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    made: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Load, for as long as the block lasts."""
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._all(stop)))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def longest(self, since: float = 0.0) -> Answer:
        """The answer that took longest of those that were asked for since a moment."""
        return max((a for a in self.answers if a.asked >= since), key=lambda answer: answer.took)

    async def _all(self, stop: threading.Event) -> None:
        async with aiohttp.ClientSession(self.url, timeout=_PATIENCE) as client:
            await asyncio.gather(self._until(stop, client, self._write),
                                 self._until(stop, client, self._read))  # fmt: skip

    async def _until(
        self,
        stop: threading.Event,
        client: aiohttp.ClientSession,
        work: Callable[[aiohttp.ClientSession], Awaitable[None]],
    ) -> None:
        while not stop.is_set():
            await work(client)
            await asyncio.sleep(0.01)

    async def _write(self, client: aiohttp.ClientSession) -> None:
        """A thing is made, read again, changed, replaced, and every other one deleted."""
        self.made += 1
        sent = self.body(self.made)
        made = await self._ask(client, "POST", "/things", 201, sent)
        if made is None:
            return
        path = f"/things/{made['id']}"
        self._same(sent, made)
        changed = {**sent, "name": f"{sent['name']}!"}
        await self._ask(client, "PATCH", path, 200, changed)
        read = await self._ask(client, "GET", path, 200)
        self._same(changed, read)
        await self._ask(client, "PUT", path, 200, sent)
        if self.made % 2:
            await self._ask(client, "DELETE", path, 204)

    async def _read(self, client: aiohttp.ClientSession) -> None:
        """A page is read, and the first thing on it."""
        page = await self._ask(client, "GET", "/things?limit=20", 200)
        if page:
            await self._ask(client, "GET", f"/things/{page[0]['id']}", 200)

    async def _ask(
        self,
        client: aiohttp.ClientSession,
        method: str,
        path: str,
        wanted: int,
        body: dict[str, Any] | None = None,
    ) -> Any:
        """The body of an answer; None where it is not the one that is wanted."""
        asked = time.monotonic()
        try:
            async with client.request(method, path, json=body) as response:
                text, status = await response.text(), response.status
                found = await response.json() if text and status == wanted else None
        except (aiohttp.ClientError, TimeoutError) as error:
            text, status, found = repr(error), 0, None
        answer = Answer(asked, time.monotonic() - asked, f"{method} {path}", status, text)
        self.answers.append(answer)
        if status != wanted:
            self.failures.append(f"{answer.what}: {status} {text}")
        return found

    def _same(self, sent: dict[str, Any], found: Any) -> None:
        """What was sent is what there is."""
        if found is not None and {**found, **sent} != found:
            self.failures.append(f"{sent} became {found}")
