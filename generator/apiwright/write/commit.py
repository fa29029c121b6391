"""Bringing an output folder to its new state, at once."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256

from apiwright.write.changes import Changes
from apiwright.write.compare import compare, explained
from apiwright.write.errors import EditedFilesError, Kind, ObstacleError, WriteError
from apiwright.write.folder import Folder, kind_of, opened_if_any
from apiwright.write.interrupts import uninterrupted
from apiwright.write.journal import Journal
from apiwright.write.lock import locked
from apiwright.write.manifest import inputs_fault
from apiwright.write.paths import MANIFEST
from apiwright.write.place import Place, locate
from apiwright.write.recover import recover, swap
from apiwright.write.run import Run, Step
from apiwright.write.settle import check_rights
from apiwright.write.stage import Stage, sync

# a mount point, or a folder of a lower layer of an overlay file system, as containers have them
_CANNOT_MOVE = {errno.EXDEV, errno.EBUSY}


def write(changes: Changes, *, force: bool = False, inputs: str = "") -> None:
    """Make the folder of `changes` what they say, so that a crash leaves the old tree or the new.

    The folder is compared anew under a lock, and what another run or a person did since `changes`
    were found counts. `inputs` is a digest of all that the files were made from; see
    `recorded_inputs`. Where nothing has to be changed nothing is touched.

    Raises EditedFilesError if a file was changed by hand, unless `force` is set and the file is
    among those that `changes` name; BusyError if another run does not end; WriteError for what is
    in the way or cannot be written.
    """
    reason = inputs_fault(inputs)
    if reason:
        raise WriteError(reason)
    place = locate(changes.target)
    known = changes.edited if force else ()
    _refuse(place, changes, known)
    if _is_done(changes, inputs) and not os.path.lexists(place.lock):
        return
    with explained(place, "write"), locked(place) as journal:
        recover(place, journal)
        fresh = compare(changes.target, changes.files, changes.policies)
        _refuse(place, fresh, known)
        if not _is_done(fresh, inputs):
            _Commit(place, journal, fresh, inputs).run()


def _refuse(place: Place, changes: Changes, known: Collection[str]) -> None:
    edited = set(changes.edited) - set(known)
    if edited:
        raise EditedFilesError(place.shown, edited)


def _is_done(changes: Changes, inputs: str) -> bool:
    return changes.clean and changes.before == replace(changes.after, inputs=inputs)


class _Commit:
    """One run: a tree is built beside the folder and takes its place, then the folder follows."""

    def __init__(self, place: Place, journal: Journal, changes: Changes, inputs: str) -> None:
        self._place = place
        self._journal = journal
        self._files = changes.files
        self._steps = _steps(changes)
        self._record = replace(changes.after, inputs=inputs).dump()
        self._state = Run(place.staging(secrets.token_hex(8)))

    def run(self) -> None:
        """Do it; whatever happens, nothing is left beside the folder."""
        try:
            self._journal.begin(self._state)
            with opened_if_any(self._place.path, self._place.shown) as folder:
                self._stage(folder)
            with uninterrupted():
                self._show()
                recover(self._place, self._journal)
        finally:
            with uninterrupted():
                recover(self._place, self._journal)

    def _stage(self, folder: Folder | None) -> None:
        """Build the new tree, and write down what is to become of it."""
        in_place = False
        if folder is not None:
            check_rights(folder, self._steps)
            # one file alone, the record, needs no new tree to appear at once
            in_place = not self._steps or self._is_mounted(folder)
        stage = Stage(self._place.parent / self._state.staging)
        original = os.fstat(folder.descriptor).st_ino if folder else None
        self._add(replace(self._state, original=original, staged=stage.inode))
        if folder is None:
            stage.open_as_usual()
        elif not in_place:
            stage.carry(folder, {*self._steps, MANIFEST})
            stage.prune(self._steps)
        for path, (_, after) in self._steps.items():
            if after is not None:
                stage.write(path, self._files[path].encode(), _mode(folder, path))
        stage.write(MANIFEST, self._record, _mode(folder, MANIFEST))
        stage.finish()
        self._add(
            replace(self._state, steps=self._steps, signatures=stage.signatures, in_place=in_place),
            durable=True,
        )
        sync(self._place.parent)

    def _show(self) -> None:
        """Have the new tree take the place of the folder, if that can be done at once."""
        if self._state.original is None:
            (self._place.parent / self._state.staging).rename(self._place.path)
            sync(self._place.parent)
        elif not self._state.in_place:
            try:
                swap(self._place, self._state)
            except OSError as error:
                if error.errno not in _CANNOT_MOVE:
                    raise
                self._add(replace(self._state, in_place=True), durable=True)

    def _is_mounted(self, folder: Folder) -> bool:
        """Whether the folder is on another file system than its parent."""
        return os.fstat(folder.descriptor).st_dev != os.lstat(self._place.parent).st_dev

    def _add(self, state: Run, *, durable: bool = False) -> None:
        self._journal.add(state, durable=durable)
        self._state = state


def _steps(changes: Changes) -> dict[str, Step]:
    """What happens to each file that is touched."""
    files = changes.files
    return {
        path: (
            changes.found.get(path),
            sha256(files[path].encode()).hexdigest() if path in files else None,
        )
        for path in changes.paths
    }


def _mode(folder: Folder | None, path: str) -> int | None:
    """The mode of the file at a path, None if there is none."""
    try:
        status = folder.status(path) if folder else None
    except ObstacleError:
        return None
    if status is None or kind_of(status) is not Kind.FILE:
        return None
    return stat.S_IMODE(status.st_mode)
