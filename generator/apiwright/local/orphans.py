"""Processes that a killed predecessor left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from apiwright.local.errors import LocalServerError
from apiwright.local.programs import call

_LIMIT = 20.0
_PAUSE = 0.02


def exists(pid: int) -> bool:
    """Whether there is a process with this number, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process is a server of this folder: that is its working folder."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == folder
        except OSError:
            return False
    return str(folder) in call(["ps", "-o", "command=", "-p", str(pid)], limit=10).stdout


def end(pid: int) -> None:
    """End a server that lost its supervisor, and wait until it has ended."""
    start = time.monotonic()
    while exists(pid):
        waited = time.monotonic() - start
        if waited > _LIMIT:
            raise LocalServerError(f"the server with process id {pid} does not end", f"kill {pid}")
        _signal(pid, signal.SIGINT if waited < _LIMIT / 2 else signal.SIGQUIT)
        time.sleep(_PAUSE)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
