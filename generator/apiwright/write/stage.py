"""The new tree, built beside the output folder where nobody sees it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from apiwright.write.duplicate import duplicate
from apiwright.write.errors import ObstacleError
from apiwright.write.folder import Folder, opened
from apiwright.write.paths import ancestors
from apiwright.write.prune import prune
from apiwright.write.run import Signature, Step

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Stage:
    """A tree in the making, in a new folder that only its owner may enter.

    `signatures` tell the files that it was given from those that others put there later.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        self.path = path
        self.inode = os.lstat(path).st_ino
        self.signatures: dict[str, Signature] = {}
        self._modes: list[tuple[Path, int]] = []
        self._synced: set[str] = {""}

    def open_as_usual(self) -> None:
        """Have the tree get the mode that the process gives to new folders, when it is finished.

        A folder is made to see it: asking for the umask would change it.
        """
        probe = self.path / "probe"
        probe.mkdir()
        self._modes.append((self.path, stat.S_IMODE(probe.lstat().st_mode)))
        probe.rmdir()

    def carry(self, source: Folder, left_out: Collection[str]) -> None:
        """Take over what is in a folder, as second names of the same files.

        What cannot be taken over is left out: sockets, what may not be read, other file systems
        that are mounted inside.
        """
        device = os.fstat(source.descriptor).st_dev
        waiting = [""]
        while waiting:
            path = waiting.pop()
            try:
                with source.inside(path) as old:
                    status = os.fstat(old)
                    self._modes.append((self.path / path, stat.S_IMODE(status.st_mode)))
                    if status.st_dev == device:
                        waiting += self._carry_folder(old, path, left_out)
            except (FileNotFoundError, PermissionError, ObstacleError):
                continue  # it has just gone, or is closed to us

    def prune(self, steps: Mapping[str, Step]) -> None:
        """Remove the folders that the files which leave were the last ones of."""
        with opened(self.path, str(self.path)) as folder:
            prune(folder, steps)

    def write(self, path: str, data: bytes, mode: int | None) -> None:
        """Write a new file, with the mode that the process gives to new files if it is None."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, _NEW, 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            self.signatures[path] = signature(os.fstat(descriptor))
        self._synced.update(ancestors(path))

    def finish(self) -> None:
        """Give the folders their modes, and have the disk keep what is new."""
        for path in self._synced:
            sync(self.path / path)
        for folder, mode in reversed(self._modes):
            if folder.is_dir():  # or it was left without files, and went away
                folder.chmod(mode)

    def _carry_folder(self, old: int, path: str, left_out: Collection[str]) -> list[str]:
        """Take over the files of one folder; gives the folders in it, which are made empty."""
        inner: list[str] = []
        new = os.open(self.path / path, _FOLDER)
        try:
            with os.scandir(old) as entries:
                for entry in entries:
                    way = f"{path}/{entry.name}" if path else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        os.mkdir(entry.name, 0o700, dir_fd=new)
                        inner.append(way)
                    elif way not in left_out and duplicate(old, entry.name, new, entry.name):
                        status = os.stat(entry.name, dir_fd=new, follow_symlinks=False)
                        self.signatures[way] = signature(status)
        finally:
            os.close(new)
        return inner


def signature(status: os.stat_result) -> Signature:
    """What a file is known by."""
    return status.st_ino, status.st_mtime_ns, status.st_size


def sync(folder: Path) -> None:
    """Have the disk keep the names in a folder."""
    descriptor = os.open(folder, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
