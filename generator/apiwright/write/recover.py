"""Bringing a run to its end from wherever it got to, whether it was killed there or not.

There is one way through the end of a run, and it is the same after `kill -9`: where the two folders
are, told by their inodes, and what the journal says about them decide what is left to do.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from apiwright.write.errors import WriteError
from apiwright.write.exchange import exchange
from apiwright.write.folder import opened
from apiwright.write.journal import Journal
from apiwright.write.place import Place
from apiwright.write.remove import remove_tree
from apiwright.write.rescue import rescue
from apiwright.write.run import Run
from apiwright.write.settle import settle
from apiwright.write.stage import sync


def recover(place: Place, journal: Journal) -> None:
    """End the run of the journal, if there is one.

    A new tree that has not taken the place of the output folder goes away. If it has, the run is
    good: the original folder is brought to the same state and takes its place back. Raises
    WriteError if the folders are not as any run could have left them.
    """
    run = journal.run
    if run is None:
        return
    leftover = place.parent / run.staging
    _end_half_exchange(place, run, leftover)
    here, there = _inode(place.path), _inode(leftover)
    if run.original is not None and (here, there) == (run.staged, run.original):
        run = _settle(leftover, place.path, place, journal, run)
        swap(place, run)
        _discard(place, journal, run, leftover)
    elif run.staged is not None and there == run.staged:
        if run.in_place and not run.settled and here == run.original:
            run = _settle(place.path, leftover, place, journal, run)
        _discard(place, journal, run, leftover)
    elif there is not None and run.staged is not None:
        raise WriteError(
            f"a run was killed, and {place.shown} has been replaced since then",
            f"the folder that was there is {leftover}: take from it what you need, and remove it",
        )
    elif there is not None:
        leftover.rmdir()  # the run had just made it
    journal.clear()


def swap(place: Place, run: Run) -> None:
    """Exchange the output folder and the one beside it, also for after a power failure."""
    exchange(place.path, place.parent / run.staging, place.parent / run.aside)
    sync(place.parent)


def _end_half_exchange(place: Place, run: Run, leftover: Path) -> None:
    """Put folders in order that an exchange of three steps left under two of the three names."""
    aside = place.parent / run.aside
    if run.original is not None and not os.path.lexists(place.path):
        for path in (aside, leftover):
            if _inode(path) == run.original:
                path.rename(place.path)
    if _inode(aside) is not None:
        aside.rename(leftover)


def _settle(folder: Path, staged: Path, place: Place, journal: Journal, run: Run) -> Run:
    with opened(folder, place.shown) as old, opened(staged, place.shown) as new:
        settle(old, new, run)
    run = replace(run, settled=True)
    journal.add(run, durable=True)
    return run


def _discard(place: Place, journal: Journal, run: Run, leftover: Path) -> None:
    """Remove the new tree; what people wrote into it while they could is moved out before."""
    visible = run.settled and not run.in_place
    if visible and not run.rescued and _inode(place.path) is not None:
        with opened(place.path, place.shown) as old, opened(leftover, place.shown) as new:
            rescue(old, new, run.signatures)
        journal.add(replace(run, rescued=True))
    remove_tree(leftover)


def _inode(path: Path) -> int | None:
    """The inode of a folder, None if there is none."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_ino if stat.S_ISDIR(status.st_mode) else None
