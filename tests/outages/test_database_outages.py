"""The reference service when its database dies, and when its clients leave in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from apiwright.local import start_postgres
from tests.support.running import ROOT, Running, running_service, service_environ

ITEMS = "/api/v1/items/"
BACK_SECONDS = 2.0
ANSWER_SECONDS = 15.0
"""What a request may take while there is no database: time-outs of connections, tried again."""

OPEN = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND state <> 'idle' AND backend_type = 'client backend'
"""


@dataclass(frozen=True)
class Scene:
    """The service, and the folder of its own PostgreSQL."""

    running: Running
    data: Path


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The reference service with few connections, on a database that can be killed."""
    folder = tmp_path_factory.mktemp("outages")
    data = folder / "postgres"
    with start_postgres(data) as server:
        server.create_database("outages")
        few = {"DATABASE_POOL_SIZE": "3", "DATABASE_MAX_OVERFLOW": "2"}
        environ = service_environ(server.url("outages"), **few)
        with running_service(ROOT / "generated", environ, folder) as running:
            yield Scene(running, data)


def ask(scene: Scene, *statements: str) -> Any:
    """What the database says to the last statement."""

    async def asked() -> Any:
        connection = await asyncpg.connect(scene.running.environ["DATABASE_URL"])
        try:
            for statement in statements:
                found = await connection.fetchval(statement)
            return found
        finally:
            await connection.close()

    return asyncio.run(asked())


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Nobody gets at the items meanwhile."""
    done, begun = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await asyncpg.connect(scene.running.environ["DATABASE_URL"])
        async with connection.transaction():
            await connection.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
            begun.set()
            await asyncio.to_thread(done.wait)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(hold()))
    thread.start()
    try:
        assert begun.wait(30)
        yield
    finally:
        done.set()
        thread.join()


def signed_in(client: httpx2.Client) -> str:
    """The header of a new account."""
    account = {"email": "ada@example.com", "password": "correct horse battery staple"}
    assert client.post("/api/v1/users/", json={**account, "full_name": "Ada"}).status_code == 201
    form = {"username": account["email"], "password": account["password"]}
    token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
    return f"Authorization: Bearer {token}\r\n"


def test_clients_that_leave_take_nothing_along(scene: Scene) -> None:
    """Five hundred leave while statements run; soon no transaction is open, and all goes on."""
    address = urlsplit(scene.running.url)
    with httpx2.Client(base_url=scene.running.url, timeout=60) as client:
        header = signed_in(client)
        body = '{"title": "Lamp", "price": "1.00"}'
        with locked(scene):
            for number in range(0, 500, 50):
                with ExitStack() as stack:
                    for each in range(number, number + 50):
                        raw = stack.enter_context(
                            socket.create_connection((address.hostname, address.port or 80), 10)
                        )
                        listed = f"GET {ITEMS}?offset={each} HTTP/1.1\r\nHost: x\r\n\r\n"
                        made = (
                            f"POST {ITEMS} HTTP/1.1\r\nHost: x\r\n{header}Idempotency-Key: k{each}"
                            f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
                            f"\r\n\r\n{body}"
                        )
                        raw.sendall((made if each % 2 else listed).encode())
                    time.sleep(0.05)
            assert ask(scene, OPEN) > 0
        assert closed(scene)
        for _ in range(100):
            assert client.get(ITEMS).status_code == 200
        assert closed(scene)


def closed(scene: Scene) -> bool:
    """Whether no transaction is open, or soon none is."""
    deadline = time.monotonic() + 30
    while ask(scene, OPEN) > 0:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass
class Load:
    """Requests all the time: what came of them, and how long the slowest took."""

    url: str
    statuses: Counter[int] = field(default_factory=Counter)
    unannounced: int = 0
    slowest: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        """Ask until it is over."""
        with httpx2.Client(base_url=self.url, timeout=60) as client:
            while not self.done.is_set():
                begun = time.monotonic()
                answer = client.get(ITEMS, params={"offset": number})
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.statuses[answer.status_code] += 1
                self.unannounced += (
                    answer.status_code == 503 and "Retry-After" not in answer.headers
                )
                time.sleep(0.01)


def test_a_database_that_dies_is_only_a_pause(scene: Scene) -> None:
    """Nobody waits for long or is told anything but when to come again, and then it goes on."""
    load = Load(scene.running.url)
    threads = [threading.Thread(target=load.run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.5)
        with start_postgres(scene.data) as server:
            os.kill(server.pid, signal.SIGKILL)
        time.sleep(1.0)
        with start_postgres(scene.data):
            back = time.monotonic()
            with httpx2.Client(base_url=scene.running.url, timeout=60) as client:
                while client.get(ITEMS).status_code != 200:
                    assert time.monotonic() - back < BACK_SECONDS
                    time.sleep(0.05)
            time.sleep(0.5)
            load.done.set()
            for thread in threads:
                thread.join()
    finally:
        load.done.set()
    assert set(load.statuses) == {200, 503}, load.statuses
    assert (load.unannounced, load.slowest < ANSWER_SECONDS) == (0, True)
