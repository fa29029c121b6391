"""From a database to the history of a service that runs on it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.adopt.baseline import baseline
from apiwright.adopt.decide import Decision, decide
from apiwright.adopt.facts import DatabaseFacts, read_facts
from apiwright.adopt.found import tables_as_found
from apiwright.ir.service import Service
from apiwright.migrate.catalog import current_revisions
from apiwright.migrate.database import ask, shown
from apiwright.migrate.errors import MigrateError
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.revisions import History
from apiwright.plan.storage.tables import Table


class NotAdoptedError(MigrateError):
    """There is nothing in a database that a service could run on."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A database as it was found, and what becomes of its tables.

    `revisions` are those of another history of Alembic that it is at.
    """

    facts: DatabaseFacts
    decision: Decision
    revisions: tuple[str, ...] = ()


def read_database(url: str) -> Adoption:
    """What a database holds; MigrateError if it can't be asked, or if nothing fits a contract."""
    facts = ask(url, read_facts)
    decision = decide(facts)
    if not facts.tables:
        raise NotAdoptedError(
            f"there are no tables in {shown(url)}",
            "does the URL name the right database, and may its user see the schema?",
        )
    if not decision.things:
        reasons = "".join(f"\n  {one.table}: {one.reason}" for one in decision.left)
        raise NotAdoptedError(f"no table of {shown(url)} fits a contract:{reasons}")
    return Adoption(facts, decision, ask(url, current_revisions))


def adopt(url: str, adoption: Adoption, service: Service) -> History:
    """The history of a service for the contract of a database: as if it had made the tables.

    Nothing is changed in the database; MigrateError where it can't be asked.
    """
    implied = build_tables(service)

    async def compare(connection: AsyncConnection) -> tuple[Table, ...]:
        return await tables_as_found(connection, implied, adoption.facts)

    tables = ask(url, compare)
    first = baseline(tables, adoption.facts)
    managed = {table.name for table in tables}
    unmanaged = tuple(
        table.name
        for table in adoption.facts.tables
        if table.name not in managed and not table.odd.endswith("view")
    )
    return History(tables, first.revision, ((first.file, first.text),), unmanaged)
