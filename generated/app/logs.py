"""Logs: one line of JSON for each thing that happened, and nobody's secrets in it.

What requests bring along gets into a log only as far as somebody writes it there: lines about
requests have the route's template, never its values. The text of an exception, though, may hold
anything (a driver tells which value it choked on), so in production a traceback names the kinds of
exceptions, the lines of code, and what the database says of itself; their texts are left out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from app.config import Settings
from app.current import CURRENT

LONGEST_TEXT = 2_000
LONGEST_TRACEBACK = 16_000
DEEPEST = 10
"""Exceptions of one traceback: each may have been caused by another."""

TOLD = ("sqlstate", "constraint_name", "table_name")
"""What a database error says of itself; none of it is a value."""

ENCODER = json.JSONEncoder(ensure_ascii=True, default=str)


class JsonFormatter(logging.Formatter):
    """Log records as JSON, one a line, in ASCII; nothing in a message can make it two.

    `texts` tells whether tracebacks show what exceptions say.
    """

    def __init__(self, *, texts: bool = False) -> None:
        super().__init__()
        self._texts = texts

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": shortened(record.getMessage()),
        }
        current = CURRENT.get()
        if current is not None:
            said.update(current.ids)
        given: Mapping[str, Any] = getattr(record, "fields", {})
        for name, value in given.items():
            said[name] = shortened(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            told = described(record.exc_info[1], texts=self._texts)
            said["traceback"] = told[-LONGEST_TRACEBACK:]
        return ENCODER.encode(said)


def shortened(text: str) -> str:
    """A text that is no longer than one of a log should be."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."


def described(error: BaseException, *, texts: bool) -> str:
    """An exception and what caused it, the cause first, with their lines of code."""
    return "\n".join(reversed([*_causes(error, texts=texts)]))


def _causes(error: BaseException | None, *, texts: bool) -> Iterator[str]:
    for _ in range(DEEPEST):
        if error is None:
            return
        kind = type(error)
        facts = [f"{name}={getattr(error, name)}" for name in TOLD if getattr(error, name, None)]
        said = [f"{kind.__module__}.{kind.__qualname__}", *facts]
        if texts:
            said.append(str(error))
        lines = traceback.format_tb(error.__traceback__)
        yield "".join(["Traceback (most recent call last):\n", *lines, " ".join(said)])
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def set_up_logging(settings: Settings) -> None:
    """Log to standard error as JSON, whoever logs: the service, its server, or a library.

    Libraries are heard from warnings on. The server's own line for each request is not wanted: it
    shows addresses as they came, with whatever stands in their queries.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(texts=settings.logs_exception_texts))
    for name in ("app", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    logging.getLogger("app").setLevel(settings.log_level)
    logging.getLogger("uvicorn.access").handlers = []
    logging.getLogger("uvicorn.access").disabled = True
    others = logging.StreamHandler()
    others.setFormatter(handler.formatter)
    others.setLevel(logging.WARNING)
    logging.lastResort = others
    # What no line shows need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def log_lost_errors() -> None:
    """Log what fails in the background of this event loop as everything else is logged."""
    asyncio.get_running_loop().set_exception_handler(_lost)


def _lost(_loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
    error = about.get("exception")
    info = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
    logging.getLogger("app.background").error("%s", about["message"], exc_info=info)
