"""Compiled templates, kept for the next run: to compile one takes longer than to render it.

What is kept is code, so it is kept where nobody but the user can write, or not at all. A template
that has changed is compiled anew (Jinja compares checksums of its text), and so are all of them
after a change of the engine.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache
from typing_extensions import override


class KeptTemplates(FileSystemBytecodeCache):
    """Compiled templates in a folder; one that can't be kept is compiled again next time."""

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, if there is room."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def kept_templates(engine: Path) -> KeptTemplates | None:
    """The templates that the engine in the module `engine` has compiled before.

    None where there is no folder that belongs to the user alone.
    """
    try:
        mark = hashlib.sha256(engine.read_bytes() + version("jinja2").encode()).hexdigest()[:16]
        folder = _home() / "apiwright" / f"templates-{mark}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places = (folder, *folder.parents[:2])
        return KeptTemplates(str(folder)) if all(map(_private, places)) else None
    except (OSError, RuntimeError):
        return None


def _home() -> Path:
    """The folder for what can be made again (XDG Base Directory Specification)."""
    said = os.environ.get("XDG_CACHE_HOME", "")
    return Path(said) if Path(said).is_absolute() else Path.home() / ".cache"


def _private(folder: Path) -> bool:
    """Whether nobody else can write into a folder."""
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
