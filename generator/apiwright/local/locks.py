"""File locks that the kernel frees when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apiwright.local.errors import LocalServerError

EXCLUSIVE = fcntl.LOCK_EX
SHARED = fcntl.LOCK_SH
_PAUSE = 0.01


def attempt(path: Path, kind: int) -> int | None:
    """Take the lock without waiting: its descriptor, or None when somebody is in the way."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def take(path: Path, kind: int, limit: float) -> int:
    """Take the lock, waiting for at most `limit` seconds; its descriptor."""
    end = time.monotonic() + limit
    while (descriptor := attempt(path, kind)) is None:
        if time.monotonic() > end:
            message = f"another process has kept {path} for {limit:.0f} seconds"
            raise LocalServerError(message, "end that process or remove its folder")
        time.sleep(_PAUSE)
    return descriptor


def free(descriptor: int) -> None:
    """Give the lock back, also for children that were forked while it was held."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def is_taken(path: Path) -> bool:
    """Whether anybody holds the lock."""
    descriptor = attempt(path, EXCLUSIVE)
    if descriptor is None:
        return True
    free(descriptor)
    return False


@contextmanager
def held(path: Path, limit: float) -> Iterator[None]:
    """Hold the lock alone for the length of a block."""
    descriptor = take(path, EXCLUSIVE, limit)
    try:
        yield
    finally:
        free(descriptor)
