"""What `apiwright plan` costs, by the size of the contract: `nox -s cost [-- TABLES ...]`.

A contract of so many tables, each with eight properties, filters and a reference to another one, is
planned by a process of its own: as a project that is new, and after an edit of one table of a
project that is generated. CPU time is what counts, of the process and its children, so that other
work on the machine matters little. Cost that grows with the contract alone shows as the same time
for a table in every row. Memory is that of the largest process so far, so that sizes have to grow.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.contracts import INTEGER, MOMENT, TEXT, Contract, contract, crud, thing

USUAL = (100, 300, 1000)


def synthetic(tables: int, **edit: Contract) -> Contract:
    """A contract of so many tables, of which the first has whatever else is wanted."""
    paths: Contract = {}
    schemas: Contract = {}
    for number in range(tables):
        name = f"Thing{number}"
        own: dict[str, Any] = {
            "title": {**TEXT, "maxLength": 80},
            "code": {**TEXT, "x-unique": True},
            "size": {**INTEGER, "minimum": 0},
            "status": {"type": "string", "enum": ["new", "sold"], "default": "new"},
            "made": MOMENT,
            "tags": {"type": "array", "items": TEXT},
            "next_id": {**INTEGER, "x-references": f"Thing{(number + 1) % tables}"},
        }
        schemas[name] = thing({**own, **(edit if number == 0 else {})}, "title")
        status = {"name": "status", "in": "query", "schema": TEXT}
        paths.update(crud(name, f"thing{number}s", query=[status]))
    return contract(paths, schemas)


def cost(folder: Path, *arguments: str) -> float:
    """The CPU time of a command of `apiwright`, in seconds; it has to do what it is for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "apiwright", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 3, 4}:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure the sizes of the command line, or the usual ones."""
    sizes = [int(word) for word in sys.argv[1:]] or list(USUAL)
    heads = f"{'tables':>8}{'new, s':>10}{'a table, ms':>13}{'edit, s':>10}{'a table, ms':>13}"
    print(f"{heads}{'memory, MB':>12}")
    for tables in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            spec = folder / "specs" / "openapi.json"
            spec.parent.mkdir()
            spec.write_text(json.dumps(synthetic(tables)), encoding="utf-8")
            new = cost(folder, "plan", "--no-sql")
            cost(folder, "generate", "--no-verify", "--quiet")
            spec.write_text(json.dumps(synthetic(tables, note=TEXT)), encoding="utf-8")
            edit = cost(folder, "plan", "--no-sql")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        each = (1000 * seconds / tables for seconds in (new, edit))
        ones = f"{tables:>8}{new:>10.1f}{next(each):>13.1f}{edit:>10.1f}{next(each):>13.1f}"
        print(f"{ones}{memory:>12.0f}", flush=True)


if __name__ == "__main__":
    main()
