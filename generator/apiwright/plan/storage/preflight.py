"""Looks at the rows before a change: what it asks of them is asked before anything is touched.

Each look is a block of PL/pgSQL, so that it stands in SQL that is written offline as well. It sees
the rows as they will be: under the new names, converted, and with values filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.plan.storage.changes import Phases, fill_of
from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.evolve import Evolution
from apiwright.plan.storage.narrow import keeps
from apiwright.plan.storage.sql import columns_in, name_quoted, quoted, script, texts_in
from apiwright.plan.storage.steps import (
    AddCheck,
    AddForeignKey,
    AddIndex,
    AlterColumn,
    CheckRows,
    ConvertColumn,
    FillColumn,
)
from apiwright.plan.storage.tables import Check, ForeignKey, TableIndex
from apiwright.plan.storage.types import converted

_KEY = '"key of the row"'
_COUNT, _EXAMPLE = '"rows found"', '"first of them"'
_LIMIT = re.compile(r"(.*) (<=|<|>=|>) (-?[0-9.e+-]+)")


def preflight(evolution: Evolution, phases: Phases, declared: Declared) -> tuple[CheckRows, ...]:
    """What has to hold of the rows that exist before the steps of `phases` begin."""
    return tuple(_Looks(evolution, declared).all(phases))


@dataclass(frozen=True, slots=True)
class _Look:
    """What is looked for: `condition` finds the rows that don't fit, among the needed columns."""

    table: str
    rule: str
    needs: frozenset[str]
    condition: str
    message: str
    hint: str
    group: tuple[str, ...] = ()


class _Looks:
    def __init__(self, evolution: Evolution, declared: Declared) -> None:
        self._evolution = evolution
        self._declared = declared
        self._old = {table.name: table for table in evolution.before}
        self._new = {table.name: table for table in evolution.goal}

    def all(self, phases: Phases) -> Iterator[CheckRows]:
        for step in phases.steps:
            if isinstance(step, ConvertColumn) and step.table in self._old:
                yield from self._conversion(step)
        # A rule that is new may be one that a value which is filled in has to keep as well.
        for look in dict.fromkeys(self._looks(phases)):
            yield CheckRows(look.table, look.rule, self._sql(look))

    def _looks(self, phases: Phases) -> Iterator[_Look]:
        for step in phases.steps:
            if not isinstance(step.table, str) or step.table not in self._old:
                continue
            if isinstance(step, AlterColumn) and step.before.nullable and not step.after.nullable:
                yield _not_null(step.table, step.after.name)
            elif isinstance(step, AddCheck) and step.check in self._new[step.table].checks:
                yield from self._check(step.table, step.check)
            elif isinstance(step, AddForeignKey):
                yield from self._foreign_key(step.table, step.key)
            elif isinstance(step, AddIndex) and step.index.unique:
                yield from self._unique(step.table, step.index)
            elif isinstance(step, FillColumn):
                yield from self._kept_rules(step.table, step.column)
            elif isinstance(step, ConvertColumn) and not keeps(step.before.type, step.after.type):
                yield from self._kept_rules(step.table, step.after.name)

    def _kept_rules(self, table: str, column: str) -> Iterator[_Look]:
        """The rules that a column has had all along, of which its new values know nothing."""
        new = self._new[table]
        if self._old[table].column(column) is None or new.column(column) is None:
            return
        for check in new.checks:
            if column in columns_in(check.condition):
                yield from self._check(table, check, anew=True)
        for key in new.foreign_keys:
            if key.column == column:
                yield from self._foreign_key(table, key, anew=True)
        for index in new.indexes:
            if index.unique and column in _columns_of(index):
                yield from self._unique(table, index, anew=True)

    def _check(self, table: str, check: Check, *, anew: bool = False) -> Iterator[_Look]:
        old = self._old[table]
        needs = frozenset(columns_in(check.condition))
        known = next((one for one in old.checks if one.name == check.name), None)
        if known is not None and _implies(known.condition, check.condition) and not anew:
            return
        if any(self._has_rows_with_values(table, name) for name in needs):
            yield _Look(
                table,
                check.name,
                needs,
                f"NOT ({check.condition})",
                f"break the rule {check.name}, which is {check.condition}",
                "change these rows, or let the contract allow them",
            )

    def _foreign_key(self, table: str, key: ForeignKey, *, anew: bool = False) -> Iterator[_Look]:
        old = self._old[table]
        known = {(one.column, one.table, one.target) for one in old.foreign_keys}
        if (key.column, key.table, key.target) in known and not anew:
            return
        if not self._has_rows_with_values(table, key.column):
            return
        name = name_quoted(key.column)
        condition = f"{name} IS NOT NULL"
        if key.table in self._old:
            target = name_quoted(self._evolution.tables.get(key.table, key.table))
            own = self._evolution.columns.get((key.table, key.target), key.target)
            condition += (
                f" AND NOT EXISTS (SELECT FROM {target} AS referred"
                f" WHERE referred.{name_quoted(own)} = looked.{name})"  # nosec B608 - names are quoted
            )
        yield _Look(
            table,
            key.name,
            frozenset({key.column}),
            condition,
            f"refer by {key.column} to rows of {key.table} that don't exist",
            "add what they refer to, or change or delete these rows",
        )

    def _unique(self, table: str, index: TableIndex, *, anew: bool = False) -> Iterator[_Look]:
        parts = _parts(index)
        needs = _columns_of(index)
        known = [one.where for one in self._old[table].indexes if _same(one, index)]
        if not all(self._has_rows_with_values(table, n) for p in parts for n in columns_in(p)):
            return
        if ("" in known or index.where in known) and not anew:
            return
        conditions = [f"{part} IS NOT NULL" for part in parts]
        conditions += [index.where] if index.where else []
        yield _Look(
            table,
            index.name,
            needs,
            " AND ".join(conditions),
            f"have the same {' and '.join(index.parts)} as others",
            "change or delete the ones that are too many",
            tuple(parts),
        )

    def _has_rows_with_values(self, table: str, column: str) -> bool:
        """Whether rows that exist can have anything but null in a column."""
        old, new = self._old[table], self._new[table].column(column)
        if old.column(column) is not None or new is None:
            return True
        return bool(fill_of(old, new, self._declared))

    def _conversion(self, step: ConvertColumn) -> Iterator[CheckRows]:
        """A try at a conversion that not every value survives."""
        one, other = step.before.type, step.after.type
        if keeps(one, other) or not converted("", one, other):
            return
        name = f"{step.table}.{step.after.name}"
        table = name_quoted(self._evolution.tables.get(step.table, step.table))
        own = self._evolution.columns.get((step.table, step.after.name), step.after.name)
        tried = converted(name_quoted(own), one, other)
        lines = (
            "BEGIN",
            f"    PERFORM count({tried}) FROM {table};",
            "EXCEPTION WHEN data_exception THEN",
            "    RAISE EXCEPTION USING ERRCODE = 'data_exception',",
            f"        MESSAGE = {quoted(f'{name} can not become {other}: ')} || SQLERRM,",
            f"        HINT = {quoted('change these rows first; nothing has been changed')};",
            "END",
        )
        yield CheckRows(step.table, f"{name} becomes {other}", script("\n".join(lines)))

    def _sql(self, look: _Look) -> str:
        key = self._old[look.table].key
        own = [self._own(look.table, name) for name in key]
        shown = f"concat_ws(', ', {', '.join(f'{name}::text' for name in own)})"
        columns = [f"{shown} AS {_KEY}"]
        columns += [
            f"{self._value(look.table, name)} AS {name_quoted(name)}" for name in sorted(look.needs)
        ]
        table = name_quoted(self._evolution.tables.get(look.table, look.table))
        rows = f"(SELECT {', '.join(columns)} FROM {table}) AS looked WHERE {look.condition}"  # nosec B608 - names are quoted
        if look.group:
            grouped = f"GROUP BY {', '.join(look.group)} HAVING count(*) > 1"
            rows = f"(SELECT min({_KEY}) AS {_KEY} FROM {rows} {grouped}) AS twice"  # nosec B608 - names are quoted
        message = f"rows of {look.table} that {look.message}: "
        example = f", such as {', '.join(key)} = "
        lines = (
            "#variable_conflict use_column",
            "DECLARE",
            f"    {_COUNT} bigint;",
            f"    {_EXAMPLE} text;",
            "BEGIN",
            f"    SELECT count(*), min({_KEY}) INTO {_COUNT}, {_EXAMPLE} FROM {rows};",  # nosec B608 - names are quoted
            f"    IF {_COUNT} > 0 THEN",
            "        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',",
            f"            MESSAGE = {quoted(message)} || {_COUNT} || {quoted(example)}",
            f"                || {_EXAMPLE},",
            f"            HINT = {quoted(f'{look.hint}; nothing has been changed')};",
            "    END IF;",
            "END",
        )
        return script("\n".join(lines))

    def _own(self, table: str, column: str) -> str:
        """A column by its name in the database."""
        return name_quoted(self._evolution.columns.get((table, column), column))

    def _value(self, table: str, name: str) -> str:
        """What a column will hold, in terms of the row as it is."""
        old, new = self._old[table], self._new[table].column(name)
        known = old.column(name)
        if new is None:
            return self._own(table, name)
        own = {c: db for (owner, c), db in self._evolution.columns.items() if owner == table}
        fill = fill_of(old, new, self._declared, own)
        if known is None:
            return fill or f"NULL::{new.type}"
        value = self._own(table, name)
        for before, after in self._evolution.values.get((table, name), ()):
            if new.type.endswith("[]"):
                value = f"array_replace({value}, {quoted(before)}, {quoted(after)})"
            else:
                value = f"CASE {value} WHEN {quoted(before)} THEN {quoted(after)} ELSE {value} END"
        if known.type != new.type:
            value = converted(value, known.type, new.type) or fill or f"NULL::{new.type}"
        fills = known.nullable and not new.nullable and fill
        return f"coalesce({value}, {fill})" if fills else value


def _parts(index: TableIndex) -> list[str]:
    """What an index is of, in SQL."""
    return [part if index.expression else name_quoted(part) for part in index.parts]


def _columns_of(index: TableIndex) -> frozenset[str]:
    sql = (*_parts(index), index.where)
    return frozenset(name for part in sql if part for name in columns_in(part))


def _same(one: TableIndex, other: TableIndex) -> bool:
    """Whether two rules are about the same columns; their rows may differ."""
    return one.unique and (one.parts, one.expression) == (other.parts, other.expression)


def _not_null(table: str, column: str) -> _Look:
    name = name_quoted(column)
    return _Look(
        table,
        f"{table}.{column} not null",
        frozenset({column}),
        f"{name} IS NULL",
        f"have no value in {column}",
        "give them one, or give the property a default or x-backfill",
    )


def _implies(before: str, after: str) -> bool:
    """Whether what keeps one condition keeps another one as well, where that is plain."""
    one, other = _LIMIT.fullmatch(before), _LIMIT.fullmatch(after)
    if one and other:
        looser = float(one[3]) <= float(other[3])
        if other[2] in {">", ">="}:
            looser = float(one[3]) >= float(other[3])
        return one[1] == other[1] and one[2] == other[2] and looser
    values = set(texts_in(before))
    listed = [sql.partition(" IN (" if " IN (" in sql else " <@ ARRAY[") for sql in (before, after)]
    same = listed[0][:2] == listed[1][:2] and bool(listed[0][1])
    return same and values <= set(texts_in(after))
