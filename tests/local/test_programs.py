"""Finding the wheels' programs, and processes that were left behind."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwright.local import LocalServerError, orphans, programs, redis

Find = Callable[[], Path]
FINDERS = pytest.mark.parametrize("find", [programs.find_installation, redis.find_program])


@FINDERS
@pytest.mark.parametrize("spec", [None, importlib.machinery.ModuleSpec("x", None)])
def test_a_missing_wheel_is_an_error(
    find: Find,
    spec: importlib.machinery.ModuleSpec | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(LocalServerError, match="is not installed") as caught:
        find()
    assert "_URL" in caught.value.hint


@FINDERS
def test_a_wheel_without_a_program_is_an_error(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.machinery.ModuleSpec("x", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(LocalServerError, match="holds no"):
        find()


def test_the_newest_postgresql_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pginstall", "pginstall18", "pginstall9"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "postgres").touch()
    spec = importlib.machinery.ModuleSpec("x", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert programs.find_installation() == tmp_path / "pginstall18"


def test_the_version_is_asked_for() -> None:
    assert int(programs.major_version(programs.find_installation())) >= 16


def test_a_program_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "postgres"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho broken >&2\n")
    program.chmod(0o755)
    with pytest.raises(LocalServerError, match="broken"):
        programs.major_version(tmp_path)


def test_a_process_exists_or_not() -> None:
    assert orphans.exists(os.getpid())
    with subprocess.Popen(["true"]) as child:
        pass
    assert not orphans.exists(child.pid)


def test_a_process_of_somebody_else_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert orphans.exists(1)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_server_works_in_its_folder(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as child:
        assert orphans.works_in(child.pid, tmp_path)
        assert not orphans.works_in(child.pid, tmp_path.parent)
        child.kill()
    assert not orphans.works_in(child.pid, tmp_path)


def test_without_proc_the_command_line_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ps(command: list[str], *, limit: float) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, stdout=f"postgres -D {tmp_path}\n")

    monkeypatch.setattr(Path, "exists", lambda path: False)
    monkeypatch.setattr(orphans, "call", ps)
    assert orphans.works_in(1, tmp_path)
    assert not orphans.works_in(1, tmp_path / "other")


def test_what_does_not_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[int] = []
    monkeypatch.setattr(orphans, "_LIMIT", 0.2)
    monkeypatch.setattr(os, "kill", lambda pid, number: numbers.append(number))
    with pytest.raises(LocalServerError, match="does not end"):
        orphans.end(1)
    assert len(set(numbers)) == 3


def test_what_ends_in_between_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, False])

    def gone(pid: int, number: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(orphans, "exists", lambda pid: next(answers))
    monkeypatch.setattr(os, "kill", gone)
    orphans.end(1)
