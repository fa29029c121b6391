"""A second name for a file, or a copy of it where the file system has no second names."""

from __future__ import annotations

import errno
import os
import shutil
import stat

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# EPERM also stands for files of other accounts, which Linux lets nobody link to
_CANNOT_LINK = {
    errno.EPERM,
    errno.EACCES,
    errno.EXDEV,
    errno.EMLINK,
    errno.ENOSYS,
    errno.EINVAL,
    errno.EOPNOTSUPP,
    errno.ENOTSUP,
}


def duplicate(source: int, name: str, destination: int, new_name: str) -> bool:
    """Make `name` of one open folder appear as `new_name` in another.

    A link is not followed. False if it cannot be done: the file has just gone, may not be read, or
    is a socket or the like. Raises OSError for what is no fault of the file, such as a full disk.
    """
    try:
        os.link(name, new_name, src_dir_fd=source, dst_dir_fd=destination, follow_symlinks=False)
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
    try:
        return _copy(source, name, destination, new_name)
    except (FileNotFoundError, PermissionError):
        return False


def _copy(source: int, name: str, destination: int, new_name: str) -> bool:
    status = os.stat(name, dir_fd=source, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), new_name, dir_fd=destination)
        return True
    if not stat.S_ISREG(status.st_mode):
        return False
    reading = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
    with os.fdopen(reading, "rb") as old:
        writing = os.open(new_name, _NEW, 0o600, dir_fd=destination)
        with os.fdopen(writing, "wb") as new:
            shutil.copyfileobj(old, new)
            new.flush()
            os.fchmod(writing, stat.S_IMODE(status.st_mode))
            os.utime(writing, ns=(status.st_atime_ns, status.st_mtime_ns))
    return True
