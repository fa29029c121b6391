"""The end of a process: announced first, then in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2
import pytest

PATIENCE = 60.0


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The service in a process of its own, and its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.set_inheritable(True)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.listen()
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(listener.fileno())]
        command += ["--http", "app.serving:Protocol"]
        served = subprocess.Popen(
            [*command, "--log-level", "warning"],
            pass_fds=[listener.fileno()],
            env={**os.environ, "DRAIN_SECONDS": "1.5"},
        )
    try:
        yield served, address
    finally:
        served.kill()
        served.wait()


def test_the_end_is_announced(process: tuple[subprocess.Popen[bytes], str]) -> None:
    """SIGTERM makes the service say that it is not ready; requests are still answered until then."""
    served, address = process
    with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
        assert client.get("/health/ready").status_code == 200
        served.send_signal(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while client.get("/health/ready").json() != {"status": "draining"}:
            assert time.monotonic() < end
        assert httpx2.get(f"{address}/health/live").status_code == 200
    assert served.wait(PATIENCE) in {0, -signal.SIGTERM}
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{address}/health/live")
