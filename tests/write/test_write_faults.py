"""Disks that are full and folders that are closed: an error with words, and no half of a tree."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwright.write import WriteError, compare, write
from tests.write.write_helpers import (
    NEW,
    POLICIES,
    WAYS,
    Snapshot,
    World,
    at_step,
    before_each_step,
    in_child,
    put,
    snapshot,
    steps_of,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def trees(template: World, tmp_path_factory: pytest.TempPathFactory) -> list[Snapshot]:
    world = template.copied(tmp_path_factory.mktemp("done") / "0")
    world.renew()
    return [snapshot(template.target), snapshot(world.target)]


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
        (errno.ENOSPC, "at once", 2),
        (errno.EACCES, "at once", 3),
        (errno.EIO, "in three steps", 5),
        (errno.ENOSPC, "with copies", 5),
    ],
)
def test_one_failure_at_any_step_leaves_the_old_or_the_new_tree_and_no_litter(
    number: int, way: str, stride: int, template: World, trees: list[Snapshot], tmp_path: Path
) -> None:
    with WAYS[way]():
        steps = steps_of(template.copied(tmp_path / "count").renew)
        failures = 0
        for step in range(0, len(steps), stride):
            world = template.copied(tmp_path / str(step))
            with before_each_step(at_step(step, fail(number))):
                try:
                    world.renew()
                except WriteError as error:
                    failures += 1
                    assert "generated" in str(error)
            assert snapshot(world.target) in trees
            world.check_untouched()
            if steps[step] != "unlink" or step < len(steps) - 1:  # of the lock file itself
                world.check_neighbours()
            world.renew()
            assert snapshot(world.target) == trees[1]
            world.check_neighbours()
        assert failures > 0.6 * len(range(0, len(steps), stride))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_failing_from_some_step_on_leaves_the_old_or_the_new_tree(
    number: int, template: World, trees: list[Snapshot], tmp_path: Path
) -> None:
    steps = steps_of(template.copied(tmp_path / "count").renew)
    for step in range(0, len(steps), 5):
        world = template.copied(tmp_path / str(step))
        with (
            before_each_step(from_step(step, fail(number))),
            pytest.raises(WriteError, match=f"{os.strerror(number)}|may not be written to"),
        ):
            world.renew()
        assert snapshot(world.target) in trees
        world.renew()
        assert snapshot(world.target) == trees[1]
        world.check_untouched()
        world.check_neighbours()


def test_ctrl_c_at_any_step_leaves_the_old_or_the_new_tree_and_no_litter(
    template: World, trees: list[Snapshot], tmp_path: Path
) -> None:
    steps = steps_of(template.copied(tmp_path / "count").renew)
    exchanged = steps.index("exchange")
    for step in range(0, len(steps), 4):
        world = template.copied(tmp_path / str(step))
        with before_each_step(at_step(step, lambda: signal.raise_signal(signal.SIGINT))):
            assert in_child(world.renew) == 130
        assert snapshot(world.target) == trees[step >= exchanged]
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
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)
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
            assert os.listdir(parent) == ["generated"]

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
    assert came.exists() and not gone.exists()
    assert os.listdir(open_folder) == ["generated"]
