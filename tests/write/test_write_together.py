"""Several runs at once, and what is held and waited for."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

import pytest

from apiwright.write import BusyError, WriteError, compare, lock, write
from apiwright.write.place import locate
from tests.write.write_helpers import in_child, names, put, snapshot, texts


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "generated"


def variant(number: int) -> dict[str, str]:
    common = {f"app/{n}.py": f"{number}\n" for n in range(8)}
    return {**common, f"only/{number}.py": "\n"}


def test_runs_at_once_do_not_mix(target: Path) -> None:
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for _ in range(5):
                    write(compare(target, variant(number)), force=True)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0, 0, 0]
    assert texts(target) in [variant(number) for number in range(3)]
    assert names(target.parent) == ["generated"]


def test_a_run_waits_for_another_one(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(compare(target, {"a": "1\n"}))
    place = locate(target)
    descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    before = snapshot(target.parent)
    with pytest.raises(BusyError, match=r"another run has been writing to .*generated"):
        write(compare(target, {"a": "2\n"}))
    assert snapshot(target.parent) == before
    monkeypatch.setattr(lock, "PATIENCE", 10)

    def free() -> None:
        time.sleep(0.2)
        place.lock.unlink()
        os.close(descriptor)

    child = os.fork()
    if child == 0:
        try:
            free()
        finally:
            os._exit(0)
    os.close(descriptor)
    write(compare(target, {"a": "2\n"}))
    os.waitpid(child, 0)
    assert texts(target) == {"a": "2\n"}
    assert names(target.parent) == ["generated"]


def test_a_lock_file_that_was_left_behind_does_no_harm(target: Path) -> None:
    write(compare(target, {"a": "1\n"}))
    put(locate(target).lock, "")
    write(compare(target, {"a": "1\n"}))
    assert names(target.parent) == ["generated"]


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_lock_that_is_no_file_is_refused(target: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(locate(target).lock)
    else:
        locate(target).lock.symlink_to("elsewhere")
    with pytest.raises(WriteError, match="lock"):
        write(compare(target, {"a": "1\n"}))
    assert not target.exists()


def test_a_signal_waits_for_the_end_of_the_exchange(target: Path) -> None:
    write(compare(target, {"a": "1\n"}))
    changes = compare(target, {"a": "2\n"})

    def run() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "apiwright.write.recover.sync",
                lambda folder: os.kill(os.getpid(), signal.SIGTERM),
            )
            write(changes)

    assert in_child(run) == -signal.SIGTERM
    assert texts(target) == {"a": "2\n"}
    assert names(target.parent) == [".generated.apiwright-lock", "generated"]
    write(compare(target, {"a": "2\n"}))
    assert names(target.parent) == ["generated"]
