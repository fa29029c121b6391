"""Renames that are not finished: a column with two names stays as it is until it has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.findings import Refusal
from apiwright.plan.storage.tables import Table


def unfinished(
    before: Iterable[Table], target: Iterable[Table], declared: Declared
) -> Iterator[Refusal]:
    """Why edits of columns with two names have to wait."""
    wanted = {table.name: table for table in target}
    for table in before:
        now = wanted.get(table.name)
        for column in table.columns:
            if not column.twin:
                continue
            one = table.column(column.twin)
            other = now.column(column.twin) if now is not None else None
            back = now is not None and now.column(column.name) is not None
            if one is None or other is None or one.bare != other or back:
                name = f"{table.name}.{column.twin}"
                yield Refusal(
                    "unfinished-rename",
                    name,
                    f"{name} is still called {column.name} as well, and stays as it is until its "
                    "rename is finished",
                    "once no service of before runs: apiwright generate --contract, with the "
                    "contract as it was; then this edit",
                    position=declared.position(table.name, column.twin),
                )
