"""Folders that nothing but bytecode is left in go the way of the files that were in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from apiwright.write.errors import ObstacleError
from apiwright.write.folder import Folder
from apiwright.write.paths import ancestors
from apiwright.write.run import Step

_CACHE = "__pycache__"


def prune(folder: Folder, steps: Mapping[str, Step]) -> None:
    """Remove the folders that became empty when files went away, and that get no new ones.

    A folder that holds nothing but Python's cache of what was in it counts as empty.
    """
    for path in sorted(
        _parents(steps, leaving=True) - _parents(steps, leaving=False), reverse=True
    ):
        try:
            if _vacate(folder, path):
                with folder.holding(path) as (descriptor, name):
                    os.rmdir(name, dir_fd=descriptor)
        except (FileNotFoundError, ObstacleError):
            continue  # it has gone already, or a person has put something else there


def _parents(steps: Mapping[str, Step], *, leaving: bool) -> set[str]:
    """The folders of the files that leave, or of those that come or stay."""
    paths = (path for path, (_, after) in steps.items() if (after is None) is leaving)
    return {above for path in paths for above in ancestors(path)}


def is_cache(folder: Folder, path: str) -> bool:
    """Whether a folder is one of Python's, with nothing in it that Python did not write."""
    return path.rpartition("/")[2] == _CACHE and _bytecode(folder, path) is not None


def _vacate(folder: Folder, path: str) -> bool:
    """Remove the cache from a folder that has nothing else in it; whether it is empty then."""
    with folder.inside(path) as descriptor:
        names = _names(descriptor)
    if names != [_CACHE]:
        return not names
    cache = f"{path}/{_CACHE}"
    bytecode = _bytecode(folder, cache)
    if bytecode is None:
        return False
    with folder.inside(cache) as descriptor:
        for name in bytecode:
            os.unlink(name, dir_fd=descriptor)
    with folder.holding(cache) as (descriptor, name):
        os.rmdir(name, dir_fd=descriptor)
    return True


def _names(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as entries:
        return [entry.name for entry in entries]


def _bytecode(folder: Folder, path: str) -> list[str] | None:
    """The files of a cache; None if there are others, or if they cannot be removed.

    A service that ran in a container may have left a cache that belongs to another account.
    """
    try:
        with folder.inside(path) as descriptor:
            names = _names(descriptor)
            modes = [os.lstat(name, dir_fd=descriptor).st_mode for name in names]
            ours = os.access(".", os.W_OK | os.X_OK, dir_fd=descriptor)
    except ObstacleError:
        return None
    right = all(
        ".pyc" in name and stat.S_ISREG(mode) for name, mode in zip(names, modes, strict=True)
    )
    return names if right and ours else None
