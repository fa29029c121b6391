"""Redis, and both servers together."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from apiwright import local
from apiwright.local import LocalServerError, locks, orphans, start_redis, start_servers

Until = Callable[[Callable[[], bool]], None]


def test_redis_asks_for_the_password_and_keeps_what_it_holds(tmp_path: Path) -> None:
    with start_redis(tmp_path) as server:
        with Redis.from_url(server.url()) as client:
            client.set("name", "value")
        wrong = server.url().replace(server.password, "guess")
        with Redis.from_url(wrong) as client, pytest.raises(AuthenticationError):
            client.ping()
        first = server.url()
    assert not orphans.exists(server.pid)
    with start_redis(tmp_path) as server, Redis.from_url(server.url()) as client:
        assert server.url() == first
        assert client.get("name") == b"value"
    assert (tmp_path / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_redis_of_tests_forgets(tmp_path: Path) -> None:
    with start_redis(tmp_path, durable=False) as server:
        with Redis.from_url(server.url(1)) as client:
            client.set("name", "value")
        with start_redis(tmp_path, durable=False) as other:
            assert other.pid == server.pid
    assert not (tmp_path / "dump.rdb").exists()


def test_redis_comes_back_after_a_kill(tmp_path: Path, until: Until) -> None:
    with start_redis(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not locks.is_taken(tmp_path / "supervisor.lock"))
        with start_redis(tmp_path) as again, Redis.from_url(again.url()) as client:
            assert again.pid != server.pid
            assert client.ping()


def test_redis_in_an_impossible_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalServerError, match="does not start"):
        start_redis(tmp_path / "file" / "data")


def test_both_are_started_and_ended(folder: Path) -> None:
    with start_servers(folder, environ={"DATABASE_URL": ""}, durable=False) as servers:
        assert servers.postgres is not None
        assert servers.redis is not None
        assert servers.database_url == servers.postgres.url("app")
        assert servers.redis_url == servers.redis.url()
        assert servers.postgres.password not in repr(servers)
        # Kept apart from the data of development.
        assert (folder / ".apiwright" / "test" / "postgres").is_dir()
    assert not orphans.exists(servers.postgres.pid)
    assert not orphans.exists(servers.redis.pid)
    assert (folder / ".apiwright" / ".gitignore").read_text() == "*\n"


def test_what_the_environment_names_is_not_started(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
    with start_servers(tmp_path, environ=environ) as servers:
        assert servers.database_url == environ["DATABASE_URL"]
        assert servers.redis_url == environ["REDIS_URL"]
        assert servers.postgres is None
        assert servers.redis is None
        assert not any((tmp_path / ".apiwright").glob("*/"))


def test_one_failure_ends_both(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LocalServerError("no Redis today")

    monkeypatch.setattr(local, "start_redis", fail)
    with pytest.raises(LocalServerError, match="no Redis today"):
        start_servers(folder, environ={}, durable=False)
    base = folder / ".apiwright" / "test" / "postgres"
    assert not locks.is_taken(base / "supervisor.lock")
