"""The environment of this checkout: `.venv`, made on first use and brought up to date when needed.

For `python3 generator` and `noxfile.py`, before anything is installed: the standard library only.
A stamp in `.venv` tells what it was made from. While that holds, this module is all that runs, so
it imports next to nothing; the work is in `install`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

MINIMUM = (3, 11)


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def run(root: Path, program: str, arguments: list[str]) -> NoReturn:
    """Become a program of the environment of `root`."""
    path = ready(root) / program
    if not path.exists():
        raise BootstrapError(f"{path} is missing; remove {path.parents[1]} and try again")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(path, [str(path), *arguments])


def ready(root: Path, *, any_python: bool = False) -> Path:
    """The folder of the environment's programs, once everything is installed as it should be.

    An environment of another Python than this one is made anew, unless `any_python`.
    """
    if sys.version_info < MINIMUM:
        needed = ".".join(map(str, MINIMUM))
        raise BootstrapError(
            f"Python {needed} or newer is needed, this is {sys.version.split()[0]}"
        )
    if not is_current(root) or not (any_python or is_of_this_python(root)):
        from install import install  # noqa: PLC0415 (its imports take longer than all the rest)

        install(root, any_python=any_python)
    return root / ".venv" / "bin"


def is_current(root: Path) -> bool:
    """Whether the environment was made from what is here now."""
    try:
        return stamp_file(root).read_text(encoding="utf-8") == stamp(root)
    except OSError:
        return False


def is_of_this_python(root: Path) -> bool:
    """Whether the environment is for the Python that runs this."""
    return (root / ".venv" / "lib" / "python{}.{}".format(*sys.version_info)).is_dir()


def stamp(root: Path) -> str:
    """What the environment depends on: where it is, its Python, and what is to be installed."""
    python = (root / ".venv" / "bin" / "python").resolve(strict=True)
    status = python.stat()
    files = (root / "pyproject.toml", root / "generator" / "constraints.txt")
    texts = [path.read_text(encoding="utf-8") for path in files]
    return "\n".join([str(root), f"{python} {status.st_size} {status.st_mtime_ns}", *texts])


def stamp_file(root: Path) -> Path:
    """Where the stamp of the environment is."""
    return root / ".venv" / "apiwright.stamp"
