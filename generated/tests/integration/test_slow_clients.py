"""Clients that send too slowly, or don't read: they are let go, and keep nobody else waiting."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest

from tests.conftest import SignIn
from tests.contract import OPERATIONS, Guard, Operation
from tests.scratch import Scratch

PATIENCE = 60.0
CLIENTS = 100
"""How many there are of each kind."""

IMPATIENT = {
    "CLIENT_HEADER_TIMEOUT": "2",
    "CLIENT_BODY_TIMEOUT": "2",
    "SEND_TIMEOUT": "2",
    "DATABASE_POOL_SIZE": "2",
    "DATABASE_MAX_OVERFLOW": "0",
    "DATABASE_POOL_TIMEOUT": "0.5",
    "LOG_LEVEL": "WARNING",
}
HALF_A_HEAD = b"GET /health/live HTTP/1.1\r\nHost: here\r\nX-Slow: "
BUSY = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
)
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@pytest.fixture
def port() -> Iterator[int]:
    """Where a service listens that has little patience, and few connections to the database."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.set_inheritable(True)
        listener.listen(1024)
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(listener.fileno())]
        command += ["--http", "app.serving:Protocol"]
        served = subprocess.Popen(
            [*command, "--log-level", "error"],
            pass_fds=[listener.fileno()],
            env={**os.environ, **IMPATIENT},
        )
        try:
            yield listener.getsockname()[1]
        finally:
            served.terminate()
            served.wait(PATIENCE)


@contextmanager
def opened(port: int, sent: bytes, *, times: int = CLIENTS) -> Iterator[list[socket.socket]]:
    """Connections on which so much was sent, and nothing more follows."""
    with ExitStack() as stack:
        found = []
        for _ in range(times):
            raw = stack.enter_context(socket.socket())
            raw.settimeout(PATIENCE)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.connect(("127.0.0.1", port))
            raw.sendall(sent)
            found.append(raw)
        yield found


def received(raw: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    parts = []
    try:
        while part := raw.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def statuses(raw: socket.socket) -> list[int]:
    """The statuses of all answers that come until the connection is closed."""
    return [int(status) for status in STATUS.findall(received(raw))]


def served(port: int) -> None:
    """Assert that everybody else is answered, and reaches the database."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        for _ in range(20):
            assert client.get("/health/live").status_code == 200
        end = time.monotonic() + PATIENCE
        while client.get("/health/ready").status_code != 200:
            assert time.monotonic() < end


def idle(scratch: Scratch) -> bool:
    """Whether nobody holds a transaction of the database, or soon nobody does."""
    end = time.monotonic() + PATIENCE
    while scratch.execute(BUSY) != [0]:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_half_sent_heads(port: int) -> None:
    """Whoever has begun is told; whoever has sent nothing is not."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        assert client.get("/health/live").status_code == 200
        with opened(port, b"") as silent, opened(port, HALF_A_HEAD) as halved:
            served(port)
            for raw in halved:
                answer = received(raw)
                assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
                assert b"\r\nconnection: close\r\n" in answer.lower()
            assert [received(raw) for raw in silent] == [b""] * CLIENTS
        assert client.get("/health/live").status_code == 200


def test_what_trickles_is_no_progress(port: int) -> None:
    """A byte now and then, after an answer as well: blank lines are not requests."""
    with opened(port, HALF_A_HEAD, times=2) as (one, other):
        other.sendall(b"1\r\n\r\n")
        for raw, drop in ((one, b"x"), (other, b"\r\n")):
            try:
                for _ in range(600):
                    raw.sendall(drop)
                    time.sleep(0.1)
            except (BrokenPipeError, ConnectionResetError):
                continue
            raise AssertionError("nobody minds")


def half_a_request(operation: Operation, headers: dict[str, str]) -> bytes:
    """A request to which the last byte is missing."""
    assert operation.body is not None
    sent = {**dict(operation.headers), **headers, "Host": "here", "Idempotency-Key": "slow"}
    sent |= {"Content-Type": operation.media_type, "Content-Length": str(len(operation.body))}
    query = httpx2.QueryParams(operation.query)
    target = f"{operation.path}?{query}" if operation.query else operation.path
    lines = [f"{operation.method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + operation.body[:-1]


def test_half_sent_bodies(port: int, scratch: Scratch, sign_in: SignIn) -> None:
    """They hold no connection to the database, so that none has to wait for one: none is told 503."""
    sent = [
        half_a_request(one, sign_in(one.role).headers if one.role is not None else {})
        for one in OPERATIONS
        if one.body and (one.guard is Guard.OPEN or one.role is not None)
    ]
    with ExitStack() as stack:
        waiting = [stack.enter_context(opened(port, half)) for half in sent]
        served(port)
        assert idle(scratch)
        for sockets in waiting:
            assert [statuses(raw) for raw in sockets] == [[408]] * CLIENTS
    assert idle(scratch)
    served(port)


def test_answers_that_nobody_reads(port: int) -> None:
    """As soon as nothing more fits into the buffers, there is a time within which to read."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        times = 16_000_000 // len(client.get("/openapi.json").content) + 1
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: here\r\n\r\n"
        with opened(port, ask * times, times=3) as stalled:
            served(port)
            end = time.monotonic() + PATIENCE
            while 'slow_clients_total{over="answer"} 3.0' not in client.get("/metrics").text:
                assert time.monotonic() < end
                time.sleep(0.1)
            for raw in stalled:
                assert set(statuses(raw)) == {200}
        served(port)
