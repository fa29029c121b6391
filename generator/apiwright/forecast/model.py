"""A forecast: plain data, which is told as text, as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from apiwright.breaking import ApiChange, Level
from apiwright.plan import StoragePlan
from apiwright.problems import Position, Problem, Severity


class Verdict(Enum):
    """Whether anything changes, and whether somebody has to look at it first."""

    NOTHING = "nothing"
    SAFE = "safe"
    DECIDE = "decide"


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Paths below the output folder; `edited` ones were changed by hand since the last run."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.removed or self.edited)


@dataclass(frozen=True, slots=True)
class RevisionForecast:
    """A revision of Alembic that a database would go through, with its SQL."""

    file: str
    sql: str


@dataclass(frozen=True, slots=True)
class ApiChanges:
    """The same change of the same line of the contract, with the operations that it shows in."""

    first: ApiChange
    operations: tuple[str, ...]

    @property
    def where(self) -> str:
        """Where the change shows, for people."""
        operation, others = self.operations[0], len(self.operations) - 1
        place = " ".join(part for part in (operation, self.first.where) if part)
        more = f", and {others} other operation{'s' if others > 1 else ''}" if others else ""
        return (place or "the whole API") + more


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that a person has to decide on; `name` is what it is about."""

    kind: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of files, database, clients and overrides, compared with `against`.

    `api` is None where there is nothing to compare with: nothing was served yet, or it can't be
    read, and `unread` tells why. `overrides` are the problems that overrides have with the
    contract, and the operations that need one, which are warnings where they are new.
    """

    against: str
    files: FileChanges
    storage: StoragePlan
    revisions: tuple[RevisionForecast, ...]
    api: tuple[ApiChange, ...] | None
    overrides: tuple[Problem, ...]
    unread: tuple[Problem, ...] = ()

    @property
    def api_changes(self) -> tuple[ApiChanges, ...]:
        """The changes of the API, each line of the contract once; what breaks clients first."""
        grouped: dict[tuple[str, Level, Position], dict[str, ApiChange]] = {}
        for change in self.api or ():
            key = (change.id, change.level, change.position)
            grouped.setdefault(key, {}).setdefault(change.operation, change)
        return tuple(
            ApiChanges(next(iter(found.values())), tuple(found)) for found in grouped.values()
        )

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Everything that keeps the change from being made without a second look."""
        found = [
            Decision("api", changes.first.id, f"{changes.where}: {changes.first.message}")
            for changes in self.api_changes
            if changes.first.level is not Level.INFO
        ]
        found += [
            Decision("api", problem.code, f"what was served can't be read: {problem.message}")
            for problem in self.unread
        ]
        found += [Decision("database", r.name, r.message) for r in self.storage.refusals]
        found += [Decision("database", q.before, q.message) for q in self.storage.questions]
        found += [
            Decision("database", step.table, step.what)
            for step in self.storage.steps
            if step.loses_data or step.holds_up
        ]
        found += [
            Decision("override", problem.code, problem.message)
            for problem in self.overrides
            if problem.severity is not Severity.NOTE
        ]
        found += [Decision("files", path, "was edited by hand") for path in self.files.edited]
        return tuple(found)

    @property
    def verdict(self) -> Verdict:
        """What a person, or a pipeline, should do with it."""
        if self.decisions:
            return Verdict.DECIDE
        if self.files or self.revisions or self.api:
            return Verdict.SAFE
        return Verdict.NOTHING
