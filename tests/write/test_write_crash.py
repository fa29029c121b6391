"""Runs that are killed: the folder is wholly old or wholly new, and the next run ends them."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from apiwright.write import compare, recorded_inputs, write
from tests.write.write_helpers import (
    NEW,
    POLICIES,
    WAYS,
    Snapshot,
    World,
    at_step,
    before_each_step,
    in_child,
    names,
    snapshot,
    steps_of,
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def check_then_end(world: World, allowed: list[Snapshot], new: Snapshot) -> bool:
    """The state after a crash, and after the next run; whether the crash left the new tree."""
    found = snapshot(world.target)
    if world.target.exists():
        assert found in allowed
    world.renew()
    assert snapshot(world.target) == new
    world.check_untouched()
    world.check_neighbours()
    assert recorded_inputs(world.target) == "new"
    return found == new


@pytest.mark.parametrize(
    ("way", "stride"), [("at once", 2), ("in three steps", 7), ("with copies", 8)]
)
def test_a_kill_before_any_step_leaves_the_old_or_the_new_tree(
    way: str, stride: int, template: World, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    with WAYS[way]():
        steps = steps_of(template.copied(tmp_path / "count").renew)
    seen = []
    for number in range(0, len(steps), stride):
        world = template.copied(tmp_path / str(number))
        with WAYS[way]():
            with before_each_step(at_step(number, die)):
                assert in_child(world.renew) == -signal.SIGKILL
            if way == "in three steps":
                assert world.target.exists() or steps[number] == "rename"
            else:
                assert world.target.exists()
            seen.append(check_then_end(world, [old, new], new))
    assert {True, False} == set(seen)
    assert seen == sorted(seen), "the new tree appeared, and went away again"
    assert len(steps) > 100


def test_a_kill_where_nothing_can_be_exchanged_is_ended_by_the_next_run(
    template: World, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    with WAYS["in place"]():
        steps = steps_of(template.copied(tmp_path / "count").renew)
        for number in range(0, len(steps), 8):
            world = template.copied(tmp_path / str(number))
            with before_each_step(at_step(number, die)):
                assert in_child(world.renew) == -signal.SIGKILL
            world.renew()
            assert snapshot(world.target) == new
            world.check_untouched()
            world.check_neighbours()


def test_a_kill_during_the_first_run_leaves_nothing_or_everything(tmp_path: Path) -> None:
    def first(parent: Path) -> None:
        write(compare(parent / "generated", NEW, POLICIES))

    (tmp_path / "count").mkdir()
    steps = steps_of(partial(first, tmp_path / "count"))
    whole = snapshot(tmp_path / "count/generated")
    for number in range(0, len(steps), 2):
        parent = tmp_path / str(number)
        parent.mkdir()
        with before_each_step(at_step(number, die)):
            assert in_child(partial(first, parent)) == -signal.SIGKILL
        assert snapshot(parent / "generated") in ({}, whole)
        first(parent)
        assert snapshot(parent / "generated") == whole
        if (parent / "generated").exists():
            assert names(parent) == ["generated"]


def test_kills_at_random_times_leave_the_old_or_the_new_tree(
    template: World, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    chance = random.Random(1)
    began = time.monotonic()
    template.copied(tmp_path / "clock").renew()
    usual = time.monotonic() - began
    for number in range(30):
        world = template.copied(tmp_path / str(number))
        child = os.fork()
        if child == 0:
            world.renew()
            os._exit(0)
        time.sleep(chance.uniform(0, usual * 1.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        check_then_end(world, [old, new], new)


@pytest.mark.parametrize("way", ["at once", "in three steps", "with copies"])
def test_a_run_that_ends_a_killed_one_may_be_killed_as_well(
    way: str, template: World, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    with WAYS[way]():
        steps = steps_of(template.copied(tmp_path / "count").renew)
        chance = random.Random(2)
        for number in range(6):
            world = template.copied(tmp_path / str(number))
            for _ in range(5):
                step = chance.randrange(len(steps))
                with before_each_step(at_step(step, die)):
                    in_child(world.renew)
                assert snapshot(world.target) in ([old, new] if world.target.exists() else [{}])
            check_then_end(world, [old, new], new)
