"""PostgreSQL and Redis servers out of wheels, for `apiwright dev` and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from apiwright.local.errors import LocalServerError
from apiwright.local.postgres import PostgresServer, start_postgres
from apiwright.local.redis import RedisServer, start_redis

__all__ = [
    "LocalServerError",
    "PostgresServer",
    "RedisServer",
    "Servers",
    "start_database",
    "start_postgres",
    "start_redis",
    "start_servers",
]


@dataclass(slots=True)
class Servers:
    """The addresses of the two servers; `postgres` or `redis` is None when it is not ours."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    postgres: PostgresServer | None
    redis: RedisServer | None
    _started: ExitStack = field(repr=False)

    def stop(self) -> None:
        """Let go of what was started here."""
        self._started.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_servers(
    folder: Path, *, environ: Mapping[str, str], durable: bool = True, database: str = "app"
) -> Servers:
    """The servers that `environ` names, and started ones for those that it does not name.

    `folder` is the project; what is started keeps its data in `.apiwright` there, those of tests
    (`durable=False`) apart from those of development. The database is created if it is missing.
    """
    base = _data_folder(folder)
    if not durable:
        base /= "test"
    with ExitStack() as stack:
        postgres = redis = None
        database_url, redis_url = environ.get("DATABASE_URL", ""), environ.get("REDIS_URL", "")
        if not database_url:
            postgres = stack.enter_context(start_postgres(base / "postgres", durable=durable))
            postgres.create_database(database)
            database_url = postgres.url(database)
        if not redis_url:
            redis = stack.enter_context(start_redis(base / "redis", durable=durable))
            redis_url = redis.url()
        return Servers(database_url, redis_url, postgres, redis, stack.pop_all())


def start_database(folder: Path, *, durable: bool = True) -> PostgresServer:
    """The PostgreSQL of the project in `folder`: of development, or that for scratch databases."""
    base = _data_folder(folder)
    return start_postgres((base if durable else base / "test") / "postgres", durable=durable)


def _data_folder(folder: Path) -> Path:
    """`.apiwright` of the project, which hides itself from git: it holds passwords."""
    base = folder / ".apiwright"
    base.mkdir(parents=True, exist_ok=True)
    ignore = base / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return base
