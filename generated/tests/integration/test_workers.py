"""Several workers on one machine, whose figures are shown as those of one service."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

PATIENCE = 60.0
COUNTED = re.compile(
    r'^http_requests_total\{endpoint="/health/live",method="GET",status="200"\} (\S+)$',
    re.MULTILINE,
)
WORKERS = re.compile(r"^service_workers (\S+)$", re.MULTILINE)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx2.Client]:
    """A client of two workers: each request has a connection of its own, so either may answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.set_inheritable(True)
        listener.listen(100)
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(listener.fileno())]
        command += ["--http", "app.serving:Protocol"]
        served = subprocess.Popen(
            [*command, "--workers", "2", "--log-level", "error"],
            pass_fds=[listener.fileno()],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "figures")},
        )
        try:
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
                headers={"Connection": "close"},
                timeout=PATIENCE,
            ) as client:
                yield client
        finally:
            served.terminate()
            served.wait(PATIENCE)


def figures(client: httpx2.Client) -> tuple[float, float]:
    """How many requests have been counted, and how many workers there are."""
    text = client.get("/metrics").text
    counted, workers = COUNTED.search(text), WORKERS.search(text)
    return float(counted[1]) if counted else 0.0, float(workers[1]) if workers else 0.0


def until(reached: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_workers_count_as_one(client: httpx2.Client, tmp_path: Path) -> None:
    """Whoever is asked shows the sum; a worker that is killed leaves what it has counted."""
    until(lambda: figures(client)[1] == 2)
    for _ in range(40):
        assert client.get("/health/live").status_code == 200
    assert {figures(client) for _ in range(10)} == {(40.0, 2.0)}
    written = sorted((tmp_path / "figures").glob("gauge_livesum_*.db"))
    killed = int(written[0].stem.rpartition("_")[2])
    os.kill(killed, signal.SIGKILL)
    until(lambda: figures(client)[1] == 2 and not written[0].exists())
    assert figures(client) == (40.0, 2.0)
    left = {file.stem.rpartition("_")[2] for file in (tmp_path / "figures").glob("*.db")}
    assert str(killed) not in left
    assert "ended" in left
