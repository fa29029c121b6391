"""Steps on tables that were there before the contract: what they are called in the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from apiwright.plan.storage.changes import Phases
from apiwright.plan.storage.creation import is_reference
from apiwright.plan.storage.steps import (
    DropCheck,
    DropColumn,
    DropForeignKey,
    DropFound,
    DropIndex,
    DropTable,
    Step,
)
from apiwright.plan.storage.tables import Found, FoundPart, Table


def as_found(phases: Phases, before: Iterable[Table]) -> Phases:
    """The steps of a change, where the tables of `before` are as they were found.

    What isn't there isn't dropped; what took its place is dropped instead, and so is what looks at
    a column that goes.
    """
    found = {table.name: table.found for table in before if table.found is not None}
    if not found:
        return phases
    return _Translator(found).all(phases)


class _Translator:
    def __init__(self, found: dict[str, Found]) -> None:
        self._found = found
        self._gone: set[tuple[str, str]] = set()

    def all(self, phases: Phases) -> Phases:
        """All phases, in their order."""
        return Phases(*(tuple(self._steps(steps)) for _, steps in phases))

    def _steps(self, steps: Iterable[Step]) -> Iterator[Step]:
        for step in steps:
            yield from self._step(step)

    def _step(self, step: Step) -> Iterator[Step]:
        table = step.table if isinstance(step.table, str) else step.table.name
        found = self._found.get(table)
        name = _dropped(step)
        if found is None:
            yield step
        elif name in found.replaced:
            part = found.standing_for(name)
            if part is not None:
                yield from self._drop(table, part)
        elif isinstance(step, DropColumn):
            for part in found.parts:
                if step.column.name in part.columns and not part.loose:
                    yield from self._drop(table, part)
            yield step
        elif isinstance(step, DropTable):
            for part in found.parts:
                if not part.loose and (is_reference(part) or part.kind == "index"):
                    yield from self._drop(table, part)
            left = tuple(part for part in found.parts if (table, part.name) not in self._gone)
            yield DropTable(replace(step.table, found=replace(found, parts=left)))
        else:
            yield step

    def _drop(self, table: str, part: FoundPart) -> Iterator[Step]:
        if (table, part.name) not in self._gone:
            self._gone.add((table, part.name))
            yield DropFound(table, part)


def _dropped(step: Step) -> str:
    """The part that a step drops, or ""."""
    if isinstance(step, DropCheck):
        return step.check.name
    if isinstance(step, DropForeignKey):
        return step.key.name
    return step.index.name if isinstance(step, DropIndex) else ""
