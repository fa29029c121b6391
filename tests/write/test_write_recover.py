"""What people do while a run is under way, or after one was killed, is never lost."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from apiwright.write import EditedFilesError, WriteError, compare, exchange, recorded_inputs, write
from apiwright.write.duplicate import duplicate
from apiwright.write.journal import Journal
from apiwright.write.place import Place, locate
from apiwright.write.run import Run
from tests.write.write_helpers import (
    NEW,
    POLICIES,
    WAYS,
    World,
    before_each_step,
    cannot_exchange,
    in_child,
    names,
    put,
    texts,
)

EXCHANGING = ["at once", "with copies"]


def at_exchange(number: int, act: Callable[[], object]) -> Callable[[str], None]:
    """Something to be done before the folders change places for the first or the second time."""
    seen: list[str] = []

    def check(name: str) -> None:
        seen.extend([name] if name == "exchange" else [])
        if name == "exchange" and len(seen) == number:
            act()

    return check


def save(path: Path, text: str) -> None:
    """Save a file as editors do: a new one takes the place of the old one."""
    beside = path.with_name(f"{path.name}~")
    put(beside, text)
    beside.replace(path)


def hidden(world: World) -> Path:
    """The folder beside the output folder."""
    (found,) = world.target.parent.glob(".generated.apiwright-*[0-9a-f]")
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.made(tmp_path)


@pytest.mark.parametrize("way", EXCHANGING)
def test_what_is_saved_before_the_exchange_stays(world: World, way: str) -> None:
    target = world.target

    def work() -> None:
        save(target / ".env", "SECRET=2\n")
        save(target / "notes", "1\n")
        save(target / "app/main.py", "mine = 1\n")
        save(target / "app/same.py", "mine = 2\n")
        save(target / "app/gone/deep/thing.py", "mine = 3\n")
        save(target / "app/fresh_here.py", "mine = 5\n")
        save(target / "fresh.toml", "mine = 6\n")
        (target / "tests/test_mine.py").unlink()

    with WAYS[way](), before_each_step(at_exchange(1, work)):
        world.renew()
    found = texts(target)
    assert found[".env"] == "SECRET=2\n"
    assert found["notes"] == "1\n"
    assert found["app/main.py"] == "mine = 1\n"
    assert found["app/same.py"] == "mine = 2\n"
    assert found["app/gone/deep/thing.py"] == "mine = 3\n"
    assert found["fresh.toml"] == "mine = 6\n"
    assert found["app/models/order.py"] == NEW["app/models/order.py"]
    assert "tests/test_mine.py" not in found
    assert not [path for path in found if path.endswith("-kept")]
    edited = compare(target, NEW, POLICIES).edited
    assert edited == ("app/main.py", "app/same.py")
    world.check_neighbours()


@pytest.mark.parametrize("way", EXCHANGING)
def test_what_is_saved_during_the_exchange_is_moved_over(world: World, way: str) -> None:
    target = world.target

    def work() -> None:
        save(target / ".env", "SECRET=2\n")
        save(target / "notes/today", "1\n")
        save(target / "app/main.py", "mine = 1\n")
        save(target / "app/same.py", "mine = 2\n")
        put(target / "htmlcov/deep/er/index.html", "written into\n")
        (target / "to").symlink_to("notes")

    with WAYS[way](), before_each_step(at_exchange(2, work)):
        world.renew()
    found = texts(target)
    assert found[".env"] == "SECRET=2\n"
    assert found["notes/today"] == "1\n"
    assert found["app/main.py"] == "mine = 1\n"
    assert found["app/same.py"] == "mine = 2\n"
    assert found["htmlcov/deep/er/index.html"] == "written into\n"
    assert (target / "to").readlink() == Path("notes")
    assert not [path for path in found if path.endswith("-kept")]
    assert compare(target, NEW, POLICIES).edited == ("app/main.py", "app/same.py")
    world.check_neighbours()


@pytest.mark.parametrize("way", EXCHANGING)
def test_what_is_saved_on_both_sides_is_kept_twice(world: World, way: str) -> None:
    put(world.target / ".env.apiwright-kept", "SECRET=kept before\n")

    def work() -> None:
        save(world.target / ".env", "SECRET=by path\n")
        save(hidden(world) / ".env", "SECRET=by a process that stands there\n")

    with WAYS[way](), before_each_step(at_exchange(2, work)):
        world.renew()
    found = texts(world.target)
    assert found[".env"] == "SECRET=by a process that stands there\n"
    assert found[".env.apiwright-kept"] == "SECRET=kept before\n"
    assert found[".env.apiwright-kept.apiwright-kept"] == "SECRET=by path\n"


def killed_before_the_second_exchange(world: World) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with before_each_step(at_exchange(2, die)):
        assert in_child(world.renew) == -signal.SIGKILL
    assert world.target.stat().st_ino != world.inode
    assert recorded_inputs(world.target) is None


def test_work_after_a_crash_is_kept(world: World) -> None:
    killed_before_the_second_exchange(world)
    target = world.target
    save(target / ".env", "SECRET=2\n")
    save(target / "notes", "1\n")
    save(target / "app/same.py", "mine = 2\n")
    save(target / "app/models/order.py", "mine = 3\n")
    save(hidden(world) / "stood/here", "4\n")
    with pytest.raises(EditedFilesError) as caught:
        world.renew()
    assert caught.value.paths == ("app/models/order.py", "app/same.py")
    for path in caught.value.paths:
        save(target / path, NEW[path])
    world.renew()
    found = texts(target)
    assert found[".env"] == "SECRET=2\n"
    assert found["notes"] == "1\n"
    assert found["stood/here"] == "4\n"
    assert target.stat().st_ino == world.inode
    world.check_neighbours()


def test_removals_after_a_crash_do_no_harm(world: World) -> None:
    killed_before_the_second_exchange(world)
    (world.target / "app/main.py").unlink()
    (world.target / "app/page").unlink()
    (world.target / "app/page").symlink_to("elsewhere")
    shutil.rmtree(world.target / "app/models")
    put(world.target / "app/models", "a file\n")
    with pytest.raises(WriteError, match=r"app/page is a symbolic link|app/models is a file"):
        world.renew()
    (world.target / "app/page").unlink()
    (world.target / "app/models").unlink()
    world.renew()
    assert compare(world.target, NEW, POLICIES).clean
    world.check_untouched()
    world.check_neighbours()


def test_a_folder_that_was_removed_after_a_crash_comes_back(world: World) -> None:
    killed_before_the_second_exchange(world)
    shutil.rmtree(world.target)
    world.renew()
    assert compare(world.target, NEW, POLICIES).clean
    world.check_untouched()
    world.check_neighbours()


def test_a_folder_that_was_replaced_after_a_crash_is_not_guessed_about(world: World) -> None:
    killed_before_the_second_exchange(world)
    world.target.rename(world.target.with_name("elsewhere"))
    world.target.mkdir()
    for _ in range(2):
        with pytest.raises(WriteError, match="has been replaced since then") as caught:
            world.renew()
        assert str(hidden(world)) in caught.value.hint
    shutil.rmtree(hidden(world))
    world.renew()
    assert names(world.target.parent) == ["elsewhere", "generated"]


@pytest.mark.parametrize("replace", [True, False])
def test_a_folder_that_went_away_before_the_exchange_takes_the_new_tree_along(
    world: World, replace: bool
) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with before_each_step(at_exchange(1, die)):
        in_child(world.renew)
    world.target.rename(world.target.with_name("elsewhere"))
    if replace:
        put(world.target / "mine", "1\n")
    world.renew()
    assert names(world.target.parent) == ["elsewhere", "generated"]
    found = texts(world.target)
    assert found == ({**NEW, "mine": "1\n"} if replace else NEW)


def test_a_disk_that_is_full_in_the_middle_leaves_the_new_tree(world: World) -> None:
    full = False

    def fill(name: str) -> None:
        nonlocal full
        full = full or name == "exchange"
        if full and name in {"link", "write"}:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with before_each_step(fill), pytest.raises(WriteError, match="No space left"):
        world.renew()
    assert compare(world.target, NEW, POLICIES).clean
    assert len(names(world.target.parent)) == 3
    world.renew()
    world.check_untouched()
    world.check_neighbours()


class TestJournal:
    def opened(self, tmp_path: Path, text: str = "") -> tuple[int, Place]:
        place = locate(tmp_path / "generated")
        put(place.lock, text)
        return os.open(place.lock, os.O_RDWR), place

    def test_comes_back_as_it_was_written(self, tmp_path: Path) -> None:
        descriptor, place = self.opened(tmp_path)
        journal = Journal(descriptor, place)
        assert journal.run is None
        run = Run(place.staging("0123456789abcdef"))
        journal.begin(run)
        run = Run(
            run.staging,
            original=1,
            staged=2,
            steps={"a/b": (None, "x"), "c": ("y", None)},
            signatures={"a": (1, 2, 3), "\udcff": (1, 2, 3)},
            in_place=True,
            settled=True,
            rescued=True,
        )
        journal.add(run, durable=True)
        os.lseek(descriptor, 0, os.SEEK_SET)
        assert Journal(descriptor, place).run == run
        journal.clear()
        os.lseek(descriptor, 0, os.SEEK_SET)
        assert Journal(descriptor, place).run is None
        os.close(descriptor)

    def test_a_line_that_was_cut_off_does_not_count(self, tmp_path: Path) -> None:
        descriptor, place = self.opened(tmp_path)
        run = Run(place.staging("0123456789abcdef"))
        Journal(descriptor, place).begin(run)
        os.write(descriptor, b'{"original": 1')
        os.lseek(descriptor, 0, os.SEEK_SET)
        journal = Journal(descriptor, place)
        assert journal.run == run
        journal.add(Run(run.staging, staged=7))
        os.lseek(descriptor, 0, os.SEEK_SET)
        again = Journal(descriptor, place).run
        assert again == Run(run.staging, staged=7)
        os.close(descriptor)

    def test_half_a_line_is_taken_back(self, tmp_path: Path) -> None:
        descriptor, place = self.opened(tmp_path)
        journal = Journal(descriptor, place)
        run = Run(place.staging("0123456789abcdef"))
        journal.begin(run)
        size = os.fstat(descriptor).st_size
        whole = os.write

        def half(target: int, data: bytes) -> int:
            if len(data) < 10:
                raise OSError(errno.ENOSPC, "full")
            return whole(target, data[:5])

        with mock.patch.object(os, "write", half), pytest.raises(OSError, match="full"):
            journal.add(Run(run.staging, original=12345678))
        assert os.fstat(descriptor).st_size == size
        assert journal.run == run
        os.close(descriptor)

    STAGING = ".generated.apiwright-0123456789abcdef"

    @pytest.mark.parametrize(
        "text",
        [
            "what is this\n",
            "[1]\n",
            "5\n",
            "[" * 100_000 + "\n",
            "{}\n" * 3 + '{"staged": 1}\n',
            json.dumps({"staging": "../../etc"}) + "\n",
            json.dumps({"staging": "tests"}) + "\n",
            json.dumps({"staging": STAGING + "/.."}) + "\n",
            json.dumps({"staging": 1}) + "\n",
            json.dumps({"staging": STAGING, "original": "1"}) + "\n",
            json.dumps({"staging": STAGING, "steps": []}) + "\n",
            json.dumps({"staging": STAGING, "steps": {"../x": [None, None]}}) + "\n",
            json.dumps({"staging": STAGING, "steps": {"x": [1, None]}}) + "\n",
            json.dumps({"staging": STAGING, "steps": {"x": None}}) + "\n",
            json.dumps({"staging": STAGING, "signatures": {"x": [1, 2]}}) + "\n",
        ],
    )
    def test_what_no_run_wrote_is_refused(self, tmp_path: Path, text: str) -> None:
        put(locate(tmp_path / "generated").lock, text)
        with pytest.raises(WriteError, match="not what a run of apiwright left behind"):
            write(compare(tmp_path / "generated", {"a": ""}))
        assert names(tmp_path) == [".generated.apiwright-lock"]

    @pytest.mark.parametrize("facts", [{}, {"original": 1, "staged": 2, "settled": True}])
    def test_a_folder_that_is_none_of_ours_stays(
        self, tmp_path: Path, facts: dict[str, object]
    ) -> None:
        put(tmp_path / self.STAGING / "mine", "1\n")
        text = json.dumps({"staging": self.STAGING, **facts}) + "\n"
        put(locate(tmp_path / "generated").lock, text)
        with pytest.raises(WriteError):
            write(compare(tmp_path / "generated", {"a": ""}))
        assert texts(tmp_path / self.STAGING) == {"mine": "1\n"}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_one_of_another_account_is_refused(self, tmp_path: Path) -> None:
        lock = locate(tmp_path / "generated").lock
        put(lock, "")
        os.chown(lock, 65534, 65534)
        with pytest.raises(WriteError, match="is not a file of this account"):
            write(compare(tmp_path / "generated", {"a": ""}))


class TestExchange:
    def folders(self, tmp_path: Path) -> tuple[Path, Path, Path]:
        for name in "ab":
            put(tmp_path / name / name, name)
        return tmp_path / "a", tmp_path / "b", tmp_path / "aside"

    @pytest.mark.parametrize("number", [None, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
    def test_happens_in_one_step_or_three(self, tmp_path: Path, number: int | None) -> None:
        first, second, aside = self.folders(tmp_path)
        system = cannot_exchange(number) if number else exchange.system()
        with mock.patch.object(exchange, "system", return_value=system):
            exchange.exchange(first, second, aside)
        assert (names(first), names(second)) == (["b"], ["a"])
        assert names(tmp_path) == ["a", "b"]

    def test_says_what_went_wrong(self, tmp_path: Path) -> None:
        first, _, aside = self.folders(tmp_path)
        with pytest.raises(FileNotFoundError):
            exchange.exchange(first, tmp_path / "c", aside)
        assert names(first) == ["a"]

    def test_knows_other_systems(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[tuple[object, ...]] = []

        class Mac:
            @staticmethod
            def renamex_np(*arguments: object) -> int:
                calls.append(arguments)
                return 0

        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Mac)
        call = exchange.system()
        assert call is not None
        assert call(b"a", b"b") == 0
        assert calls == [(b"a", b"b", 2)]
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
        assert exchange.system() is None


class TestDuplicate:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> int:
        return os.open(tmp_path, os.O_RDONLY)

    def test_of_a_file_that_has_gone_is_none(self, folder: int) -> None:
        assert not duplicate(folder, "a", folder, "b")
        with WAYS["with copies"]():
            assert not duplicate(folder, "a", folder, "b")

    def test_of_a_socket_is_none_where_there_are_no_links(
        self, folder: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as server, WAYS["with copies"]():
            server.bind("a")
            assert not duplicate(folder, "a", folder, "b")

    def test_of_a_file_keeps_its_mode_and_time(self, folder: int, tmp_path: Path) -> None:
        put(tmp_path / "a", "1\n")
        (tmp_path / "a").chmod(0o751)
        os.utime(tmp_path / "a", ns=(1, 2))
        with WAYS["with copies"]():
            assert duplicate(folder, "a", folder, "b")
        one, two = (tmp_path / "a").stat(), (tmp_path / "b").stat()
        assert one.st_ino != two.st_ino
        assert (one.st_mode, one.st_mtime_ns) == (two.st_mode, two.st_mtime_ns)

    def test_fails_where_it_is_no_fault_of_the_file(self, folder: int, tmp_path: Path) -> None:
        put(tmp_path / "a", "1\n")
        put(tmp_path / "b", "2\n")
        with pytest.raises(FileExistsError):
            duplicate(folder, "a", folder, "b")
