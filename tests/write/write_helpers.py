"""A folder with files of ours and of a person's, and ways to stop a run at each of its steps."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import stat
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from apiwright.plan.files import Policy
from apiwright.write import compare, exchange, write

Snapshot = dict[str, tuple[str, int, bytes]]

OLD = {
    "Dockerfile": "FROM python\n",
    "app/__init__.py": "",
    "app/main.py": "old = 1\n",
    "app/models": "was_a_file = True\n",
    "app/same.py": "same = True\n",
    "app/gone/__init__.py": "",
    "app/gone/deep/thing.py": "thing = 1\n",
    "app/page/view.py": "was_in_a_folder = True\n",
    "alembic/versions/0001.py": "revision = 1\n",
    "pyproject.toml": "# seeded\n",
}
NEW = {
    "Dockerfile": "FROM python:3\n",
    "app/__init__.py": "",
    "app/main.py": "new = 1\n",
    "app/models/__init__.py": "",
    "app/models/order.py": "is_a_folder = True\n",
    "app/page": "is_a_file = True\n",
    "app/same.py": "same = True\n",
    "alembic/versions/0002.py": "revision = 2\n",
    "pyproject.toml": "# seeded anew\n",
    "fresh.toml": "# seeded\n",
}
POLICIES = {
    "alembic/versions/0001.py": Policy.APPEND_ONLY,
    "alembic/versions/0002.py": Policy.APPEND_ONLY,
    "pyproject.toml": Policy.SEEDED,
    "fresh.toml": Policy.SEEDED,
}
PERSONS = {
    ".env": b"SECRET=1\n",
    "tests/test_mine.py": b"def test(): ...\n",
    "htmlcov/deep/er/index.html": b"<html>",
    "app/__pycache__/main.cpython-311.pyc": b"\0\1",
}
CACHE = "app/gone/__pycache__/__init__.cpython-311.pyc"


@dataclass
class World:
    """An output folder after a run, with a person's files in it."""

    target: Path
    persons: dict[str, int] = field(default_factory=dict)
    inode: int = 0
    same: tuple[int, int] = (0, 0)

    @classmethod
    def made(cls, parent: Path) -> World:
        world = cls(parent / "generated")
        write(compare(world.target, OLD, POLICIES), inputs="old")
        for path, data in PERSONS.items():
            put(world.target / path, data)
        put(world.target / CACHE, b"\0")
        (world.target / "link").symlink_to("app/main.py")
        (world.target / "empty").mkdir()
        (world.target / "app/main.py").chmod(0o640)
        return world.known()

    def copied(self, parent: Path) -> World:
        """The same again."""
        parent.mkdir()
        shutil.copytree(self.target, parent / self.target.name, symlinks=True)
        return World(parent / self.target.name).known()

    def known(self) -> World:
        """Remember what has to stay the same."""
        self.persons = {path: self.target.joinpath(path).stat().st_ino for path in PERSONS}
        self.inode = self.target.stat().st_ino
        self.same = self._same()
        return self

    def _same(self) -> tuple[int, int]:
        status = (self.target / "app/same.py").stat()
        return status.st_ino, status.st_mtime_ns

    def renew(self) -> None:
        write(compare(self.target, NEW, POLICIES), inputs="new")

    def check_untouched(self) -> None:
        """Everything of the person's is the very same, and so is what did not change of ours."""
        found = {path: self.target.joinpath(path).stat().st_ino for path in PERSONS}
        assert found == self.persons
        assert all((self.target / path).read_bytes() == data for path, data in PERSONS.items())
        assert self.target.stat().st_ino == self.inode
        assert self._same() == self.same

    def check_neighbours(self) -> None:
        """Nothing is left beside the folder."""
        assert names(self.target.parent) == [self.target.name]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def put(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def snapshot(folder: Path) -> Snapshot:
    """What kind each thing below a folder is, its mode, and what is in it."""
    found: Snapshot = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        name, mode = str(path.relative_to(folder)), stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            found[name] = ("link", 0, os.fsencode(path.readlink()))
        elif stat.S_ISDIR(status.st_mode):
            found[name] = ("folder", mode, b"")
        else:
            found[name] = ("file", mode, path.read_bytes())
    return found


def texts(folder: Path) -> dict[str, str]:
    """The text of every file below a folder, without the record."""
    return {
        name: data.decode()
        for name, (kind, _, data) in snapshot(folder).items()
        if kind == "file" and name != ".apiwright.json"
    }


CHANGING = (
    "open",
    "mkdir",
    "rmdir",
    "unlink",
    "rename",
    "link",
    "symlink",
    "write",
    "fsync",
    "ftruncate",
    "chmod",
    "fchmod",
    "utime",
)


@contextmanager
def before_each_step(act: Callable[[str], object]) -> Iterator[None]:
    """Call `act` with the name of each system call that changes something, before it is made."""

    def wrapped(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if name != "open" or arguments[1] & os.O_CREAT:
                act(name)
            return original(*arguments, **options)

        return call

    def exchanging(original: exchange.System) -> exchange.System:
        def call(one: bytes, two: bytes) -> int:
            try:
                act("exchange")
            except OSError as error:
                ctypes.set_errno(error.errno or 0)
                return -1
            return original(one, two)

        return call

    found = exchange.system()
    calls: dict[str, Any] = {name: wrapped(name, getattr(os, name)) for name in CHANGING}
    system = found and exchanging(found)
    with (
        mock.patch.multiple(os, **calls),
        mock.patch.object(exchange, "system", return_value=system),
    ):
        yield


def steps_of(run: Callable[[], object]) -> list[str]:
    """The names of the system calls that a run makes."""
    names: list[str] = []
    with before_each_step(names.append):
        run()
    return names


def in_child(run: Callable[[], object]) -> int:
    """Do something in a child process; gives its exit code, negative for the signal it died of."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            run()
            code = 0
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_step(number: int, act: Callable[[], object]) -> Callable[[str], None]:
    """Something to be done before the step of a number, counted from 0."""
    count = iter(range(1_000_000))

    def check(name: str) -> None:
        if next(count) == number:
            act()

    return check


def cannot_exchange(number: int) -> exchange.System:
    """An exchange that fails with an error number."""

    def call(one: bytes, two: bytes) -> int:
        ctypes.set_errno(number)
        return -1

    return call


def cannot_link(*arguments: Any, **options: Any) -> None:
    raise OSError(errno.EPERM, "no links here")


WAYS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "at once": nullcontext,
    "in three steps": lambda: mock.patch.object(exchange, "system", return_value=None),
    "with copies": lambda: mock.patch.object(os, "link", cannot_link),
    "in place": lambda: mock.patch.object(
        exchange, "system", return_value=cannot_exchange(errno.EXDEV)
    ),
}
"""What file systems can do, and how a run goes then."""
