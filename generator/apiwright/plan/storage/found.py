"""What was found of tables that were there before the contract, through the changes of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from apiwright.plan.storage.sql import columns_renamed, name_quoted
from apiwright.plan.storage.tables import Found, FoundPart, Table, TableColumn, bare


def found_renamed(found: Found | None, called: Mapping[str, str]) -> Found | None:
    """What was found of a table, after parts that the contract implies are called otherwise."""
    if found is None:
        return None
    return replace(
        found,
        parts=tuple(
            replace(part, stands_for=called.get(part.stands_for, part.stands_for))
            for part in found.parts
        ),
        absent=tuple(called.get(name, name) for name in found.absent),
    )


def found_still(before: Table, now: Table, key: str) -> Found | None:
    """What was found of a table and holds still, once it is as the contract has it now.

    A part that the contract has no more, or has otherwise, is not there any longer, nor is what
    took its place; a column that changes is as the contract says. `key` names the primary key.
    """
    if before.found is None:
        return None
    lasting = {
        *({key} if before.key == now.key else ()),
        *(check.name for check in before.checks if bare(check) in map(bare, now.checks)),
        *(key.name for key in before.foreign_keys if key in now.foreign_keys),
        *(index.name for index in before.indexes if bare(index) in map(bare, now.indexes)),
    }
    kept = {column.name for column in now.columns}
    dropped = {column.name for column in before.columns} - kept
    columns = []
    for column in before.found.columns:
        one, other = before.column(column.name), now.column(column.name)
        if one is None:
            columns.append(column)
        elif other is not None and _as_found(one) == _as_found(other):
            nullable = column.nullable if one.nullable == other.nullable else other.nullable
            columns.append(replace(column, nullable=nullable))
    return Found(
        columns=tuple(columns),
        parts=tuple(
            part
            for part in before.found.parts
            if (not part.stands_for or part.stands_for in lasting)
            and not dropped.intersection(part.columns)
        ),
        absent=tuple(name for name in before.found.absent if name in lasting),
    )


def _as_found(column: TableColumn) -> tuple[str, str, bool]:
    return column.type, column.default, column.identity


def found_with_tables(found: Found | None, renamed: Mapping[str, str]) -> Found | None:
    """What was found of a table, where others that it refers to have new names."""
    if found is None:
        return None
    parts = []
    for part in found.parts:
        definition = part.definition
        for old, new in renamed.items():
            before, after = (f" REFERENCES {name_quoted(name)}(" for name in (old, new))
            definition = definition.replace(before, after)
        parts.append(replace(part, definition=definition))
    return replace(found, parts=tuple(parts))


def found_part_with(part: FoundPart, own: Mapping[str, str]) -> FoundPart:
    """A part that was found, of columns with new names; PostgreSQL follows them by itself."""
    if not set(own).intersection(part.columns):
        return part
    definition, sign, rest = part.definition.partition(" REFERENCES ")
    return replace(
        part,
        definition=columns_renamed(definition, own) + sign + rest,
        columns=tuple(own.get(name, name) for name in part.columns),
    )
