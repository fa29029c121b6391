"""Projects that take seconds to generate, made once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.migrate.migrate_helpers import change, small_project
from tests.support.command import called
from tests.support.contracts import TEXT, things


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one table with one revision, that nobody writes into."""
    return small_project(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="session")
def pristine(one: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a second revision, that nobody writes into."""
    project = tmp_path_factory.mktemp("two") / "small"
    shutil.copytree(one, project)
    change(project, things({"note": TEXT, "colour": TEXT}))
    assert called(project, "generate", "--no-verify").exit_code == 0
    return project


@pytest.fixture
def small(one: Path, tmp_path: Path) -> Path:
    """A project of one table with one revision, to work in."""
    project = tmp_path / "small"
    shutil.copytree(one, project)
    return project


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Path:
    """A project of one table with two revisions, to work in."""
    project = tmp_path / "two"
    shutil.copytree(pristine, project)
    return project
