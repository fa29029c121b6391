"""Changes of many rows as a script that goes through a table block by block, in small commits.

A script is cut short at any moment without harm: it looks for rows that still need the change, so
that another run goes on. It takes rows by their place (`ctid`), which needs no index and looks at
every block once, whatever the size of the table (PostgreSQL 14 and newer read just those blocks).
"""

from __future__ import annotations

from apiwright.plan.storage.sql import name_quoted, quoted, script

BLOCKS = 128
"""How many blocks of a table (8 kB each) are changed in a transaction."""


def filled(table: str, column: str, value: str) -> str:
    """The script that puts a value where a column is null."""
    name = name_quoted(column)
    return _in_batches(table, f"{name} = {value}", f"{name} IS NULL AND ({value}) IS NOT NULL")


def renamed_values(
    table: str, column: str, pairs: tuple[tuple[str, str], ...], *, array: bool
) -> str:
    """The script that replaces values of an enum, pairs of an old and a new one."""
    name = name_quoted(column)
    old = ", ".join(quoted(before) for before, _ in pairs)
    if array:
        value = name
        for before, after in pairs:
            value = f"array_replace({value}, {quoted(before)}, {quoted(after)})"
        return _in_batches(table, f"{name} = {value}", f"{name} && ARRAY[{old}]")
    cases = " ".join(f"WHEN {quoted(before)} THEN {quoted(after)}" for before, after in pairs)
    return _in_batches(table, f"{name} = CASE {name} {cases} END", f"{name} IN ({old})")


def _in_batches(table: str, assignment: str, condition: str) -> str:
    name = name_quoted(table)
    size = f"pg_relation_size({quoted(name)}::regclass) / current_setting('block_size')::bigint"
    here, there = ("format('(%s,0)', \"this block\")::tid",
                   f"format('(%s,0)', \"this block\" + {BLOCKS})::tid")  # fmt: skip
    lines = (
        "#variable_conflict use_column",
        "DECLARE",
        '    "this block" bigint;',
        '    "last block" bigint;',
        "BEGIN",
        f"    WHILE EXISTS (SELECT FROM {name} WHERE {condition}) LOOP",  # nosec B608 - names are quoted
        '        "this block" := 0;',
        f'        "last block" := {size};',
        '        WHILE "this block" <= "last block" LOOP',
        f"            UPDATE {name} SET {assignment}",  # nosec B608 - names are quoted
        f"                WHERE ctid >= {here} AND ctid < {there}",
        f"                AND {condition};",
        "            COMMIT;",
        f'            "this block" := "this block" + {BLOCKS};',
        "        END LOOP;",
        "    END LOOP;",
        "END",
    )
    return script("\n".join(lines))
