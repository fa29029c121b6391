"""What a run would do to an output folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apiwright.plan.files import Policy
from apiwright.write import differ
from apiwright.write.folder import opened_if_any
from apiwright.write.manifest import Manifest
from apiwright.write.place import locate


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between an output folder and what it should hold.

    Each path is in one of the five tuples. `removed` are files of an earlier run that are no longer
    generated; `edited` are those that would be in `created`, `changed` or `removed`, had nobody
    changed them by hand. `outdated` says that the record of the files, and perhaps nothing else,
    differs from what it should be.
    """

    target: Path
    files: Mapping[str, str] = field(repr=False)
    policies: Mapping[str, Policy] = field(repr=False)
    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...] = field(repr=False)
    removed: tuple[str, ...]
    edited: tuple[str, ...]
    outdated: bool
    found: Mapping[str, str] = field(repr=False)
    """The SHA-256, on disk, of what is changed, removed or edited."""
    before: Manifest | None = field(repr=False)
    """The record as it is."""
    after: Manifest = field(repr=False)
    """The record as it should be, with the same inputs."""

    @property
    def clean(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.paths or self.outdated)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that a run would touch, edited ones included, sorted."""
        return tuple(sorted((*self.created, *self.changed, *self.removed, *self.edited)))

    def diff(self, path: str) -> str:
        """A unified diff from what is on disk at `path` to what would be there.

        Empty for a path that would not be touched. Raises WriteError if the file cannot be read.
        """
        if path not in self.paths:
            return ""
        place = locate(self.target)
        with opened_if_any(place.path, place.shown) as folder:
            old = folder.read(path, differ.MAX_BYTES + 1) if folder else None
        text = self.files.get(path)
        return differ.difference(path, old, None if text is None else text.encode())
