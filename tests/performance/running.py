"""Servers under measurement: each a process, with as many workers as asked for."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from apiwright.bench.measure import MeasureError, look
from apiwright.local.ports import free_port
from tests.performance.scene import HERE, ROOT

START_SECONDS = 30.0
STOP_SECONDS = 10.0
FASTIFY = HERE / "peers" / "fastify"


@dataclass(frozen=True)
class Server:
    """A server that answers at `url`; `seconds` is how long it took until it first did."""

    url: str
    pid: int
    log: Path
    seconds: float

    def forget_log(self) -> None:
        """Empty the log, which grows by a line for every request."""
        os.truncate(self.log, 0)


def generated_server(
    folder: Path, environ: Mapping[str, str], log: Path, workers: int = 1, port: int = 0
) -> AbstractContextManager[Server]:
    """A generated service, started as its Dockerfile does."""
    more = ("--http", "app.serving:Protocol")
    return python_server("app.main:app", folder, environ, log, workers, port, more)


@contextmanager
def granian(
    folder: Path, environ: Mapping[str, str], log: Path, workers: int = 1
) -> Iterator[Server]:
    """A generated service on a server that is written in Rust."""
    at = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(at),
        "--log-level", "error", "--workers", str(workers), "app.main:app",
    ]  # fmt: skip
    with process(command, folder, environ, log, at) as server:
        yield server


@contextmanager
def python_server(
    app: str,
    folder: Path,
    environ: Mapping[str, str],
    log: Path,
    workers: int,
    port: int = 0,
    more: Sequence[str] = (),
) -> Iterator[Server]:
    """An ASGI application on uvicorn, with as little around it as it lets us choose."""
    at = port or free_port()
    command = [
        sys.executable, "-m", "uvicorn", app, "--port", str(at), "--no-access-log",
        "--no-server-header", "--no-proxy-headers", "--log-level", "warning", *more,
    ]  # fmt: skip
    if workers > 1:
        command += ["--workers", str(workers)]
    with process(command, folder, environ, log, at) as server:
        yield server


@contextmanager
def node_server(environ: Mapping[str, str], log: Path, workers: int) -> Iterator[Server]:
    """The Fastify peer."""
    at = free_port()
    variables = {**environ, "PORT": str(at), "WORKERS": str(workers), "NODE_ENV": "production"}
    with process(["node", "server.js"], fastify_folder(), variables, log, at) as server:
        yield server


def has_node() -> bool:
    """Whether this machine can run the Fastify peer."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def fastify_folder() -> Path:
    """The Fastify peer with the packages that it needs, which are installed on first use."""
    folder = ROOT / ".apiwright" / "bench" / "fastify"
    shutil.copytree(FASTIFY, folder, dirs_exist_ok=True)
    lock = (folder / "package-lock.json").read_text(encoding="utf-8")
    stamp = folder / "node_modules" / "lock"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != lock:
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        stamp.write_text(lock, encoding="utf-8")
    return folder


@contextmanager
def process(
    command: list[str], folder: Path, environ: Mapping[str, str], log: Path, port: int
) -> Iterator[Server]:
    """A program that answers at a port, while it does."""
    url = f"http://127.0.0.1:{port}"
    with log.open("ab") as stream:
        started = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
        try:
            _wait(child, f"{url}/api/v1/items/", log)
            yield Server(url, child.pid, log, time.perf_counter() - started)
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until there is any answer at all."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        try:
            look(url)
        except MeasureError:
            time.sleep(0.01)
        else:
            return
    raise MeasureError(f"a server does not answer: {log.read_text(encoding='utf-8')[-2000:]}")
