"""What a contract says of the past of its tables: names of before, values for rows, what may go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from apiwright.extensions.expressions import Name
from apiwright.ir.service import Service
from apiwright.ir.storage import Backfill, Column, Entity, ManyToMany, Renamed
from apiwright.problems import Position

Place = tuple[str, str]
"""A table and a column."""


class Renames(Enum):
    """How renames are made in a run.

    AT_ONCE takes the old name away from whoever still uses it; ZERO_DOWNTIME lets both work, and
    CONTRACT takes away the old names that a run of that kind has left.
    """

    AT_ONCE = "at once"
    ZERO_DOWNTIME = "zero downtime"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared, by the names of today's tables and columns.

    `deleted` names tables, and columns as `table.column`, that may go with their data; `allowed`
    does the same for one run, and lets values be lost that change their type. `deleted_values` are
    values of enums that no row has any more. `properties` are the columns of a table by what the
    contract calls them.
    """

    tables: Mapping[str, Renamed] = field(default_factory=dict)
    columns: Mapping[Place, Renamed] = field(default_factory=dict)
    values: Mapping[Place, tuple[tuple[str, Renamed], ...]] = field(default_factory=dict)
    backfills: Mapping[Place, Backfill] = field(default_factory=dict)
    properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    positions: Mapping[str, Position] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    deleted_values: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    renames: Renames = Renames.AT_ONCE

    def position(self, table: str, column: str = "") -> Position | None:
        """Where the contract describes a column, or else its table."""
        return self.positions.get(f"{table}.{column}") or self.positions.get(table)

    def may_go(self, name: str) -> bool:
        """Whether a table, or a column as `table.column`, may go with its data."""
        return name in self.deleted or name in self.allowed

    def with_twins(self, twins: Mapping[Place, str]) -> Declared:
        """The same, where some columns take their values from those that they stand beside."""
        found = {
            place: Backfill(Name(old), said.position)
            for place, old in twins.items()
            if (said := self.columns.get(place)) is not None
        }
        return replace(self, backfills={**self.backfills, **found})


def declared(
    service: Service, allowed: Collection[str] = (), renames: Renames = Renames.AT_ONCE
) -> Declared:
    """What the contract of a service declares; `allowed` is what is allowed for this run."""
    entities = list(service.entities.values())
    columns = [(entity, column) for entity in entities for column in entity.columns]
    return Declared(
        tables=dict(_tables(entities)),
        columns={_place(e, c): c.renamed for e, c in columns if c.renamed is not None},
        values={_place(e, c): c.renamed_values for e, c in columns if c.renamed_values},
        backfills={_place(e, c): c.backfill for e, c in columns if c.backfill is not None},
        properties={
            entity.table: {c.property: c.name for c in entity.columns if c.property}
            for entity in entities
        },
        positions={
            **{entity.table: entity.position for entity in entities},
            **{f"{e.table}.{c.name}": c.position for e, c in columns},
        },
        deleted=frozenset(
            (
                *service.deleted,
                *(f"{entity.table}.{name}" for entity in entities for name in entity.deleted),
            )
        ),
        deleted_values={_place(e, c): c.deleted_values for e, c in columns if c.deleted_values},
        allowed=frozenset(allowed),
        renames=renames,
    )


def _tables(entities: Iterable[Entity]) -> Iterator[tuple[str, Renamed]]:
    for entity in entities:
        if entity.renamed is not None:
            yield entity.table, entity.renamed
        for relation in entity.relations:
            if isinstance(relation, ManyToMany) and relation.renamed is not None:
                yield relation.table, Renamed((), relation.renamed.position)


def _place(entity: Entity, column: Column) -> Place:
    return entity.table, column.name
