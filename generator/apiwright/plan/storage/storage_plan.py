"""The plan of a database: what `plan` shows of it, and `generate` does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from apiwright.ir.service import Service
from apiwright.plan.storage.as_found import as_found
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.changes import Phases, changes
from apiwright.plan.storage.declared import Declared, Renames, declared
from apiwright.plan.storage.evolve import Evolution, evolve
from apiwright.plan.storage.findings import Note, Question, Refusal
from apiwright.plan.storage.preflight import preflight
from apiwright.plan.storage.questions import questions
from apiwright.plan.storage.refusals import refusals
from apiwright.plan.storage.revisions import History, RevisionView, revisions
from apiwright.plan.storage.tables import Table
from apiwright.plan.storage.view import StepView, step_views


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """What becomes of the database.

    `tables` are those of the contract, and after them what is kept although the contract has it no
    more; `steps` are those of the `revisions`, in their order. Nothing may be written while there
    are `refusals`.
    """

    tables: tuple[Table, ...]
    revisions: tuple[RevisionView, ...] = ()
    steps: tuple[StepView, ...] = ()
    notes: tuple[Note, ...] = ()
    questions: tuple[Question, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def storage_plan(
    history: History,
    service: Service,
    allowed: Collection[str] = (),
    renames: Renames = Renames.AT_ONCE,
) -> StoragePlan:
    """The plan that leads from what is there to what the contract wants.

    `allowed` names tables, and columns as `table.column`, whose data may be lost in this run.
    """
    said = declared(service, allowed, renames)
    evolution = evolve(history.tables, build_tables(service), said)
    said = said.with_twins(evolution.twins)
    refused = (*refusals(evolution, said), *_in_the_way(history, evolution, said))
    phases = Phases() if refused else migration(evolution, said)
    return StoragePlan(
        tables=evolution.goal,
        revisions=revisions(history, phases),
        steps=step_views(phases),
        notes=evolution.notes,
        questions=questions(evolution, said),
        refusals=refused,
    )


def _in_the_way(history: History, evolution: Evolution, said: Declared) -> Iterator[Refusal]:
    """New tables and columns whose names something has that was there before the contract."""
    old = {table.name: table for table in evolution.before}
    for table in evolution.goal:
        known = old.get(table.name)
        if known is None and table.name in history.unmanaged:
            yield Refusal(
                "unmanaged-table",
                table.name,
                f"there is a table {table.name} in the database already, which the service leaves "
                "alone",
                "store the schema in a table of another name: x-table",
                position=said.position(table.name),
            )
        for column in table.columns if known is not None and known.found is not None else ():
            there = known.found.column(column.name) if known and known.found else None
            if there is not None and known is not None and known.column(column.name) is None:
                name = f"{table.name}.{column.name}"
                yield Refusal(
                    "unmanaged-column",
                    name,
                    f"there is a column {name} in the database already, {there.type}, which the "
                    "service leaves alone",
                    "store the property in a column of another name: x-column",
                    position=said.position(table.name, column.name),
                )


def migration(evolution: Evolution, said: Declared) -> Phases:
    """The steps of a change, with a look at the rows before the first of them."""
    phases = as_found(changes(evolution, said), evolution.before)
    return replace(phases, expand=(*preflight(evolution, phases, said), *phases.expand))
