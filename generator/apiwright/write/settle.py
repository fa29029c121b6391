"""The steps of a run done to a folder one by one, out of a tree in which all of them are done.

Each may be repeated, so a run that was killed among them is brought to its end by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from apiwright.write.duplicate import duplicate
from apiwright.write.errors import Kind, ObstacleError, WriteError
from apiwright.write.folder import Folder, kind_of
from apiwright.write.paths import MANIFEST, ancestors
from apiwright.write.prune import prune
from apiwright.write.run import Run, Step


def settle(folder: Folder, staged: Folder, run: Run) -> None:
    """Make `folder` hold what `staged` holds at the paths that a run touches, and its record.

    Files are replaced, never written into: other trees may share them. A file that is neither what
    it was before the run nor what it should be afterwards was changed by a person in between, and
    stays as it is.
    """
    _discard(folder, run.scratch)
    leaving = [path for path, step in run.steps.items() if _leaves(folder, staged, path, step)]
    for path in leaving:
        with folder.holding(path) as (descriptor, name):
            os.unlink(name, dir_fd=descriptor)
    prune(folder, run.steps)
    for path, step in run.steps.items():
        if _is_ours(folder, path, step):
            _put(folder, staged, path, run.scratch)
    _put(folder, staged, MANIFEST, run.scratch)
    _sync(folder, run.steps)


def check_rights(folder: Folder, paths: Iterable[str]) -> None:
    """Raise WriteError if a folder that `settle` would change may not be changed."""
    for path in sorted({"", *(above for file in paths for above in ancestors(file))}):
        try:
            with folder.inside(path) as descriptor:
                allowed = os.access(".", os.W_OK | os.X_OK, dir_fd=descriptor)
        except (FileNotFoundError, ObstacleError):
            continue  # it will be made
        if not allowed:
            place = f"{folder.shown}/{path}" if path else folder.shown
            raise WriteError(f"{place} may not be written to", "give yourself the right to")


def _discard(folder: Folder, scratch: str) -> None:
    """Remove the file that a killed run was about to move to its place."""
    try:
        os.unlink(scratch, dir_fd=folder.descriptor)
    except FileNotFoundError:
        return


def _leaves(folder: Folder, staged: Folder, path: str, step: Step) -> bool:
    """Whether a file is ours, and neither in the new tree nor already what it should be."""
    try:
        found = folder.digest(path)
    except ObstacleError:
        return False
    ours = found is not None and found in step and found != step[1]
    return ours and _file(staged, path) is None


def _is_ours(folder: Folder, path: str, step: Step) -> bool:
    """Whether there is nothing of a person's at a path."""
    try:
        found = folder.digest(path)
    except ObstacleError:
        return False
    return found is None or found in step


def _put(folder: Folder, staged: Folder, path: str, scratch: str) -> None:
    """Have the new tree's file at a path, if there is one."""
    source, there = _file(staged, path), folder.status(path)
    if source is None or (there is not None and os.path.samestat(source, there)):
        return
    with staged.holding(path) as (descriptor, name):
        if not duplicate(descriptor, name, folder.descriptor, scratch):
            raise WriteError(f"{staged.shown}/{path} has gone while it was needed")
    _sync_file(folder, scratch)  # nothing to do, unless it is a copy
    with folder.holding(path, create=True) as (descriptor, name):
        os.rename(scratch, name, src_dir_fd=folder.descriptor, dst_dir_fd=descriptor)


def _file(staged: Folder, path: str) -> os.stat_result | None:
    """The file at a path, None if there is none, be there nothing or something else."""
    try:
        status = staged.status(path)
    except ObstacleError:
        return None
    return status if status is not None and kind_of(status) is Kind.FILE else None


def _sync_file(folder: Folder, name: str) -> None:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder.descriptor)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Folder, paths: Iterable[str]) -> None:
    """Have the disk keep the names in all folders that something was put into or taken from."""
    for path in sorted({"", *(above for file in paths for above in ancestors(file))}):
        try:
            with folder.inside(path) as descriptor:
                os.fsync(descriptor)
        except (FileNotFoundError, ObstacleError):
            continue  # it went away with its last file
