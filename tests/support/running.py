"""A generated service, running for real: on PostgreSQL and Redis, behind uvicorn, on loopback."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from apiwright.local import Servers, start_servers
from tests.support import warm

ROOT = Path(__file__).parents[2]
# What several revisions make of a database, one after the other.
ORDERS = """
import sys
from alembic import command
from alembic.config import Config
for line in sys.argv[1:]:
    name, *arguments = line.split()
    getattr(command, name)(Config("alembic.ini"), *arguments)
"""
ALEMBIC = {("-m", "alembic"), ("-c", ORDERS)}


@dataclass(frozen=True)
class Running:
    """A service that answers at `url`; `log` is what it has written, `pid` its process."""

    url: str
    output: Path
    environ: dict[str, str]
    log: Path
    pid: int

    def python(self, *arguments: str) -> str:
        """What Python prints when it runs in the folder of the service."""
        return run_python(self.output, self.environ, *arguments)


@contextmanager
def scratch_servers() -> Iterator[Servers]:
    """PostgreSQL and Redis for tests, shared by all that run at the same time."""
    with start_servers(ROOT, environ={}, durable=False) as servers:
        yield servers


@contextmanager
def scratch_database(servers: Servers) -> Iterator[str]:
    """The URL of an empty database that goes away again."""
    assert servers.postgres is not None
    name = f"test_{secrets.token_hex(6)}"
    servers.postgres.create_database(name)
    try:
        yield servers.postgres.url(name)
    finally:
        servers.postgres.drop_database(name)


def service_environ(database_url: str, redis_url: str = "", **settings: str) -> dict[str, str]:
    """The environment of a service under test."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    variables = {
        "PATH": path,
        "HOME": os.environ.get("HOME", "/"),
        "ENVIRONMENT": "test",
        "BCRYPT_ROUNDS": "4",
        "RATE_LIMIT_FACTOR": "1000",
        "LOGIN_ATTEMPTS": "1000",
        "DATABASE_URL": database_url,
        "PYTHONDONTWRITEBYTECODE": "1",
        # Its own tests have the plugins that it asks for, and not what those of the generator need.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "pytest_asyncio.plugin,pytest_cov.plugin",
    }
    if redis_url:
        variables["REDIS_URL"] = redis_url
    return {**variables, **settings}


def run_python(folder: Path, environ: dict[str, str], *arguments: str) -> str:
    """What Python prints when it runs in `folder`; AssertionError with its output if it fails.

    Alembic comes without its imports.
    """
    if arguments[:2] in ALEMBIC:
        code, out, errors = warm.run(folder, environ, *arguments)
    else:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        code, out, errors = done.returncode, done.stdout, done.stderr
    assert code == 0, f"{arguments}: {out}\n{errors}"
    return out


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_service(
    output: Path,
    environ: dict[str, str],
    folder: Path,
    *,
    port: int = 0,
    application: str = "app.main:app",
) -> Iterator[Running]:
    """The service in `output`, migrated and answering; its log goes to `folder`."""
    run_python(output, environ, "-m", "alembic", "upgrade", "head")
    at = port or free_port()
    log = folder / f"service-{at}.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", application, "--port", str(at),
             "--http", "app.serving:Protocol", "--no-access-log",
             "--no-proxy-headers", "--log-level", "warning"],
            cwd=output, env=environ, stdout=stream, stderr=stream,
        )  # fmt: skip
        try:
            _wait(process, f"http://127.0.0.1:{at}/health/ready", log)
            yield Running(f"http://127.0.0.1:{at}", output, environ, log, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"not ready: {log.read_text()}")


async def as_plain_role(connection: asyncpg.Connection[Any], url: str) -> str:
    """The address of a database for a new role, which looks past no policy as its owner would."""
    role, secret = f"plain_{secrets.token_hex(4)}", secrets.token_hex(16)
    await connection.execute(
        f"CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD '{secret}'; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}; "
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
    )
    parts = urllib.parse.urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit(parts._replace(netloc=f"{role}:{secret}@{place}"))
