"""Starting, sharing and stopping one local server; what PostgreSQL and Valkey have in common.

A server belongs to a folder. Whoever wants it joins: the first one starts it, later ones (also in
other processes) share it, and it ends when the last one has left; see `supervise`.

Files in the folder: `start.lock` (one starter at a time), `users.lock` (shared by the users),
`supervisor.lock` (held for as long as a server is supervised), `server.json` (its pid and port),
`log` and `log.1`.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from apiwright.local import locks, supervise
from apiwright.local.errors import LocalServerError

START_LIMIT = 60.0
STOP_LIMIT = 60.0
_PATIENCE = 20.0
_PAUSE = 0.005
_RETRY_PAUSE = 0.1
_TAIL_LINES = 15

# Supervisors that outlive our interest in them: kept, so that they are reaped and not warned about.
_children: list[subprocess.Popen[bytes]] = []


class Running(NamedTuple):
    """A server that runs."""

    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a server.

    `signals` end it, the gentlest first; `transient` are the words in its log that mean that
    another try may work; `remove` are folders that go when it has ended.
    """

    command: tuple[str, ...]
    port: int
    signals: tuple[int, ...]
    folder: Path
    environment: Mapping[str, str]
    account: tuple[int, int] | None = None
    transient: tuple[str, ...] = ("Address already in use",)
    remove: tuple[Path, ...] = field(default=())


class SharedServer:
    """This process's share in the server of one folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._name = name
        self._users: int | None = None

    def join(
        self, launch: Callable[[], Launch], ready: Callable[[Running], bool], port: int | None
    ) -> Running:
        """Use the server that runs already, or start one; it answers when this returns.

        With `port` it is an error if a server runs already on another one.
        """
        if self._users is not None:
            raise LocalServerError(f"{self._name} of {self.folder} was joined already")
        with locks.held(self.folder / "start.lock", START_LIMIT):
            self._users = locks.take(self.folder / "users.lock", locks.SHARED, STOP_LIMIT)
            try:
                return self._checked(self._running(launch, ready), port)
            except BaseException:
                self.leave()
                raise

    def leave(self) -> None:
        """Give up the share; when it was the last one, wait until the server has ended."""
        if self._users is None:
            return
        locks.free(self._users)
        self._users = None
        end = time.monotonic() + STOP_LIMIT
        while not self._settled() and time.monotonic() < end:
            time.sleep(_PAUSE)
        _children[:] = [child for child in _children if child.poll() is None]

    def last_port(self) -> int | None:
        """The port of the last run, so that it can be the same again."""
        state = self._state()
        return state.port if state else None

    def tail(self) -> str:
        """The end of the server's log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_TAIL_LINES:])

    def _running(self, launch: Callable[[], Launch], ready: Callable[[Running], bool]) -> Running:
        end = time.monotonic() + START_LIMIT
        while True:
            recipe: Launch | None = None
            lock = locks.attempt(self.folder / "supervisor.lock", locks.EXCLUSIVE)
            if lock is not None:
                try:
                    recipe = launch()
                    self._spawn(recipe, lock)
                finally:
                    os.close(lock)
            running = self._wait(ready, end)
            if running is not None:
                return running
            hopeful = recipe is None or any(word in self.tail() for word in recipe.transient)
            if not hopeful or time.monotonic() > end:
                raise self._error("did not start")
            time.sleep(_RETRY_PAUSE)

    def _spawn(self, recipe: Launch, lock: int) -> None:
        """Start the supervisor, which inherits the lock and holds it for as long as it lives."""
        if self.log.exists():
            self.log.replace(self.log.with_name("log.1"))
        self.log.touch(mode=0o600)
        (self.folder / "server.json").unlink(missing_ok=True)
        order = {
            "command": recipe.command,
            "environment": dict(recipe.environment),
            "folder": str(recipe.folder),
            "account": recipe.account,
            "port": recipe.port,
            "signals": recipe.signals,
            "patience": _PATIENCE,
            "remove": [str(path) for path in recipe.remove],
            "log": str(self.log),
            "state": str(self.folder / "server.json"),
            "users": str(self.folder / "users.lock"),
        }
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", supervise.__file__, json.dumps(order)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=(lock,),
        )
        _children.append(child)

    def _wait(self, ready: Callable[[Running], bool], end: float) -> Running | None:
        """The server as soon as it answers; None when it has ended."""
        while locks.is_taken(self.folder / "supervisor.lock"):
            state = self._state()
            if state is not None and ready(state):
                return state
            if time.monotonic() > end:
                raise self._error(f"did not answer within {START_LIMIT:.0f} seconds")
            time.sleep(_PAUSE)
        return None

    def _state(self) -> Running | None:
        try:
            values = json.loads((self.folder / "server.json").read_text(encoding="utf-8"))
            return Running(int(values["pid"]), int(values["port"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _settled(self) -> bool:
        """Whether the server has ended, or somebody else still uses it."""
        users = self.folder / "users.lock"
        alone = locks.attempt(users, locks.EXCLUSIVE)
        if alone is not None:
            locks.free(alone)
            return not locks.is_taken(self.folder / "supervisor.lock")
        shared = locks.attempt(users, locks.SHARED)
        if shared is None:
            return False
        locks.free(shared)
        return True

    def _checked(self, running: Running, port: int | None) -> Running:
        if port is None or running.port == port:
            return running
        raise LocalServerError(
            f"{self._name} of {self.folder} runs already, on port {running.port}",
            "end the process that uses it, or use that port",
        )

    def _error(self, what: str) -> LocalServerError:
        tail = self.tail()
        message = f"{self._name} {what}"
        if tail:
            message += "; the end of its log:\n" + tail
        return LocalServerError(message, f"the log is {self.log}")


def password_of(folder: Path) -> str:
    """The password of the folder's server."""
    path = folder / "password"
    password = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if not password:
        raise LocalServerError(f"{path} is missing or empty", f"remove {folder} to begin anew")
    return password


def make_password(folder: Path) -> None:
    """Make up the folder's password, readable for its owner only, unless there is one."""
    path = folder / "password"
    if path.exists():
        return
    draft = folder / "password.new"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(20), encoding="ascii")
    draft.replace(path)
