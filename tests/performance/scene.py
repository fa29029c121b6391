"""Where everything is measured: a real PostgreSQL and Redis, the tables, their rows, an account."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from apiwright.bench.load import allow_files
from apiwright.bench.measure import look
from apiwright.local import Servers, start_servers

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ROWS = 10_000
CREATED = "Thing of a moment"
EMAIL, PASSWORD = "buyer@example.com", "correct horse battery staple"


@dataclass(frozen=True)
class Scene:
    """The servers that all variants share, and a folder for what lasts no longer than the run.

    `pool_size` connections is what the workers of a variant have together.
    """

    folder: Path
    servers: Servers
    database_url: str
    key: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    pool_size: int = 20

    @property
    def postgres(self) -> int:
        """The process id of PostgreSQL."""
        assert self.servers.postgres is not None
        return self.servers.postgres.pid

    def service_environ(self, workers: int = 1) -> dict[str, str]:
        """The environment of a generated service: production, with a pool like that of all."""
        return {
            **os.environ,
            "ENVIRONMENT": "production",
            "DATABASE_URL": self.database_url,
            "DATABASE_POOL_SIZE": str(self.pool_size // workers),
            "DATABASE_MAX_OVERFLOW": "0",
            "REDIS_URL": self.servers.redis_url,
            "JWT_KEYS": json.dumps({"bench": self.key}),
            "ACCESS_TOKEN_SECONDS": "86400",
            "PYTHONPATH": str(HERE / "plain"),
            "RATE_LIMIT_FACTOR": "1000",
            "DRAIN_SECONDS": "0",
            "METRICS_OPEN": "true",
        }

    def peer_environ(self, workers: int = 1) -> dict[str, str]:
        """The environment of a peer."""
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "POOL_SIZE": str(self.pool_size // workers),
            "JWT_KEY": self.key,
            "PYTHONPATH": str(ROOT),
        }

    def sql(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        asyncio.run(_run(self.database_url, statements))

    def migrate(self, service: Path) -> None:
        """Make the tables, as the service says."""
        command = [sys.executable, "-m", "alembic", "upgrade", "head"]
        environ = self.service_environ()
        subprocess.run(command, cwd=service, env=environ, check=True, capture_output=True)

    def fill(self, rows: int = ROWS) -> None:
        """Put the rows in."""
        text = (HERE / "rows.sql").read_text(encoding="utf-8").replace("{rows}", str(rows))
        self.sql(*(part for part in text.split(";\n") if part.strip()))
        self.tidy()

    def tidy(self) -> None:
        """Take away what was created since, and what is left of it in tables and indexes."""
        self.sql(f"DELETE FROM items WHERE title = '{CREATED}'")
        self.sql("VACUUM ANALYZE items")
        self.sql("VACUUM ANALYZE users")

    def postgres_version(self) -> str:
        """What the server says that it is."""
        statement = "SELECT current_setting('server_version') AS version WHERE $1"
        (row,) = asyncio.run(_rows(self.database_url, statement, True))
        version: str = row["version"]
        return version.partition(" ")[0]

    def item_ids(self, count: int) -> list[str]:
        """The keys of some items, from all over the table."""
        statement = "SELECT id::text FROM items ORDER BY md5(title) LIMIT $1"
        return [row["id"] for row in asyncio.run(_rows(self.database_url, statement, count))]


def sign_in(url: str) -> str:
    """An access token for the account of this benchmark, which is registered if need be."""
    registration = {"email": EMAIL, "password": PASSWORD, "full_name": "Ada Lovelace"}
    headers = {"Content-Type": "application/json"}
    body = json.dumps(registration).encode()
    look(f"{url}/api/v1/users/", method="POST", headers=headers, body=body)
    form = urllib.parse.urlencode({"username": EMAIL, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, content = look(f"{url}/api/v1/auth/token", method="POST", headers=headers, body=form)
    assert status == 200, content
    token: str = json.loads(content)["access_token"]
    return token


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """PostgreSQL and Redis of our own, and an empty database that goes away again.

    They are as durable as in production: a commit waits for the disk.
    """
    allow_files(4096)
    with start_servers(ROOT / ".apiwright" / "bench", environ={}) as servers:
        assert servers.postgres is not None
        name = f"bench_{secrets.token_hex(6)}"
        servers.postgres.create_database(name)
        try:
            yield Scene(folder, servers, servers.postgres.url(name))
        finally:
            servers.postgres.drop_database(name)


async def _run(url: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _rows(url: str, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement, *values)
        return found
    finally:
        await connection.close()
