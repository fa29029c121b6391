"""The part of a generated service that migrations need, made again and again from new contracts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from apiwright.history import read_history
from apiwright.plan import Plan, Renames, StoragePlan, plan, storage_plan
from apiwright.render import render
from tests.support.contracts import Contract, understood
from tests.support.running import ORDERS, run_python, service_environ

_NEEDED = re.compile(r"alembic.*|app/(models/.*|(?!main|seed)[a-z_]+\.py)")
"""What the environment of migrations imports: the modules at the top, but for the application."""


@dataclass(frozen=True, slots=True)
class AlembicProject:
    """A folder with the migrations and models of a service, and a database of its own."""

    folder: Path
    url: str

    def generate(
        self, document: Contract, *allowed: str, renames: Renames = Renames.AT_ONCE
    ) -> StoragePlan:
        """Follow a contract; AssertionError where that is refused."""
        found = self.plan(document, allowed, renames)
        assert not found.refusals, found.refusals
        service = understood(document)
        planned = plan(service, read_history(self.folder), {}, found)
        files = render(_part(planned))
        for path in self._old(files):
            path.unlink()
        for name, text in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return found

    def plan(
        self,
        document: Contract,
        allowed: Collection[str] = (),
        renames: Renames = Renames.AT_ONCE,
    ) -> StoragePlan:
        """What would become of the database."""
        return storage_plan(read_history(self.folder), understood(document), allowed, renames)

    def head(self) -> str:
        """The last revision."""
        return read_history(self.folder).head

    def alembic(self, *commands: str) -> str:
        """What Alembic prints when it runs commands, such as "upgrade head"."""
        environ = service_environ(self.url)
        return run_python(self.folder, environ, "-c", ORDERS, *commands)

    def sql(self, first: str) -> str:
        """The SQL of what comes after a revision, written without a database."""
        environ = service_environ(self.url)
        arguments = ("-m", "alembic", "upgrade", f"{first}:head", "--sql")
        return run_python(self.folder, environ, *arguments)

    def _old(self, files: Collection[str]) -> Iterator[Path]:
        """Snapshots and models that are no more."""
        for pattern in ("alembic/schema/*.json", "app/models/*.py"):
            for path in self.folder.glob(pattern):
                if path.relative_to(self.folder).as_posix() not in files:
                    yield path


def _part(planned: Plan) -> Plan:
    return replace(
        planned,
        files=tuple(file for file in planned.files if _NEEDED.fullmatch(file.path)),
        data=tuple(file for file in planned.data if file.path.startswith("alembic")),
    )
