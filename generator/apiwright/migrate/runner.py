"""Alembic in a process of its own: `python -m apiwright.migrate.runner` in a service's folder.

Reads one order a line from standard input, JSON such as {"do": "upgrade", "to": "head"}, and writes
what happens, JSON as well, one event a line: any number of `step` and `note`, and in the end `done`
or `failed`. What revisions print goes to standard error. Several orders share the imports, which
take longer than most revisions.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from apiwright.migrate.database import explained, shown
from apiwright.migrate.errors import MigrateError

Order: TypeAlias = Mapping[str, str]
Tell: TypeAlias = Callable[..., None]

_DEFAULT_URL = "postgresql://localhost:5432"


class _Listener(logging.Handler):
    """Tells what Alembic and the environment log: revisions that run, and waits."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(logging.INFO)
        self._tell = tell
        self.running = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a message on."""
        message = record.getMessage()
        if message.startswith("Running "):
            self.running = message.removeprefix("Running ")
            self._tell("step", text=self.running)
        elif record.levelno >= logging.WARNING:
            self._tell("note", text=message)


def main() -> None:
    """Carry out orders until there are no more."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(event: str, **values: object) -> None:
        events.write(json.dumps({"event": event, **values}) + "\n")
        events.flush()

    listener = _Listener(tell)
    for name in ("alembic.runtime.migration", "app.migrations"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(listener)
    _warm_up()
    for line in sys.stdin:
        _carry_out(json.loads(line), tell, listener)


def _warm_up() -> None:
    """Import what the environment imports, while the database is still being made ready.

    What is wrong with it is told when an order needs it.
    """
    sys.path[:0] = [".", ".."]
    with contextlib.suppress(Exception):
        for name in ("app.config", "app.database", "app.models"):
            importlib.import_module(name)


def _carry_out(order: Order, tell: Tell, listener: _Listener) -> None:
    listener.running = ""
    url = order.get("url")
    if url:
        os.environ["DATABASE_URL"] = url
    try:
        tell("done", text=_alembic(order))
    except Exception as error:
        failure = _failure(error, os.environ.get("DATABASE_URL") or _DEFAULT_URL)
        tell("failed", text=str(failure), hint=failure.hint, running=listener.running)


def _alembic(order: Order) -> str:
    output = io.StringIO()
    config = Config("alembic.ini", stdout=io.StringIO(), output_buffer=output)
    offline = order.get("offline") == "yes"
    if order["do"] == "upgrade":
        command.upgrade(config, order["to"], sql=offline)
    elif order["do"] == "downgrade":
        command.downgrade(config, order["to"], sql=offline)
    else:
        command.check(config)
    return output.getvalue()


def _failure(error: BaseException, url: str) -> MigrateError:
    """An error of Alembic, of the database or of a revision, for people."""
    if isinstance(error, CommandError):
        return MigrateError(str(error))
    if isinstance(error, MigrateError):
        return error
    if isinstance(error, DBAPIError | OSError | TimeoutError):
        return explained(error, shown(url))
    place = _place(error)
    return MigrateError(f"{place}{type(error).__name__}: {error}")


def _place(error: BaseException) -> str:
    """The line of the service's own files that an error came from."""
    here = Path.cwd()
    if isinstance(error, SyntaxError):
        return ""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_absolute() and file.is_relative_to(here):
            return f"{file.relative_to(here)}:{frame.lineno}: "
    return ""


if __name__ == "__main__":
    main()
