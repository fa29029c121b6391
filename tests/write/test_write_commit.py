"""What a run does to a folder, and what it leaves alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from apiwright.plan.files import Policy
from apiwright.write import MANIFEST, EditedFilesError, WriteError, compare, recorded_inputs, write
from tests.write.write_helpers import (
    CACHE,
    NEW,
    OLD,
    POLICIES,
    WAYS,
    World,
    in_child,
    names,
    put,
    snapshot,
    texts,
)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "generated"


def times(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_the_folder_holds_what_it_should_and_what_is_a_persons(tmp_path: Path, way: str) -> None:
    world = World.made(tmp_path)
    with WAYS[way]():
        world.renew()
    world.check_untouched()
    world.check_neighbours()
    found = texts(world.target)
    kept = {path: OLD[path] for path in ("alembic/versions/0001.py", "pyproject.toml")}
    persons = {".env", "tests/test_mine.py", "htmlcov/deep/er/index.html"}
    assert {path: text for path, text in found.items() if path not in persons} == {
        **NEW,
        **kept,
        "app/__pycache__/main.cpython-311.pyc": "\0\1",
    }
    assert (world.target / "link").readlink() == Path("app/main.py")
    assert (world.target / "empty").is_dir()
    assert not (world.target / "app/gone").exists()
    assert not (world.target / CACHE).exists()
    assert compare(world.target, NEW, POLICIES).clean


@pytest.mark.parametrize("way", WAYS)
def test_modes_stay_and_new_ones_follow_the_umask(tmp_path: Path, way: str) -> None:
    def run() -> None:
        os.umask(0o027)
        world = World.made(tmp_path)
        world.target.chmod(0o2775)
        (world.target / "app").chmod(0o711)
        (world.target / "htmlcov").chmod(0o500)
        with WAYS[way]():
            world.renew()
        modes = {path: mode for path, (_, mode, _) in snapshot(world.target).items()}
        assert stat.S_IMODE(world.target.stat().st_mode) == 0o2775
        assert modes["app"] == 0o711
        assert modes["htmlcov"] == 0o500
        assert modes["app/main.py"] == 0o640
        assert modes["app/models"] & 0o777 == 0o750
        assert modes["app/models/order.py"] == 0o640
        (world.target / "htmlcov").chmod(0o700)
        write(compare(tmp_path / "second", {"a/b": ""}))
        assert stat.S_IMODE((tmp_path / "second").stat().st_mode) == 0o750

    assert in_child(run) == 0


def test_nothing_at_all_is_touched_when_nothing_changes(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    before = times(tmp_path)
    changes = compare(world.target, OLD, POLICIES)
    write(changes, inputs="old")
    write(changes, inputs="old", force=True)
    assert times(tmp_path) == before


def test_only_the_record_is_written_when_only_the_inputs_differ(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    (world.target / MANIFEST).chmod(0o600)
    before = times(world.target)
    write(compare(world.target, OLD, POLICIES), inputs="other")
    after = times(world.target)
    assert recorded_inputs(world.target) == "other"
    assert (world.target / MANIFEST).stat().st_mode & 0o777 == 0o600
    for path in (str(world.target / MANIFEST), str(world.target)):
        del before[path], after[path]
    assert after == before
    world.check_neighbours()


def test_files_that_do_not_change_keep_inode_and_time(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    before = times(world.target)
    world.renew()
    after = times(world.target)
    same = {path for path in before.keys() & after.keys() if not Path(path).is_dir()}
    changed = {str(world.target / path) for path in ("Dockerfile", "app/main.py", MANIFEST)}
    for path in same - changed - {str(world.target / "app/page")}:
        assert before[path][:2] == after[path][:2], path
    for path in changed:
        assert before[path][0] != after[path][0], path


def test_a_process_that_stands_in_the_folder_sees_the_new_files(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    put(tmp_path / "beside", "here\n")
    code = (
        "import sys\nfor path in sys.stdin: print(open(path.strip()).read().strip(), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        cwd=world.target / "app",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def read(path: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert read("main.py") == "old = 1"
        world.renew()
        assert read("main.py") == "new = 1"
        assert read("models/order.py") == "is_a_folder = True"
        assert read("../fresh.toml") == "# seeded"
        assert read("../../beside") == "here"
        process.stdin.close()


def test_there_is_always_a_file_at_its_path(target: Path) -> None:
    write(compare(target, {"a/b": "0", "c": ""}))
    done = threading.Event()
    looked: list[int] = []

    def look() -> None:
        while not done.is_set():
            looked.append((target / "a/b").stat().st_size)
            looked.append((target / "c").stat().st_size)
            time.sleep(0)  # lets the run go on

    thread = threading.Thread(target=look)
    failures: list[object] = []
    before, threading.excepthook = threading.excepthook, failures.append
    try:
        thread.start()
        for number in range(12):
            write(compare(target, {"a/b": str(number), "c": ""}))
        done.set()
        thread.join()
    finally:
        threading.excepthook = before
    assert failures == []
    assert looked


def test_a_hand_edit_is_refused_with_words_and_nothing_is_touched(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    put(world.target / "app/main.py", "mine\n")
    before = times(tmp_path)
    with pytest.raises(EditedFilesError) as caught:
        world.renew()
    assert caught.value.paths == ("app/main.py",)
    assert str(caught.value) == (
        "a generated file was changed by hand:\n"
        f"  {world.target}/app/main.py\n"
        "move the change to overrides/ or to a template, or give it up with --force"
    )
    assert times(tmp_path) == before


def test_many_hand_edits_are_told_in_few_lines(target: Path) -> None:
    files = {f"{n:02}.py": "1\n" for n in range(30)}
    for path in files:
        put(target / path, "mine\n")
    with pytest.raises(EditedFilesError, match=r"19\.py\n  and 10 more\nmove") as caught:
        write(compare(target, files))
    assert len(caught.value.paths) == 30


@pytest.mark.parametrize("way", WAYS)
def test_a_hand_edit_is_given_up_by_force(target: Path, way: str) -> None:
    write(compare(target, {"a.py": "1\n", "stale.py": "1\n", "unknown.py": "1\n"}))
    for path in ("a.py", "stale.py", "unknown.py"):
        put(target / path, "mine\n")
    new = {"a.py": "2\n", "unknown.py": "2\n"}
    with WAYS[way]():
        write(compare(target, new), force=True)
    assert texts(target) == new


def test_force_overwrites_only_what_was_shown(target: Path) -> None:
    write(compare(target, {"a.py": "1\n", "b.py": "1\n"}))
    put(target / "a.py", "mine\n")
    changes = compare(target, {"a.py": "2\n", "b.py": "2\n"})
    put(target / "b.py", "mine as well\n")
    with pytest.raises(EditedFilesError) as caught:
        write(changes, force=True)
    assert caught.value.paths == ("b.py",)


def test_an_edit_after_the_comparison_is_seen(target: Path) -> None:
    write(compare(target, {"a.py": "1\n"}))
    changes = compare(target, {"a.py": "2\n"})
    put(target / "a.py", "mine\n")
    with pytest.raises(EditedFilesError):
        write(changes)
    assert texts(target) == {"a.py": "mine\n"}


def test_folders_go_with_their_last_file_unless_a_person_has_something_there(target: Path) -> None:
    write(compare(target, {f"{name}/inner/a.py": "" for name in "abcdef"}))
    put(target / "a/inner/__pycache__/a.cpython-311.pyc", "")
    put(target / "b/inner/__pycache__/notes.txt", "mine")
    put(target / "c/mine.txt", "mine")
    (target / "d/inner/empty").mkdir()
    (target / "e/inner/__pycache__").mkdir()
    (target / "e/inner/__pycache__/x.pyc").symlink_to("nowhere")
    (target / "f/inner/__pycache__").symlink_to("nowhere")
    write(compare(target, {"a.py": ""}))
    assert names(target) == [MANIFEST, "a.py", "b", "c", "d", "e", "f"]
    assert names(target / "b/inner") == ["__pycache__"]
    assert names(target / "c") == ["mine.txt"]
    assert names(target / "d/inner") == ["empty"]
    assert names(target / "e/inner") == ["__pycache__"]
    assert names(target / "f/inner") == ["__pycache__"]


def test_sockets_and_pipes_stay(target: Path) -> None:
    write(compare(target, {"a.py": "1\n"}))
    os.mkfifo(target / "pipe")
    for way in WAYS.values():
        with way():
            write(compare(target, {"a.py": f"{time.time()}\n"}))
        assert stat.S_ISFIFO((target / "pipe").stat().st_mode)


def test_a_folder_can_be_emptied(target: Path) -> None:
    write(compare(target, OLD))
    write(compare(target, {}))
    assert names(target) == [MANIFEST]


def test_the_record_is_plain(target: Path) -> None:
    files = {"b.py": "", "a/é.py": "1\n", "m.py": "", "s": ""}
    write(compare(target, files, {"m.py": Policy.APPEND_ONLY, "s": Policy.SEEDED}), inputs="in")
    data = (target / MANIFEST).read_bytes()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    one = "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
    assert json.loads(data) == {
        "format": 1,
        "inputs": "in",
        "files": {"a/é.py": one, "b.py": empty},
        "kept": ["m.py", "s"],
    }
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert b"\r" not in data


def test_two_runs_give_the_same_bytes_wherever_they_run(tmp_path: Path) -> None:
    def run(number: int, umask: int, zone: str) -> None:
        os.umask(umask)
        os.environ["TZ"] = zone
        time.tzset()
        folder = tmp_path / str(number)
        folder.mkdir(mode=0o755)
        os.chdir(folder)
        files = list(NEW.items())
        target = folder / "generated" if number else Path("generated")
        write(compare(target, dict(files[::-1] if number else files), POLICIES), inputs="x")

    assert in_child(lambda: run(0, 0o022, "UTC")) == 0
    assert in_child(lambda: run(1, 0o077, "Asia/Tokyo")) == 0
    first, second = (
        {path: (kind, data) for path, (kind, _, data) in snapshot(tmp_path / number).items()}
        for number in "01"
    )
    assert first == second


def test_bytes_are_written_as_they_are(target: Path) -> None:
    text = "é\r\n\u2028\x0c\ufeff"
    write(compare(target, {"a": text}))
    assert (target / "a").read_bytes() == text.encode()


def test_folders_above_are_made(tmp_path: Path) -> None:
    write(compare(tmp_path / "x/y/generated", {"a": ""}))
    assert names(tmp_path / "x/y") == ["generated"]


def test_what_the_system_says_is_told(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = compare(target, {"a": ""})
    target.mkdir()
    put(target / "mine", "")
    monkeypatch.setattr("apiwright.write.commit.compare", lambda *_: changes)
    monkeypatch.setattr("apiwright.write.folder.os.path.lexists", lambda _: False)
    with pytest.raises(WriteError, match=r"cannot write .*generated: Directory not empty"):
        write(changes)
    monkeypatch.undo()
    assert names(target.parent) == ["generated"]
    assert texts(target) == {"mine": ""}
