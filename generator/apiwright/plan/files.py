"""Files to be generated: each with its template, what the template sees, and who owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Policy(Enum):
    """Who a file belongs to once it is written.

    OWNED files are always ours; SEEDED ones are written once and then belong to people;
    APPEND_ONLY ones are never written again.
    """

    OWNED = "owned"
    SEEDED = "seeded"
    APPEND_ONLY = "append-only"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file: its path below the output folder, its template, and the context of the template."""

    path: str
    template: str
    context: Mapping[str, object] = field(default_factory=dict)
    policy: Policy = Policy.OWNED


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that needs no template: JSON, or text that stays as it is."""

    path: str
    text: str
    policy: Policy = Policy.OWNED


@dataclass(frozen=True, slots=True)
class Plan:
    """Every file of a service."""

    files: tuple[PlannedFile, ...]
    data: tuple[DataFile, ...]
