"""The command line, run in a folder: inside this process, or as one of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from apiwright.cli.main import group
from tests.support.running import ROOT


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that it said."""
        return self.out + self.err


def apiwright(folder: Path, *arguments: str, environ: dict[str, str] | None = None) -> Done:
    """Run `apiwright` in `folder` inside this process: what it is told, it says and ends with.

    A process of its own takes a second longer, most of it for imports.
    """
    with chdir(folder):
        done = CliRunner().invoke(group, [*arguments], prog_name="apiwright", env=environ)
    assert done.exception is None or isinstance(done.exception, SystemExit), done
    return Done(done.exit_code, done.stdout, done.stderr)


def apiwright_process(folder: Path, *arguments: str, environ: dict[str, str] | None = None) -> Done:
    """Run `apiwright` in `folder` as people do; no traceback is ever an answer."""
    done = subprocess.run(
        [sys.executable, "-m", "apiwright", *arguments],
        cwd=folder,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def called(folder: Path, *arguments: str) -> Result:
    """The same as `apiwright`, with both streams in the order in which they were written."""
    with chdir(folder):
        result = CliRunner().invoke(group, [*arguments], prog_name="apiwright")
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    return result


def succeeded(done: Done) -> Done:
    """`done`, which has to be a success."""
    assert done.code == 0, done.text
    return done


def reference_project(folder: Path) -> Path:
    """A copy of the reference project, without what belongs to this machine."""
    target = folder / "project"
    for name in ("specs", "overrides", "generated"):
        ignored = shutil.ignore_patterns("__pycache__", ".env", ".*_cache", "htmlcov", ".coverage")
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    return target


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
