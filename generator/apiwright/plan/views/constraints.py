"""What each constraint of the database means for a client that runs into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from apiwright.code import Code, constant
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity
from apiwright.plan.storage.tables import Found, Table


@dataclass(frozen=True, slots=True)
class ConstraintView:
    """A constraint: the fields that it is about, and how a violation is told."""

    name: str
    fields: tuple[str, ...]
    message: str
    kind: str
    conflict_argument: Code


def constraints_view(service: Service, tables: dict[str, Table]) -> tuple[ConstraintView, ...]:
    """Every constraint that a client can violate, table by table."""
    return tuple(
        view
        for entity in service.entities.values()
        for view in _constraints(entity, tables[entity.table])
    )


def _constraints(entity: Entity, table: Table) -> Iterator[ConstraintView]:
    found = table.found or Found()
    for view in _implied(entity, table):
        part = found.standing_for(view.name)
        if part is not None:
            yield replace(view, name=part.name)
        elif view.name not in found.absent:
            yield view


def _implied(entity: Entity, table: Table) -> Iterator[ConstraintView]:
    fields = {column.name: column.property or column.name for column in entity.columns}
    for rule in entity.uniques:
        named = tuple(fields[name] for name in rule.columns)
        message = f"{' and '.join(named)} already in use"
        yield ConstraintView(rule.name, named, message, "unique", constant(", conflict=True"))
    for key in table.foreign_keys:
        yield ConstraintView(
            key.name,
            (fields[key.column],),
            f"{fields[key.column]}: there is no such thing",
            "reference",
            constant(", conflict=True"),
        )
    for check in table.checks:
        column = next(
            (c for c in entity.columns if check.name.startswith(f"ck_{entity.table}_{c.name}_")),
            None,
        )
        named = (fields[column.name],) if column is not None else ()
        yield ConstraintView(check.name, named, "Not an allowed value", "check", constant(""))
