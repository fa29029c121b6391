"""Alembic without its imports, which take longer than most revisions: processes that are forked.

A process that has imported what migrations import waits for orders, and forks itself for each. What
runs is a process as any other: with its own folder, environment and streams, and an exit code.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

IMPORTED = (
    "alembic.autogenerate",
    "alembic.command",
    "alembic.config",
    "asyncpg",
    "fastapi",
    "pydantic_settings",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
)
_LONGEST = 1 << 20


class Forked:
    """`python ARGUMENTS`, forked; `streams` are its input, its output and its errors."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        streams: Sequence[int],
    ) -> None:
        order = {"arguments": [*arguments], "folder": str(folder), "environ": {**environ}}
        self._code: int | None = None
        self._end = socket.socket(socket.AF_UNIX)
        self._end.connect(_parent())
        socket.send_fds(self._end, [b"+"], streams)
        self._end.sendall(json.dumps(order).encode() + b"\n")

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, once it has ended; TimeoutError if that takes longer."""
        if self._code is None:
            with self._end as end:
                end.settimeout(seconds)
                self._code = int(end.recv(16))
        return self._code


class Piped(Forked):
    """One that is written to, and read from."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], errors: IO[str]
    ) -> None:
        (read, write), (told, telling) = os.pipe(), os.pipe()
        super().__init__(arguments, folder, environ, (read, telling, errors.fileno()))
        os.close(read)
        os.close(telling)
        self.stdin = os.fdopen(write, "w", encoding="utf-8")
        self.stdout = os.fdopen(told, encoding="utf-8")


def run(folder: Path, environ: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `python ARGUMENTS`, which begin with -m or -c."""
    with (
        Path(os.devnull).open() as nothing,
        tempfile.TemporaryFile("w+", encoding="utf-8") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        streams = [stream.fileno() for stream in (nothing, out, errors)]
        code = Forked(arguments, folder, environ, streams).wait(300)
        for stream in (out, errors):
            stream.seek(0)
        return code, out.read(), errors.read()


@cache
def _parent() -> str:
    """The socket of the process that forks, which is started now and ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="apiwright-warm-")
    address = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, __file__, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        with process, folder:
            pass

    atexit.register(end)
    return address


def main(address: str) -> None:
    """Fork for each order, until standard input ends."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    running: dict[int, socket.socket] = {}
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        _serve(listener, ended, running)


def _serve(listener: socket.socket, ended: int, running: dict[int, socket.socket]) -> None:
    with selectors.DefaultSelector() as selector:
        for one in (listener.fileno(), ended, 0):
            selector.register(one, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if 0 in ready:
                return
            if ended in ready:
                os.read(ended, 4096)
                _tell(running)
            if listener.fileno() in ready:
                connection, _ = listener.accept()
                pid = os.fork()
                if pid == 0:
                    _become(connection)
                running[pid] = connection


def _tell(running: dict[int, socket.socket]) -> None:
    """Tell the exit codes of those that have ended."""
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with running.pop(pid) as connection, suppress(OSError):
                connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(connection: socket.socket) -> NoReturn:
    """Be what is ordered, in this process."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        code = _carry_out(connection)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _carry_out(connection: socket.socket) -> int:
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as lines:
        order: dict[str, Any] = json.loads(lines.readline(_LONGEST))
    connection.close()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [order["folder"], *filter(None, paths)]
    way, what, *rest = order["arguments"]
    sys.argv = [what, *rest]
    if way == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = "-c"
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    return 0


if __name__ == "__main__":
    main(sys.argv[1])
