"""A small parent for one local server: it ends the server when nobody uses it any more.

Run as a script of its own, with the standard library only. Every process that uses the server holds
a shared lock on one file. The supervisor waits for that lock alone, and gets it when the last of
them has let go or died, `kill -9` included: the kernel does the counting. It works the same on
every Unix, and for a user that is a thread or has forked.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1


def supervise(order: dict[str, Any]) -> int:
    """Run the server of `order` until it ends by itself or is not needed; its exit code."""
    with Path(order["log"]).open("ab") as log:
        try:
            server = _start(order, log)
        except (OSError, subprocess.SubprocessError) as error:
            log.write(f"cannot run {order['command'][0]}: {error}\n".encode())
            return 1
    _write_state(order, server.pid)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: server.send_signal(order["signals"][0]))
    watcher = threading.Thread(target=_stop_when_unused, args=(server, order), daemon=True)
    watcher.start()
    code = server.wait()
    for path in order["remove"]:
        shutil.rmtree(path, ignore_errors=True)
    return code


def _start(order: dict[str, Any], log: IO[bytes]) -> subprocess.Popen[bytes]:
    user, group = order["account"] or (None, None)
    return subprocess.Popen(
        order["command"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=order["folder"],
        env=order["environment"],
        preexec_fn=_dies_with_me(order["signals"][0]),  # noqa: PLW1509 (no thread runs yet)
        user=user,
        group=group,
        extra_groups=None if user is None else [],
    )


def _dies_with_me(number: int) -> Callable[[], None] | None:
    """For the case that the supervisor itself is killed; only Linux knows such a thing."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, number)


def _write_state(order: dict[str, Any], pid: int) -> None:
    path = Path(order["state"])
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps({"pid": pid, "port": order["port"]}), encoding="utf-8")
    draft.replace(path)


def _stop_when_unused(server: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    users = os.open(order["users"], os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_EX)
    stop(server, order["signals"], order["patience"])


def stop(server: subprocess.Popen[bytes], signals: list[int], patience: float) -> None:
    """Ask the server to end, ever less politely."""
    for number in signals:
        server.send_signal(number)
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def main() -> int:
    """Supervise what the first argument describes."""
    return supervise(json.loads(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
