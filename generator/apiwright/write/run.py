"""A run that makes an output folder new: what it does, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Signature = tuple[int, int, int]
"""What a file is known by while nobody touches it: inode, time of change in ns, size."""

Step = tuple[str | None, str | None]
"""The SHA-256 of a file before and after a run; None where there is none."""


@dataclass(frozen=True, slots=True)
class Run:
    """How far a run has come.

    `original` and `staged` are the inodes of the output folder and of the new tree: whatever they
    are called now, they tell which is which. `settled`: the original holds what the staged one
    holds. `rescued`: nothing of a person's is left in the staged one.
    """

    staging: str
    original: int | None = None
    staged: int | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    in_place: bool = False
    settled: bool = False
    rescued: bool = False

    @property
    def aside(self) -> str:
        """The name that a folder has in the middle of an exchange of three steps."""
        return f"{self.staging}-aside"

    @property
    def scratch(self) -> str:
        """The name, in the folder itself, of a file that is about to be moved to its place."""
        return f"{self.staging}-new"
