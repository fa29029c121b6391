"""A column under two names: a trigger keeps both in step, so that old and new code both work.

A writer gives one of the two and doesn't know of the other. What differs from before, or from the
default where the row is new, is what the writer gave. A row in which neither changes is left as it
is, since one of the two may still have to be filled in.
"""

from __future__ import annotations

from apiwright import names
from apiwright.plan.storage.sql import name_quoted, quoted, script
from apiwright.plan.storage.tables import TableColumn
from apiwright.plan.storage.types import default_of


def trigger_name(table: str, column: str, twin: str) -> str:
    """What the trigger of two columns, and its function, are called."""
    return names.sql(f"sync_{table}_{column}_{twin}")


def kept_in_step(table: str, column: str, twin: TableColumn) -> tuple[str, ...]:
    """The SQL that lets `column`, the name of before, and `twin` hold the same from now on."""
    name = name_quoted(trigger_name(table, column, twin.name))
    old, new = name_quoted(column), name_quoted(twin.name)
    body = "\n".join(
        (
            "BEGIN",
            "    IF TG_OP = 'INSERT' THEN",
            f"        IF NEW.{new} IS DISTINCT FROM {default_of(twin)} THEN",
            f"            NEW.{old} := NEW.{new};",
            "        ELSE",
            f"            NEW.{new} := NEW.{old};",
            "        END IF;",
            f"    ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN",
            f"        NEW.{old} := NEW.{new};",
            f"    ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} THEN",
            f"        NEW.{new} := NEW.{old};",
            "    END IF;",
            "    RETURN NEW;",
            "END",
        )
    )
    function = script(body).removeprefix("DO ")
    when = f"BEFORE INSERT OR UPDATE ON {name_quoted(table)} FOR EACH ROW"
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {function}",
        f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()",
    )


def left_alone(table: str, column: str, twin: str) -> tuple[str, ...]:
    """The SQL after which two columns go their own ways."""
    name = name_quoted(trigger_name(table, column, twin))
    return (
        f"DROP TRIGGER {name} ON {name_quoted(table)}",
        f"DROP FUNCTION {name}()",
    )


def in_step(table: str, column: str, twin: str) -> str:
    """The SQL that fails where a row holds something else in one of two columns."""
    old, new, of = name_quoted(column), name_quoted(twin), name_quoted(table)
    message = quoted(f"rows of {table} hold something else in {column} than in {twin}")
    lines = (
        "BEGIN",
        f"    IF EXISTS (SELECT FROM {of} WHERE {old} IS DISTINCT FROM {new}) THEN",  # nosec B608 - names are quoted
        "        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',",
        f"            MESSAGE = {message}, HINT = 'nothing has been dropped';",
        "    END IF;",
        "END",
    )
    return script("\n".join(lines))
