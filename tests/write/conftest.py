"""Folders for tests that make hundreds of runs, in memory where that can be."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.write.write_helpers import Snapshot, World, snapshot

MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory: what a run does, and where it is stopped, does not depend on the disk.

    The template and what becomes of it are on disk.
    """
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="apiwright-write-", dir=parent))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What the worlds of such tests are copies of."""
    return World.made(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def old(template: World) -> Snapshot:
    return snapshot(template.target)


@pytest.fixture(scope="session")
def new(template: World, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    world = template.copied(tmp_path_factory.mktemp("done") / "0")
    world.renew()
    return snapshot(world.target)
