"""The stage `write`: texts become the output folder, all of them at once or none.

`compare` looks, `write` does. A run builds the new tree beside the folder, out of second names for
every file that stays, and the two change places in one system call. The folder that was there is
then brought up to date while nobody sees it and takes its place back, so that it keeps its inode,
and so does every file that did not change.
"""

from apiwright.write.changes import Changes
from apiwright.write.commit import write
from apiwright.write.compare import Left, compare, left_behind, recorded_inputs
from apiwright.write.errors import BusyError, EditedFilesError, WriteError
from apiwright.write.paths import MANIFEST

__all__ = [
    "MANIFEST",
    "BusyError",
    "Changes",
    "EditedFilesError",
    "Left",
    "WriteError",
    "compare",
    "left_behind",
    "recorded_inputs",
    "write",
]
