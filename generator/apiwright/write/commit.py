"""Bringing an output folder to its new state, at once."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Collection
from dataclasses import replace

from apiwright.write.changes import Changes
from apiwright.write.compare import compare, explained
from apiwright.write.errors import EditedFilesError, WriteError
from apiwright.write.folder import Folder, opened
from apiwright.write.interrupts import uninterrupted
from apiwright.write.journal import Journal, Run, Step
from apiwright.write.lock import locked
from apiwright.write.manifest import inputs_fault
from apiwright.write.paths import MANIFEST
from apiwright.write.place import Place, locate
from apiwright.write.recover import recover, swap
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
        self._changes = changes
        self._record = replace(changes.after, inputs=inputs).dump()
        self._state = Run(place.staging(secrets.token_hex(8)))

    def run(self) -> None:
        """Do it; whatever happens, nothing is left beside the folder."""
        try:
            self._journal.begin(self._state)
            if os.path.lexists(self._place.path):
                with opened(self._place.path, self._place.shown) as folder:
                    self._stage(folder)
            else:
                self._stage(None)
            with uninterrupted():
                self._show()
                recover(self._place, self._journal)
        finally:
            with uninterrupted():
                recover(self._place, self._journal)

    def _stage(self, folder: Folder | None) -> None:
        """Build the new tree, and say in the journal what is to become of it."""
        stage = Stage(self._place.parent / self._state.staging)
        original = os.fstat(folder.descriptor).st_ino if folder else None
        self._add(replace(self._state, original=original, staged=stage.inode))
        steps = self._steps()
        in_place = folder is not None and (not steps or self._is_mounted(folder))
        if folder is not None:
            check_rights(folder, steps)
            if not in_place:
                stage.carry(folder, {*steps, MANIFEST})
        self._write_files(stage, folder, steps)
        
    def _steps(self) -> dict[str, Step]:
        """What happens to each file."""
