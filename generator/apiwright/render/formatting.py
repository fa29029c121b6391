"""One pass of ruff over all generated Python: imports sorted and pruned, code laid out."""

from __future__ import annotations

import json
import subprocess  # nosec B404 - runs ruff, by its own path, on files that were just rendered
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from ruff import find_ruff_bin

from apiwright.kept import digest, keep, kept

_LINE_LENGTH = "100"
_RULES = "I001,F401,UP037,RUF022"
_KEPT = "formatted"
_SERVICES = 32


class FormattingError(Exception):
    """A rendered file is no valid Python; the text is what ruff says about it."""


class Formatter:
    """Formats files, and remembers those that it has formatted for the same service before.

    `service` tells services apart, and may be anything; nothing is kept of one without it.
    """

    def __init__(self, service: str = "") -> None:
        self._service = digest(service.encode()) if service else ""
        mark = f"{version('ruff')} {_RULES} {_LINE_LENGTH}".encode()
        self._mark = digest(Path(__file__).read_bytes(), mark).encode()
        self._known: dict[str, str] = {}
        found = kept(_KEPT, self._service) if service else None
        if found is not None:
            self._known = json.loads(found)

    def knows(self, path: str, text: str) -> bool:
        """Whether a file was formatted before, and so is valid Python."""
        return self._key(path, text) in self._known

    def formatted(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files with every `.py` among them formatted; the others as they are."""
        keys = {path: self._key(path, text) for path, text in files.items() if _is_python(path)}
        new = [path for path, key in keys.items() if key not in self._known]
        done = formatted({path: files[path] for path in new})
        found = {
            path: done[path] if path in done else self._known[key] for path, key in keys.items()
        }
        if self._service and (new or len(keys) < len(self._known)):
            known = {keys[path]: text for path, text in found.items()}
            keep(_KEPT, self._service, json.dumps(known).encode(), entries=_SERVICES)
        return {**files, **found}

    def _key(self, path: str, text: str) -> str:
        return digest(self._mark, path.encode(), text.encode("utf-8", "surrogatepass"))


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def formatted(files: Mapping[str, str]) -> dict[str, str]:
    """The files with every `.py` among them formatted; the others as they are.

    The configuration is given here in full, so that no file of the user's machine has a say.
    """
    python = {path: text for path, text in files.items() if _is_python(path)}
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
