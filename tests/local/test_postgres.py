"""A real PostgreSQL: started, shared, killed, recovered."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apiwright.local import LocalServerError, PostgresServer, orphans, start_postgres
from apiwright.local import account as accounts
from apiwright.local import cluster as clusters
from apiwright.local.ports import free_port
from apiwright.local.process import Running

Until = Callable[[Callable[[], bool]], None]
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its account")
# It has no type hints.
asyncpg: Any = importlib.import_module("asyncpg")


def ask(url: str, statement: str) -> Any:
    """The first value that a statement gives."""

    async def run() -> Any:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def server(shared_folder: Path) -> Iterator[PostgresServer]:
    with start_postgres(shared_folder / "module", durable=False) as server:
        yield server


class TestServer:
    def test_it_answers_with_what_development_needs(self, server: PostgresServer) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "TimeZone": "UTC",
            "fsync": "off",
            "server_encoding": "UTF8",
            "password_encryption": "scram-sha-256",
        }
        for name, value in settings.items():
            assert ask(server.url(), f'SHOW "{name}"') == value

    def test_it_asks_for_the_password(self, server: PostgresServer) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(server.url().replace(server.password, "guess"), "SELECT 1")

    def test_the_address_names_the_driver(self, server: PostgresServer) -> None:
        assert server.url("x", "asyncpg").startswith("postgresql+asyncpg://apiwright:")

    def test_a_database_is_made_once(self, server: PostgresServer) -> None:
        assert server.create_database("one")
        assert not server.create_database("one")
        assert ask(server.url("one"), "SELECT current_database()") == "one"
        assert server.drop_database("one")
        assert not server.drop_database("one")

    def test_a_database_is_a_copy_of_its_template(self, server: PostgresServer) -> None:
        server.create_database("original")
        ask(server.url("original"), "CREATE TABLE thing AS SELECT 42 AS number")
        assert server.create_database("copy", template="original")
        assert ask(server.url("copy"), "SELECT number FROM thing") == 42

    def test_a_name_is_only_a_name(self, server: PostgresServer) -> None:
        name = 'it\'s "odd"; DROP TABLE x'
        assert server.create_database(name)
        assert server.drop_database(name)

    def test_a_failure_is_told(self, server: PostgresServer) -> None:
        with pytest.raises(LocalServerError, match="3D000"):
            server.create_database("two", template="nowhere")

    def test_a_port_cannot_change_while_it_runs(self, server: PostgresServer) -> None:
        with pytest.raises(LocalServerError, match="runs already"):
            start_postgres(server.log.parent, port=free_port(), durable=False)

    def test_it_is_shared(self, server: PostgresServer) -> None:
        with start_postgres(server.log.parent, durable=False) as other:
            assert (other.pid, other.url()) == (server.pid, server.url())
        assert ask(server.url(), "SELECT 1") == 1


@pytest.fixture(scope="module")
def made(shared_folder: Path) -> Path:
    """The folder of a server that ran once; making a cluster is what takes long here."""
    with start_postgres(shared_folder / "made"):
        return shared_folder / "made"


@pytest.fixture
def data(made: Path, folder: Path) -> Path:
    """A copy of `made`."""
    subprocess.run(["cp", "-a", str(made), str(folder / "data")], check=True)
    return folder / "data"


def test_data_and_port_stay_and_it_survives_a_kill(data: Path, until: Until) -> None:
    with start_postgres(data) as server:
        first = server.url()
        ask(first, "CREATE TABLE kept AS SELECT 7 AS number")
        assert ask(first, "SHOW fsync") == "on"
    assert not orphans.exists(server.pid)

    with start_postgres(data) as server:
        assert server.url() == first
        assert ask(first, "SELECT number FROM kept") == 7
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not orphans.exists(server.pid))
        with start_postgres(data) as again:
            assert again.pid != server.pid
            assert ask(again.url(), "SELECT number FROM kept") == 7


def test_a_pid_file_that_names_another_process_is_cleared(data: Path) -> None:
    with start_postgres(data) as server:
        os.kill(server.pid, signal.SIGKILL)
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        with start_postgres(data) as server:
            assert ask(server.url(), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_without_a_supervisor_is_ended_first(data: Path) -> None:
    cluster = clusters.cluster_of(data, durable=True)
    launch = cluster.launch(free_port())
    user, group = launch.account or (None, None)
    orphan = subprocess.Popen(launch.command, user=user, group=group, stderr=subprocess.DEVNULL)
    try:
        while not cluster.is_ready(Running(orphan.pid, launch.port)):
            assert orphan.poll() is None
        # Reaped at once: of a real orphan, init takes care.
        signal.signal(signal.SIGCHLD, lambda *_: orphan.poll())
        with start_postgres(data) as server:
            assert ask(server.url(), "SELECT 1") == 1
        assert orphan.wait(5) == 0
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        orphan.kill()


def test_it_ends_with_the_process_that_started_it(data: Path, until: Until) -> None:
    script = (
        "import sys, time; from pathlib import Path; from apiwright.local import start_postgres;"
        "print(start_postgres(Path(sys.argv[1]), durable=False).pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        pid = int(user.stdout.readline())
        assert orphans.exists(pid)
        user.kill()
    until(lambda: not orphans.exists(pid))


def test_a_broken_cluster_shows_the_log(data: Path) -> None:
    (data / "cluster" / "global" / "pg_control").unlink()
    with pytest.raises(LocalServerError, match="pg_control"):
        start_postgres(data)


def test_data_of_another_version_are_left_alone(data: Path) -> None:
    (data / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(LocalServerError, match="are of PostgreSQL 9, installed is"):
        start_postgres(data)


def test_a_folder_that_cannot_be_is_an_error(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(LocalServerError, match="does not start"):
        start_postgres(folder / "file" / "data")


def test_initdb_that_fails_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "USER", "pg_forbidden")
    with pytest.raises(LocalServerError, match="initdb failed"):
        start_postgres(folder)


@ROOT_ONLY
class TestRoot:
    """Folders that PostgreSQL's account cannot enter."""

    @pytest.fixture(autouse=True)
    def elsewhere(self, shared_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        path = shared_folder / "elsewhere"
        monkeypatch.setattr(accounts, "ELSEWHERE", path)
        yield path
        shutil.rmtree(path, ignore_errors=True)

    def test_closed_data_go_elsewhere_and_stay(
        self, tmp_path: Path, elsewhere: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING), start_postgres(tmp_path) as server:
            ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS number")
        assert "is closed to the account" in caplog.text
        assert server.data.is_relative_to(elsewhere)
        assert (tmp_path / "elsewhere").resolve() == server.data.parent
        with start_postgres(tmp_path) as server:
            assert ask(server.url(), "SELECT number FROM kept") == 7

    def test_closed_test_data_are_removed(self, tmp_path: Path) -> None:
        for _ in range(2):
            with start_postgres(tmp_path, durable=False) as server:
                assert server.data.exists()
            assert not server.data.parent.exists()

    def test_closed_programs_are_copied(
        self, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # What it is when the checkout lies below a closed home.
        monkeypatch.setattr(accounts, "_usable", lambda *_: False)
        with start_postgres(tmp_path, durable=False) as server:
            assert ask(server.url(), "SELECT 1") == 1
        (copy,) = elsewhere.iterdir()
        assert copy.name.startswith("postgresql-")
        copied_at = copy.stat().st_mtime_ns
        with start_postgres(tmp_path, durable=False):
            assert copy.stat().st_mtime_ns == copied_at
