"""Removing a tree of our own, in which other trees' files may have second names."""

from __future__ import annotations

import os
from pathlib import Path


def remove_tree(path: Path) -> None:
    """Remove a folder with everything in it; no link is followed, and no depth is too deep."""
    folders = [path]
    for folder in folders:  # which grows meanwhile
        folder.chmod(0o700)  # a copy of one that was read-only is that as well
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                else:
                    (folder / entry.name).unlink()
    for folder in reversed(folders):
        folder.rmdir()
