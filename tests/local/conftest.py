"""Folders and helpers for the tests of the local servers and of the bootstrap."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# `bootstrap` and `install` stand outside the package, for they run before it is installed.
sys.path.insert(0, str(ROOT / "generator"))

Until = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    """A folder that every account may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="apiwright-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(shared_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of the test's own, open like `shared_folder`."""
    path = shared_folder / str(request.node.name)
    path.mkdir()
    return path


@pytest.fixture
def until() -> Until:
    """Waits until something holds, for 10 seconds at most."""

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.01)

    return wait
