"""One pass of ruff over all generated Python: imports sorted and pruned, code laid out."""

from __future__ import annotations

import subprocess  # nosec B404 - runs ruff, by its own path, on files that were just rendered
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ruff import find_ruff_bin

_LINE_LENGTH = "100"
_RULES = "I001,F401,UP037,RUF022"


class FormattingError(Exception):
    """A rendered file is no valid Python; the text is what ruff says about it."""


def formatted(files: Mapping[str, str]) -> dict[str, str]:
    """The files with every `.py` among them formatted; the others as they are.

    The configuration is given here in full, so that no file of the user's machine has a say.
    """
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    if not python:
        return dict(files)
    with tempfile.TemporaryDirectory(prefix="apiwright-") as folder:
        root = Path(folder)
        for path, text in python.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        isolated = ["--isolated", "--no-cache", "--target-version=py311"]
        _ruff(
            root, "check", *isolated, "--fix", "--exit-zero", f"--select={_RULES}",
            f"--line-length={_LINE_LENGTH}",
            "--config", 'lint.isort.known-first-party=["app", "tests", "overrides"]',
            "--config", 'lint.isort.known-third-party=["alembic"]',
        )  # fmt: skip
        _ruff(root, "format", *isolated, f"--line-length={_LINE_LENGTH}")
        done = {path: (root / path).read_text(encoding="utf-8") for path in python}
    return {**files, **done}


def _ruff(root: Path, *arguments: str) -> None:
    command = [find_ruff_bin(), *arguments, "."]
    # Fixed arguments, no shell.
    result = subprocess.run(  # nosec B603
        command, cwd=root, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise FormattingError(result.stderr.strip() or result.stdout.strip())
