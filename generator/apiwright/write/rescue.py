"""What people wrote into the new tree while it stood in for the old one goes into the old one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from apiwright.write.errors import ObstacleError
from apiwright.write.folder import Folder
from apiwright.write.run import Signature
from apiwright.write.stage import signature

KEPT = ".apiwright-kept"
"""What is added to the name of a file that somebody changed on both sides."""


def rescue(folder: Folder, staged: Folder, signatures: Mapping[str, Signature]) -> None:
    """Move every file of `staged` that is not as the run left it to its place in `folder`.

    That is a matter of milliseconds, or, when a run was killed in between, of the time up to the
    next one. `signatures` tell what the run left.
    """
    waiting = [""]
    while waiting:
        path = waiting.pop()
        there = _inodes(folder, path)
        with staged.inside(path) as descriptor, os.scandir(descriptor) as entries:
            for entry in entries:
                way = f"{path}/{entry.name}" if path else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(way)
                elif there.get(entry.name) != entry.inode():
                    known = signatures.get(way)
                    if signature(entry.stat(follow_symlinks=False)) != known:
                        _bring(folder, staged, way, known)


def _inodes(folder: Folder, path: str) -> dict[str, int]:
    """The inodes in a folder by name; none if there is no such folder, or if it is closed to us."""
    try:
        with folder.inside(path) as descriptor, os.scandir(descriptor) as entries:
            return {entry.name: entry.inode() for entry in entries}
    except (FileNotFoundError, PermissionError, ObstacleError):
        return {}


def _bring(folder: Folder, staged: Folder, path: str, known: Signature | None) -> None:
    destination, found = path, folder.status(path)
    # a copy has another inode than what it is a copy of
    untouched = found is not None and known is not None and signature(found)[1:] == known[1:]
    while not untouched and folder.status(destination) is not None:
        destination += KEPT
    with (
        staged.holding(path) as (source, name),
        folder.holding(destination, create=True) as (descriptor, new_name),
    ):
        os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=descriptor)
