"""Alembic as a process that carries out one order after the other."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess  # nosec B404 - runs Python on the project's own service
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

from apiwright.migrate.errors import MigrateError

RUNNER = ("-m", "apiwright.migrate.runner")
NEEDED = ("alembic", "asyncpg", "fastapi", "pydantic_settings", "sqlalchemy")


def ignore(_text: str) -> None:
    """Tell nobody."""


def runner(output: Path, errors: IO[str]) -> subprocess.Popen[str]:
    """The process, in the folder of a service."""
    return subprocess.Popen(  # nosec B603 - fixed arguments, no shell
        [sys.executable, *RUNNER],
        cwd=output,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )


class Alembic:
    """A process in the folder of a service, which starts at once and waits for orders.

    `on_step` hears of each revision that runs, `on_note` of what has to be waited for. The database
    is the one of DATABASE_URL until `url` names another.
    """

    def __init__(
        self,
        output: Path,
        *,
        on_step: Callable[[str], None] = ignore,
        on_note: Callable[[str], None] = ignore,
    ) -> None:
        missing = next((name for name in NEEDED if not importlib.util.find_spec(name)), None)
        if missing is not None:
            raise MigrateError(f"{missing} is not installed", "install apiwright[dev]")
        if not (output / "alembic.ini").is_file():
            raise MigrateError(f"there is no service in {output}", "run `apiwright generate`")
        self.url = ""
        self._on_step, self._on_note = on_step, on_note
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = runner(output, self._said)

    def upgrade(self, to: str) -> None:
        """Go up to a revision; MigrateError where that fails."""
        self._order("upgrade", to)

    def downgrade(self, to: str) -> None:
        """Go down to a revision, or to "base"; MigrateError where that fails."""
        self._order("downgrade", to)

    def check(self) -> None:
        """Compare the models with the database; MigrateError says what differs."""
        self._order("check")

    def sql(self, way: str, revisions: str) -> str:
        """The SQL of `way`, "upgrade" or "downgrade", for a range such as "base:head"."""
        return self._order(way, revisions, offline="yes")

    def close(self) -> None:
        """Let the process end."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _order(self, do: str, to: str = "", **words: str) -> str:
        order = {"do": do, "to": to, "url": self.url, **words}
        try:
            _stream(self._process.stdin).write(json.dumps(order) + "\n")
            _stream(self._process.stdin).flush()
        except BrokenPipeError as error:
            raise self._ended() from error
        for line in _stream(self._process.stdout):
            event = json.loads(line)
            text = str(event.get("text", ""))
            if event["event"] == "step":
                self._on_step(text)
            elif event["event"] == "note":
                self._on_note(text)
            elif event["event"] == "done":
                return text
            else:
                during = f"{event['running']}: " if event["running"] else ""
                raise MigrateError(during + text, str(event["hint"]))
        raise self._ended()

    def _ended(self) -> MigrateError:
        """The process has ended in the middle of something."""
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().strip().splitlines()
        return MigrateError(f"Alembic ended: {lines[-1] if lines else 'it said nothing'}")


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
