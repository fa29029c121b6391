"""The service as a process: started on a socket that outlives it, replaced when it changes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess  # nosec B404 - runs Python on the project's own service
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

_START_SECONDS = 30.0
_STOP_SECONDS = 8.0


class ServiceError(Exception):
    """The service can't be run; the text is what it said."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; ServiceError if it is taken.

    It belongs to us and not to the service, so that nobody is turned away while one process takes
    the place of another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise ServiceError(
            f"{host}:{port} can't be listened at: {error.strerror}; choose another with --port"
        ) from error
    found.listen(2048)
    found.set_inheritable(True)
    return found


class Service:
    """The service of a project, running or not; what it says goes to `log` if there is one.

    With `relays`, the relay of its events runs beside it, where it has any.
    """

    def __init__(
        self,
        output: Path,
        variables: Mapping[str, str],
        at: socket.socket,
        *,
        log: Path | None = None,
        workers: int = 1,
        relays: bool = False,
    ) -> None:
        self._output = output
        self._variables = dict(variables)
        self._socket = at
        self._log = log
        self._workers = workers
        self._relays = relays
        self._process: subprocess.Popen[bytes] | None = None
        self._relay: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the service answers."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def pid(self) -> int:
        """The process that was started; where there are several workers, their parent."""
        if self._process is None:
            raise ServiceError("the service does not run")
        return self._process.pid

    def try_out(self) -> None:
        """Import the service in a process of its own; ServiceError with its last words if not."""
        self.run("-c", "import app.main")

    def migrate(self) -> None:
        """Bring the database up to date."""
        self.run("-m", "alembic", "upgrade", "head")

    def seed(self, rows: int | None = None) -> None:
        """Put the first rows into the database, if there are none."""
        self.run("-m", "app.seed", *(() if rows is None else ("--rows", str(rows))))

    def run(self, *arguments: str) -> str:
        """What Python prints when it runs with these arguments in the service's folder."""
        command = [sys.executable, *arguments]
        result = subprocess.run(  # nosec B603 - fixed arguments, no shell
            command,
            cwd=self._output,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ServiceError((result.stderr or result.stdout).strip())
        return result.stdout

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        number = self._socket.fileno()
        command = [
            sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(number),
            "--http", "app.serving:Protocol", "--no-access-log", "--no-proxy-headers",
            "--log-level", "warning", "--timeout-graceful-shutdown", "5",
        ]  # fmt: skip
        if self._workers > 1:
            command += ["--workers", str(self._workers)]
        with self._log.open("wb") if self._log else contextlib.nullcontext() as log:
            self._process = subprocess.Popen(  # nosec B603 - fixed arguments, no shell
                command,
                cwd=self._output,
                env=self._environ,
                pass_fds=[number],
                stdout=log,
                stderr=log,
            )
        self._wait()
        if self._relays and (self._output / "app" / "relay").is_dir():
            command = [sys.executable, "-m", "app.relay"]
            self._relay = subprocess.Popen(  # nosec B603 - fixed arguments, no shell
                command, cwd=self._output, env=self._environ
            )

    def stop(self) -> None:
        """Let the process finish what it is doing, and end."""
        _end(self._relay)
        _end(self._process)
        self._relay = self._process = None

    def wait(self) -> None:
        """Wait until the process ends by itself."""
        if self._process is not None:
            self._process.wait()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self._variables}

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                where = self._log or "above"
                raise ServiceError(f"the service ended while it was starting; see {where}")
            with contextlib.suppress(urllib.error.URLError, OSError):
                # An address of this machine that we made ourselves.
                url = f"{self.address}/health/ready"
                with urllib.request.urlopen(url, timeout=2):  # nosec B310
                    return
            time.sleep(0.05)
        raise ServiceError(f"the service was not ready within {_START_SECONDS:.0f} seconds")


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """Let a process finish what it is doing, and end."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
