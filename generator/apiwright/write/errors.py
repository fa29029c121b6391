"""What can go wrong with the output folder; the texts are for people."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

_SHOWN = 20


class WriteError(Exception):
    """The output folder cannot be compared or written; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        if "\n" in self.message:
            return f"{self.message}\n{self.hint}"
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BusyError(WriteError):
    """Another run is writing to the same folder and does not come to an end."""


class EditedFilesError(WriteError):
    """Files that a run would overwrite or remove were changed by hand; `paths` says which."""

    def __init__(self, folder: str, paths: Collection[str]) -> None:
        self.paths = tuple(sorted(paths))
        lines = [f"  {folder}/{path}" for path in self.paths[:_SHOWN]]
        if len(self.paths) > _SHOWN:
            lines.append(f"  and {len(self.paths) - _SHOWN} more")
        count = "a generated file was" if len(self.paths) == 1 else "generated files were"
        super().__init__(
            "\n".join([f"{count} changed by hand:", *lines]),
            "move the change to overrides/ or to a template, or give it up with --force",
        )


class Kind(Enum):
    """What stands where something else has to be."""

    LINK = "a symbolic link"
    FILE = "a file"
    FOLDER = "a folder"
    OTHER = "neither a file nor a folder"


class ObstacleError(WriteError):
    """At `path`, or on the way to it, there is something that cannot be written to or through."""

    def __init__(self, folder: str, path: str, kind: Kind, needed: Kind) -> None:
        self.path = path
        self.kind = kind
        place = f"{folder}/{path}" if path else folder
        if kind is Kind.LINK:
            reason = "and nothing is ever written through one"
        else:
            reason = f"but {needed.value} has to be there"
        super().__init__(f"{place} is {kind.value}, {reason}", "move it away, or remove it")
