"""Revisions: the phases from one schema to the next, each a file of Alembic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, label
from apiwright.plan.storage.changes import Phase, Phases
from apiwright.plan.storage.operations import code
from apiwright.plan.storage.steps import CreateTable, DropTable, RenameTable, Step, inverse
from apiwright.plan.storage.tables import Table


@dataclass(frozen=True, slots=True)
class History:
    """What is there already: the tables of the last revision, its id, and the files so far.

    `unmanaged` are tables of the database that the service leaves alone.
    """

    tables: tuple[Table, ...] = ()
    head: str = ""
    files: tuple[tuple[str, str], ...] = ()
    unmanaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A revision, as its template prints it; an `apart` one runs outside of a transaction."""

    file: str
    title: Code
    id: Code
    revises: Code
    revision: str
    down_revision: str | None
    apart: bool
    upgrade: tuple[Code, ...]
    downgrade: tuple[Code, ...]


def revisions(history: History, phases: Phases) -> tuple[RevisionView, ...]:
    """The revisions that follow the history, one for each phase that has steps.

    The id of each is made of its content and of the revision before it.
    """
    found: list[RevisionView] = []
    used = [phase for phase, steps in phases if steps]
    head = history.head
    what = _title(phases.steps)
    for phase, steps in phases:
        if not steps:
            continue
        title = what if used == [Phase.EXPAND] else f"{phase.value}: {what}"
        view = _revision(title, phase, steps, head, len(history.files) + len(found) + 1)
        head = view.revision
        found.append(view)
    return tuple(found)


def _revision(
    title: str, phase: Phase, steps: tuple[Step, ...], head: str, number: int
) -> RevisionView:
    upgrade = tuple(_codes(steps))
    revision = hashlib.sha256("\n".join([head, *upgrade]).encode()).hexdigest()[:12]
    slug = names.snake(title, "revision")[:40].strip("_")
    return RevisionView(
        file=f"{number:04}_{slug}_{revision}.py",
        title=label(title),
        id=label(revision),
        revises=label(head or "nothing"),
        revision=revision,
        down_revision=head or None,
        apart=phase is Phase.BUILD,
        upgrade=upgrade,
        downgrade=tuple(_codes(inverse(steps))),
    )


def _codes(steps: Iterable[Step]) -> Iterator[Code]:
    for step in steps:
        yield from code(step)


def _title(steps: Iterable[Step]) -> str:
    """What a change does, in a few words."""
    listed = list(steps)
    created = [step.table.name for step in listed if isinstance(step, CreateTable)]
    dropped = [step.table.name for step in listed if isinstance(step, DropTable)]
    renamed = {step.table: step.before for step in listed if isinstance(step, RenameTable)}
    touched = dict.fromkeys(
        step.table
        for step in listed
        if not isinstance(step, CreateTable | DropTable | RenameTable)
        and step.table not in {*created, *dropped}
    )
    parts = [
        f"{verb} {', '.join(found)}"
        for verb, found in (
            ("create", created),
            ("drop", dropped),
            ("rename", [f"{old} to {new}" for new, old in renamed.items()]),
            ("change", list(touched)),
        )
        if found
    ]
    return "; ".join(parts)
