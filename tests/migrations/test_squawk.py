"""The SQL of a change of every kind, by the rules of squawk for migrations under load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.migrations.test_cut_short import after, before
from tests.support.alembic_project import AlembicProject

# Rules that say something of no use here, each with the reason.
SWITCHED_OFF = {
    "require-statement-timeout": "the environment limits transactions; other work takes its time",
    "renaming-table": "declared in the contract, and shown by the plan",
    "renaming-column": "declared in the contract, and shown by the plan",
    "renaming-object": "constraints, indexes and sequences follow what they belong to",
    "ban-drop-constraint": "rules go with the contract's, and proofs of NOT NULL once they served",
    "prefer-robust-stmts": "VALIDATE can be repeated, and each index is dropped, if it is there, "
    "before it is built: IF NOT EXISTS would keep an invalid one",
}


def test_nothing_is_found_that_is_not_known(tmp_path: Path, database_url: str) -> None:
    project = AlembicProject(tmp_path / "project", database_url)
    project.generate(before())
    first = project.head()
    project.generate(after())
    sql = tmp_path / "up.sql"
    sql.write_text(project.sql(first))
    assert sql.read_text().count("DO $apiwright$") > 6
    done = subprocess.run(
        [Path(sys.executable).with_name("squawk"), "--pg-version=18", "--reporter=json", sql],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = json.loads(done.stdout)
    told = [f"{one['line']}: {one['rule_name']}: {one['message']}" for one in found]
    assert [line for line in told if line.split(": ")[1] not in SWITCHED_OFF] == []
    assert {line.split(": ")[1] for line in told} == set(SWITCHED_OFF)
