"""Where an output folder is, and what a run calls its own files beside it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from apiwright.write.errors import WriteError

_HEX = "[0-9a-f]{16}"


@dataclass(frozen=True, slots=True)
class Place:
    """An output folder: `shown` as it was given, and its name in a parent without links.

    Everything of a run stands in that same parent: only there is renaming atomic, and whoever may
    exchange the folder may write there. A process that stands in the folder while it is exchanged
    still finds its neighbours through `..`.
    """

    shown: str
    parent: Path
    name: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.parent / self.name

    @property
    def lock(self) -> Path:
        """The file that a run holds and keeps its journal in; it is gone after the run."""
        return self.parent / f".{self.name}.apiwright-lock"

    def staging(self, token: str) -> str:
        """The name of the folder that the run `token` builds the new tree in."""
        return f".{self.name}.apiwright-{token}"

    def is_staging(self, name: str) -> bool:
        """Whether `name` is what a run would call its staging folder."""
        return re.fullmatch(rf"\.{re.escape(self.name)}\.apiwright-{_HEX}", name) is not None


def locate(target: Path) -> Place:
    """The place of a folder that need not exist.

    Links above the folder are followed; whether it is one itself is for who opens it to see.
    """
    named = target if target.name not in {"", ".."} else Path(os.path.realpath(target))
    if not named.name:
        raise WriteError(f"{target} cannot be an output folder", "name a folder of its own for it")
    return Place(str(target), Path(os.path.realpath(named.parent)), named.name)
