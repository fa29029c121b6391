"""The SQL of revisions, without a database: Alembic itself writes it."""

from __future__ import annotations

import io

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext


def upgrade_sql(file: str, text: str) -> str:
    """What a revision would send to PostgreSQL on the way up; `text` is its module.

    The module is one of the project's own revisions, which the same person would run as well.
    """
    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql",
        opts={"as_sql": True, "literal_binds": True, "output_buffer": buffer},
    )
    module: dict[str, object] = {"__name__": "revision"}
    with Operations.context(context):
        exec(compile(text, file, "exec"), module)  # nosec B102 - see above
        upgrade = module["upgrade"]
        assert callable(upgrade)
        with context.begin_transaction(_per_migration=True):
            upgrade()
    return buffer.getvalue().strip() + "\n"
