"""A PostgreSQL database cluster: making it, and what starts a server on it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from apiwright.local import account as accounts
from apiwright.local import orphans, ports
from apiwright.local.account import Account
from apiwright.local.errors import LocalServerError
from apiwright.local.process import Launch, Running
from apiwright.local.programs import (
    ENVIRONMENT,
    HINT,
    WHEEL,
    call,
    find_installation,
    major_version,
)

USER = "apiwright"
_INITDB_LIMIT = 60.0
_SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The second is what a server says while the children of a killed one are still ending.
_TRANSIENT = ("Address already in use", "pre-existing shared memory block")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A database cluster, the programs for it, and who they run as."""

    path: Path
    installation: Path
    account: Account | None = None
    durable: bool = True
    temporary: bool = False

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(self.installation / "bin" / name)

    @property
    def identity(self) -> tuple[int, int] | None:
        """User and group to run as; None: our own."""
        return (self.account.uid, self.account.gid) if self.account else None

    def launch(self, port: int) -> Launch:
        """How to start the server."""
        settings = {**_SETTINGS, "port": str(port), **({} if self.durable else _NOT_DURABLE)}
        command = [self.program("postgres"), "-D", str(self.path)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Launch(
            command=tuple(command),
            port=port,
            signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
            folder=self.path,
            environment=ENVIRONMENT,
            account=self.identity,
            transient=_TRANSIENT,
            remove=(self.path.parent,) if self.temporary else (),
        )

    def is_ready(self, running: Running) -> bool:
        """Whether the server of this process id takes connections."""
        lines = self._pid_file()
        said = lines[:1] == [str(running.pid)] and lines[-1].strip() == "ready"
        # A server that was killed just now has left that file.
        return said and ports.answers(running.port)

    @property
    def exists(self) -> bool:
        """Whether the cluster was made, and wholly."""
        return (self.path / "PG_VERSION").exists()

    def create(self, password: str) -> None:
        """Make the cluster, with one superuser who has this password."""
        draft = self.path.with_name("cluster.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        try:
            self._fill(draft, password)
        except BaseException:
            shutil.rmtree(self.path.parent if self.temporary else draft, ignore_errors=True)
            raise
        draft.rename(self.path)

    def recover(self) -> None:
        """Clear what a killed server left behind; only when nobody supervises one here."""
        self._check_version()
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        if not pid or not orphans.exists(pid):
            return
        if orphans.works_in(pid, self.path):
            orphans.end(pid)
        else:
            # The number has gone to another process; PostgreSQL would take that for a server.
            (self.path / "postmaster.pid").unlink(missing_ok=True)

    def _fill(self, draft: Path, password: str) -> None:
        with tempfile.NamedTemporaryFile("w", prefix="apiwright-", encoding="ascii") as secret:
            secret.write(password)
            secret.flush()
            if self.account is not None:
                os.chown(draft, self.account.uid, self.account.gid)
                os.chown(secret.name, self.account.uid, self.account.gid)
            self._initdb(draft, secret.name)

    def _initdb(self, folder: Path, password_file: str) -> None:
        command = [self.program("initdb"), "-D", str(folder), "-U", USER]
        command += ["--pwfile", password_file, "--auth=scram-sha-256", "--encoding=UTF8"]
        # One order of texts on every machine, whatever locales it has.
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-sync", "--no-instructions"]
        done = call(command, limit=_INITDB_LIMIT, identity=self.identity)
        if done.returncode != 0:
            raise LocalServerError(f"initdb failed:\n{done.stderr.strip()}", HINT)

    def _check_version(self) -> None:
        ours = (self.path / "PG_VERSION").read_text(encoding="ascii").strip()
        theirs = major_version(self.installation)
        if ours != theirs:
            raise LocalServerError(
                f"the data in {self.path} are of PostgreSQL {ours}, installed is {theirs}",
                f"dump them with PostgreSQL {ours}, or remove {self.path} to begin anew",
            )

    def _pid_file(self) -> list[str]:
        try:
            return (self.path / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []


def cluster_of(data: Path, *, durable: bool) -> Cluster:
    """The cluster of a data folder, be there one already or not."""
    installation = find_installation()
    known = data / "elsewhere" / "cluster"
    account = accounts.for_server(known if known.is_dir() else data / "cluster")
    home = accounts.home(data, account, keep=durable)
    version = importlib.metadata.version(WHEEL)
    return Cluster(
        path=home / "cluster",
        installation=accounts.programs(installation, version, account),
        account=account,
        durable=durable,
        temporary=home != data and not durable,
    )
