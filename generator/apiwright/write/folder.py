"""Files below an open folder, reached name by name without following a link."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apiwright.write.errors import Kind, ObstacleError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a named pipe must not wait for its other end
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# what opening something of another kind, a link or a socket, ends with on one system or another
_OTHERWISE = {errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EOPNOTSUPP}


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder, called `shown` in messages; paths are relative to it, with `/`."""

    descriptor: int
    shown: str

    @contextmanager
    def inside(self, path: str, *, create: bool = False) -> Iterator[int]:
        """A descriptor of a folder below this one, or of this one if `path` is empty.

        Raises FileNotFoundError if there is none, and ObstacleError if there is something else.
        """
        descriptor = os.dup(self.descriptor)
        try:
            way = ""
            for name in path.split("/") if path else ():
                way = f"{way}/{name}" if way else name
                descriptor = self._step(descriptor, name, way, create)
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def holding(self, path: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
        """A descriptor of the folder that `path` is in, and the name of `path` there."""
        parent, _, name = path.rpartition("/")
        with self.inside(parent, create=create) as descriptor:
            yield descriptor, name

    def status(self, path: str) -> os.stat_result | None:
        """What stands at `path`, a link itself and not what it leads to; None for nothing."""
        try:
            with self.holding(path) as (descriptor, name):
                return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def digest(self, path: str) -> str | None:
        """The SHA-256 of a file, None if there is none; raises ObstacleError for anything else."""
        try:
            with self.holding(path) as (descriptor, name):
                opened = self._open(descriptor, name, path)
        except FileNotFoundError:
            return None
        with os.fdopen(opened, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, path: str, limit: int) -> bytes | None:
        """The first `limit` bytes of a file; as `digest` otherwise."""
        try:
            with self.holding(path) as (descriptor, name):
                opened = self._open(descriptor, name, path)
        except FileNotFoundError:
            return None
        with os.fdopen(opened, "rb") as stream:
            return stream.read(limit)

    def _step(self, descriptor: int, name: str, way: str, create: bool) -> int:
        """Enter a folder, which closes the descriptor of the one before."""
        if create:
            _make(descriptor, name)
        try:
            inner = os.open(name, _FOLDER, dir_fd=descriptor)
        except OSError as error:
            if error.errno not in _OTHERWISE:
                raise
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            raise ObstacleError(self.shown, way, kind_of(found), Kind.FOLDER) from error
        os.close(descriptor)
        return inner

    def _open(self, descriptor: int, name: str, path: str) -> int:
        """Open a file for reading."""
        try:
            opened = os.open(name, _FILE, dir_fd=descriptor)
        except OSError as error:
            if error.errno not in _OTHERWISE:
                raise
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            raise ObstacleError(self.shown, path, kind_of(found), Kind.FILE) from error
        kind = kind_of(os.fstat(opened))
        if kind is not Kind.FILE:
            os.close(opened)
            raise ObstacleError(self.shown, path, kind, Kind.FILE)
        return opened


@contextmanager
def opened(path: Path, shown: str) -> Iterator[Folder]:
    """Open a folder; raises FileNotFoundError, or ObstacleError if it is something else."""
    try:
        descriptor = os.open(path, _FOLDER)
    except OSError as error:
        if error.errno not in _OTHERWISE:
            raise
        raise ObstacleError(shown, "", kind_of(os.lstat(path)), Kind.FOLDER) from error
    try:
        yield Folder(descriptor, shown)
    finally:
        os.close(descriptor)


@contextmanager
def opened_if_any(path: Path, shown: str) -> Iterator[Folder | None]:
    """Open a folder, or give None if there is none; raises ObstacleError as `opened` does."""
    if not os.path.lexists(path):
        yield None
        return
    with opened(path, shown) as folder:
        yield folder


def kind_of(status: os.stat_result) -> Kind:
    """What a status tells that something is."""
    if stat.S_ISLNK(status.st_mode):
        return Kind.LINK
    if stat.S_ISREG(status.st_mode):
        return Kind.FILE
    return Kind.FOLDER if stat.S_ISDIR(status.st_mode) else Kind.OTHER


def _make(descriptor: int, name: str) -> None:
    try:
        os.mkdir(name, dir_fd=descriptor)
    except FileExistsError:
        return
