"""Checks that stay looser than the contract: they let through what they did before.

A value of an enum, or a longer text, that the contract has no more may stand in rows, and a service
of before may still write it. So the check keeps it until its end is said a second time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.plan.storage.declared import Declared, Place
from apiwright.plan.storage.findings import Note
from apiwright.plan.storage.sql import quoted, texts_in
from apiwright.plan.storage.tables import Check, Table

_LENGTH = re.compile(r"(char_length\(.*\) <= )(\d+)")


@dataclass(frozen=True, slots=True)
class Past:
    """What tables and columns were called, and which values of enums are written otherwise now."""

    tables: Mapping[str, str]
    columns: Mapping[Place, str]
    values: Mapping[Place, tuple[tuple[str, str], ...]]

    def check(self, before: Table, column: str, rule: str) -> Check | None:
        """The check of a column, under its name of before or of today."""
        own = self.columns.get((before.name, column), column)
        former = self.tables.get(before.name, before.name)
        called = [
            names.sql(f"ck_{table}_{name}_{rule}")
            for table, name in ((former, own), (before.name, own), (before.name, column))
        ]
        return next(
            (check for name in called for check in before.checks if check.name == name), None
        )


def loosened(
    before: Table, now: Table, past: Past, declared: Declared
) -> tuple[Table, tuple[Note, ...]]:
    """A table of today whose checks let through what those of before did, and what to say of it."""
    checks = {check.name: check for check in now.checks}
    notes: list[Note] = []
    for column in now.columns:
        known, place = before.column(column.name), (now.name, column.name)
        if known is None or known.type != column.type or ".".join(place) in declared.allowed:
            continue
        for rule in ("values", "max_length"):
            name = names.sql(f"ck_{now.name}_{column.name}_{rule}")
            held, wanted = past.check(before, column.name, rule), checks.get(name)
            if held is None or wanted is None:
                continue
            if rule == "values":
                deleted = declared.deleted_values.get(place, ())
                found = _values(held, wanted, dict(past.values.get(place, ())), deleted)
            else:
                found = _length(held, wanted)
            if found.retained:
                checks[name] = found
                notes.append(_note(place, rule, found, declared))
    return replace(now, checks=tuple(checks.values())), tuple(notes)


def _values(
    held: Check, wanted: Check, renamed: Mapping[str, str], deleted: tuple[str, ...]
) -> Check:
    """The check of an enum, with the values that are gone and may still be there."""
    gone = {*deleted, *(json.dumps(value, ensure_ascii=False) for value in deleted)}
    had = dict.fromkeys(renamed.get(value, value) for value in texts_in(held.condition))
    listed = texts_in(wanted.condition)
    kept = tuple(value for value in had if value not in listed and value not in gone)
    if not kept:
        return wanted
    if not renamed and set(had) == {*listed, *kept}:
        return replace(wanted, condition=held.condition, retained=kept)
    start, end = wanted.condition[:-1], wanted.condition[-1]
    condition = f"{', '.join((start, *map(quoted, kept)))}{end}"
    return replace(wanted, condition=condition, retained=kept)


def _length(held: Check, wanted: Check) -> Check:
    """The check of a length, with the length of before where that was longer."""
    before, after = _LENGTH.fullmatch(held.condition), _LENGTH.fullmatch(wanted.condition)
    if before is None or after is None or int(before[2]) <= int(after[2]):
        return wanted
    return replace(wanted, condition=f"{after[1]}{before[2]}", retained=(before[2],))


def _note(place: Place, rule: str, check: Check, declared: Declared) -> Note:
    name = ".".join(place)
    if rule == "values":
        listed = ", ".join(f"'{value}'" for value in check.retained)
        message = f"{listed} of {name} is gone from the contract; rows may hold it still"
        hint = f"once none does: x-deleted beside the enum, or --allow-data-loss {name}"
    else:
        message = f"{name} is shorter in the contract; rows may hold {check.retained[0]} characters"
        hint = f"once none does: --allow-data-loss {name}"
    return Note("retained", name, message, hint, declared.position(*place))
