"""The plan of a database: what `plan` shows of it, and `generate` does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from apiwright.ir.service import Service
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.changes import Phases, changes
from apiwright.plan.storage.declared import Declared, declared
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


def storage_plan(history: History, service: Service, allowed: Collection[str] = ()) -> StoragePlan:
    """The plan that leads from what is there to what the contract wants.

    `allowed` names tables, and columns as `table.column`, whose data may be lost in this run.
    """
    said = declared(service, allowed)
    evolution = evolve(history.tables, build_tables(service), said)
    refused = refusals(evolution, said)
    phases = Phases() if refused else migration(evolution, said)
    return StoragePlan(
        tables=evolution.goal,
        revisions=revisions(history, phases),
        steps=step_views(phases),
        notes=evolution.notes,
        questions=questions(evolution, said),
        refusals=refused,
    )


def migration(evolution: Evolution, said: Declared) -> Phases:
    """The steps of a change, with a look at the rows before the first of them."""
    phases = changes(evolution, said)
    return replace(phases, expand=(*preflight(evolution, phases, said), *phases.expand))
