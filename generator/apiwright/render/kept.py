"""Compiled templates, kept for the next run: to compile one takes longer than to render it.

What is kept is code, so it is kept where nobody but the user can write, or not at all. A template
that has changed is compiled anew (Jinja compares checksums of its text), and so are all of them
after a change of the engine.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache
from typing_extensions import override

from apiwright.kept import digest, kept_folder


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
        mark = digest(engine.read_bytes(), version("jinja2").encode())[:16]
    except OSError:
        return None
    folder = kept_folder(f"templates-{mark}")
    return KeptTemplates(str(folder)) if folder is not None else None
