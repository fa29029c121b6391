"""Disks that are full and folders that are closed: an error with words, and no half of a tree."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest

from apiwright.write import WriteError, compare, exchange, write
from tests.write.write_helpers import (
    WAYS,
    Snapshot,
    World,
    at_step,
    before_each_step,
    cannot_exchange,
    in_child,
    names,
    put,
    snapshot,
    steps_of,
)


def fail(number: int) -> Callable[[], None]:
    def act() -> None:
        raise OSError(number, os.strerror(number))

    return act


def from_step(number: int, act: Callable[[], None]) -> Callable[[str], None]:
    count = iter(range(1_000_000))

    def check(name: str) -> None:
        if next(count) >= number:
            act()

    return check


@pytest.mark.parametrize(
    ("number", "way", "stride"),
    [
        (errno.ENOSPC, "at once", 4),
        (errno.EACCES, "at once", 5),
        (errno.EIO, "in three steps", 7),
        (errno.ENOSPC, "with copies", 7),
    ],
)
def test_one_failure_at_any_step_leaves_the_old_or_the_new_tree_and_no_litter(
    number: int,
    way: str,
    stride: int,
    template: World,
    old: Snapshot,
    new: Snapshot,
    tmp_path: Path,
) -> None:
    with WAYS[way]():
        steps = steps_of(template.copied(tmp_path / "count").renew)
        successes = 0
        for step in range(0, len(steps), stride):
            world = template.copied(tmp_path / str(step))
            with before_each_step(at_step(step, fail(number))), suppress(WriteError):
                world.renew()
                successes += 1
            assert snapshot(world.target) in (old, new)
            world.check_untouched()
            if steps[step] != "unlink" or step < len(steps) - 1:  # of the lock file itself
                world.check_neighbours()
            world.renew()
            assert snapshot(world.target) == new
            world.check_neighbours()
        assert successes < len(steps) / stride / 3


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_failing_from_some_step_on_leaves_the_old_or_the_new_tree(
    number: int, template: World, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    steps = steps_of(template.copied(tmp_path / "count").renew)
    for step in range(1, len(steps), 8):
        world = template.copied(tmp_path / str(step))
        with (
            before_each_step(from_step(step, fail(number))),
            pytest.raises(WriteError, match=f"{os.strerror(number)}|may not be written to"),
        ):
            world.renew()
        assert snapshot(world.target) in (old, new)
        world.renew()
        assert snapshot(world.target) == new
        world.check_untouched()
        world.check_neighbours()


def test_ctrl_c_at_any_step_leaves_the_old_or_the_new_tree_and_no_litter(
    template: World, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    steps = steps_of(template.copied(tmp_path / "count").renew)
    exchanged = steps.index("exchange")
    for step in range(2, len(steps), 7):
        world = template.copied(tmp_path / str(step))
        with before_each_step(at_step(step, lambda: signal.raise_signal(signal.SIGINT))):
            assert in_child(world.renew) == 130
        assert snapshot(world.target) == (new if step >= exchanged else old)
        world.check_untouched()
        world.check_neighbours()


def as_somebody(run: Callable[[], None]) -> int:
    """Do something without the rights of root."""

    def drop() -> None:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        run()

    return in_child(drop)


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that every account may write to, at a place that they can reach."""
    tmp_path.chmod(0o777)
    return tmp_path


def test_closed_folders_are_told_before_anything_is_done(open_folder: Path) -> None:
    parent = open_folder / "parent"
    target = parent / "generated"

    def run() -> None:
        parent.mkdir()
        write(compare(target, {"app/a.py": "1\n"}))
        before = snapshot(target)
        changes = compare(target, {"app/a.py": "2\n"})
        for folder, told in ((target / "app", "generated/app may not"), (parent, "parent may not")):
            folder.chmod(0o555)
            with pytest.raises(WriteError, match=told):
                write(changes)
            folder.chmod(0o755)
            assert snapshot(target) == before
            assert names(parent) == ["generated"]

    assert as_somebody(run) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of other accounts")
def test_files_of_other_accounts_stay_where_they_are(open_folder: Path) -> None:
    target = open_folder / "generated"
    assert as_somebody(lambda: write(compare(target, {"app/old/a.py": "1\n"}))) == 0
    put(target / "app/old/__pycache__/a.cpython-311.pyc", b"made in a container")
    put(target / "data/base/1", b"a database")
    (target / "data").chmod(0o700)
    put(target / "readable", b"1")
    put(target / "secret", b"2")
    (target / "secret").chmod(0o600)
    (target / "app/old").chmod(0o777)
    inodes = {path: path.stat().st_ino for path in target.rglob("*") if path.is_file()}

    def run() -> None:
        write(compare(target, {"app/b.py": "2\n"}))

    assert as_somebody(run) == 0
    left = {path: path.stat().st_ino for path in target.rglob("*") if path.is_file()}
    gone, came = target / "app/old/a.py", target / "app/b.py"
    own = {gone, came, target / ".apiwright.json"}
    assert {k: v for k, v in left.items() if k not in own} == {
        k: v for k, v in inodes.items() if k not in own
    }
    assert came.exists()
    assert not gone.exists()
    assert names(open_folder) == ["generated"]


def test_a_folder_without_rights_is_told(
    tmp_path: Path, template: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = template.copied(tmp_path / "0")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(WriteError, match="generated may not be written to"):
        world.renew()
    world.check_neighbours()


def test_an_exchange_that_fails_is_told(tmp_path: Path, template: World, old: Snapshot) -> None:
    world = template.copied(tmp_path / "0")
    with (
        mock.patch.object(exchange, "system", return_value=cannot_exchange(errno.EIO)),
        pytest.raises(WriteError, match=r"cannot write .*: Input/output error"),
    ):
        world.renew()
    assert snapshot(world.target) == old
    world.check_neighbours()


def test_a_new_file_that_goes_away_at_the_wrong_moment_is_told(
    tmp_path: Path, template: World, new: Snapshot
) -> None:
    world = template.copied(tmp_path / "0")
    with (
        mock.patch("apiwright.write.settle.duplicate", return_value=False),
        pytest.raises(WriteError, match="has gone while it was needed"),
    ):
        world.renew()
    world.renew()
    assert snapshot(world.target) == new
    world.check_untouched()
