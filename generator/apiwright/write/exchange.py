"""Two folders change places in one step, so that a path is never without its folder."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2), Linux 3.15
_RENAME_SWAP = 2  # renamex_np(2), macOS 10.12
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}

System = Callable[[bytes, bytes], int]


def exchange(first: Path, second: Path, aside: Path) -> None:
    """Make each of two folders of the same parent the other one.

    Where the system or the file system cannot do it in one step it takes three, with `aside` as the
    name in between; who is killed there finds the folders under two of the three names. Raises
    OSError, and has changed nothing then if it is the first step that fails.
    """
    call = system()
    if call is not None:
        if call(os.fsencode(first), os.fsencode(second)) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), str(first), None, str(second))
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def system() -> System | None:
    """What the C library has for it."""
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):
        rename = library.renameat2
        rename.argtypes = (
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_uint,
        )
        return lambda one, two: int(rename(_AT_FDCWD, one, _AT_FDCWD, two, _RENAME_EXCHANGE))
    if hasattr(library, "renamex_np"):
        swap = library.renamex_np
        swap.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
        return lambda one, two: int(swap(one, two, _RENAME_SWAP))
    return None
