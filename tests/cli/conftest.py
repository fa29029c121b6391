"""Commands run inside the test process, in a copy of the reference project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apiwright.cli.main import group
from tests.support.command import reference_project

Invoke = Callable[..., Result]


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the reference project, up to date, that nobody writes into."""
    return reference_project(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the reference project to work in."""
    return reference_project(tmp_path)


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command in a folder; what goes wrong is an exit code, never an exception."""

    def run(folder: Path, *arguments: str) -> Result:
        monkeypatch.chdir(folder)
        result = CliRunner().invoke(group, [*arguments], prog_name="apiwright")
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result

    return run
