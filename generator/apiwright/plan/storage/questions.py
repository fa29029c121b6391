"""What looks like a rename and is not declared to be one: asked about, never guessed."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.evolve import Evolution
from apiwright.plan.storage.findings import Question
from apiwright.plan.storage.tables import Table

_ALIKE = 0.6


def questions(evolution: Evolution, declared: Declared) -> tuple[Question, ...]:
    """The questions that a change leaves open."""
    return (*_tables(evolution, declared), *_columns(evolution, declared))


def _tables(evolution: Evolution, declared: Declared) -> Iterator[Question]:
    old = {table.name: table for table in evolution.before}
    new = {table.name: table for table in evolution.goal if not table.retained}
    gone = [t for name, t in old.items() if _open(name, name in new, t.retained, declared)]
    made = [table for name, table in new.items() if name not in old]
    for table in made:
        alike = [other for other in gone if _likeness(other, table) >= _ALIKE]
        if len(alike) == 1:
            before = alike[0].name
            yield Question(
                before,
                table.name,
                f"was the table {before} renamed to {table.name}? They have mostly the same "
                "columns",
                f"if so: x-renamed-from: {before} on the schema; else {before} stays with its rows",
                declared.position(table.name),
            )


def _columns(evolution: Evolution, declared: Declared) -> Iterator[Question]:
    old = {table.name: table for table in evolution.before}
    for table in evolution.goal:
        if table.name not in old or table.retained:
            continue
        before = old[table.name]
        now = {column.name: column for column in table.columns if not column.retained}
        gone = [
            column
            for column in before.columns
            if _open(f"{table.name}.{column.name}", column.name in now, column.retained, declared)
        ]
        made = [column for name, column in now.items() if before.column(name) is None]
        for column in made:
            alike = [other for other in gone if other.type == column.type]
            rivals = [other for other in made if other.type == column.type]
            if len(alike) == 1 and len(rivals) == 1:
                was = alike[0].name
                yield Question(
                    f"{table.name}.{was}",
                    f"{table.name}.{column.name}",
                    f"was {table.name}.{was} renamed to {column.name}? Both are {column.type}",
                    f"if so: x-renamed-from: {was} on the property; else {was} stays with its "
                    "values",
                    declared.position(table.name, column.name),
                )


def _open(name: str, there: bool, retained: bool, declared: Declared) -> bool:
    """Whether something is gone just now, without a word about it."""
    return not (there or retained or declared.may_go(name))


def _likeness(one: Table, other: Table) -> float:
    """How much of two tables is the same: columns with their types, 0 to 1."""
    first, second = ({(c.name, c.type) for c in table.columns} for table in (one, other))
    return len(first & second) / max(len(first | second), 1)
