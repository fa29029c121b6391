"""One run at a time for an output folder."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

from apiwright.write.errors import BusyError, WriteError
from apiwright.write.interrupts import uninterrupted
from apiwright.write.journal import Journal
from apiwright.write.place import Place

PATIENCE = 30.0
"""For how many seconds a run waits for another one, which takes a fraction of one."""

_PAUSE = 0.02


@contextmanager
def locked(place: Place) -> Iterator[Journal]:
    """Hold the lock of an output folder, and give the journal that is kept in the lock file.

    The kernel frees the lock when its holder dies. The file goes away with the lock unless a run is
    left in it. Raises BusyError if another run does not end.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _take(place)
    try:
        journal = Journal(descriptor, place)
        try:
            yield journal
        finally:
            with uninterrupted():
                if journal.run is None:
                    place.lock.unlink()
    finally:
        os.close(descriptor)


def _take(place: Place) -> int:
    end = time.monotonic() + PATIENCE
    while (descriptor := _attempt(place)) is None:
        if time.monotonic() > end:
            raise BusyError(
                f"another run has been writing to {place.shown} for {PATIENCE:.0f} seconds",
                "wait for it to end, or end it",
            )
        time.sleep(_PAUSE)
    return descriptor


def _attempt(place: Place) -> int | None:
    """Take the lock without waiting; None if somebody else has it, or has just removed the file."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(place.lock, flags, 0o600)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        raise WriteError(
            f"{place.parent} may not be written to",
            f"that is where {place.shown} is made before it appears",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.fstat(descriptor)
        if held.st_uid != os.geteuid() or not stat.S_ISREG(held.st_mode):
            message = f"{place.lock} is not a file of this account"
            raise WriteError(message, "let its owner run apiwright again, or remove it")
        if held.st_ino == os.lstat(place.lock).st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
