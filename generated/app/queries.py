"""What statements cost, whichever way they are run: in sessions or by the driver itself."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from prometheus_client import Histogram
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from app import current, metrics, tracing

DURATION = metrics.histogram(
    "database_query_duration_seconds", "How long statements took", "operation", "statement"
)
KIND = re.compile(r"\s*(?:WITH\s+\w+\s+AS\s*\(\s*)?(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
OTHER = "other"
VALUE = re.compile(r"'(?:[^']|'')*'|\b(?<!\$)\d+(?:\.\d+)?\b")
LONGEST_TEXT = 2_000
STARTED = "watched_since"


@dataclass(frozen=True, slots=True)
class Slow:
    """From how many seconds on a statement is slow, and who has to hear of it."""

    seconds: float
    hear: Callable[[str, float], None]


NEVER = Slow(math.inf, lambda _statement, _seconds: None)
slow = NEVER


def note(statement: str, started: float, *, failed: bool = False) -> None:
    """Count a statement that has just ended; `started` is of `time.perf_counter`."""
    seconds = time.perf_counter() - started
    _meter(current.operation(), statement).observe(seconds)
    if seconds >= slow.seconds:
        slow.hear(statement, seconds)
    if tracing.spans is not None:
        word = kind(statement)
        about = {
            "db.system.name": "postgresql",
            "db.operation.name": word,
            "db.query.text": anonymous(statement),
        }
        tracing.spans.past(word, started, about, failed=failed)


def watch(engine: AsyncEngine) -> None:
    """Count every statement of the sessions of an engine."""
    event.listen(engine.sync_engine, "before_cursor_execute", _begin)
    event.listen(engine.sync_engine, "after_cursor_execute", _end)
    event.listen(engine.sync_engine, "handle_error", _fail)


def _begin(
    _connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool
) -> None:
    if context is not None:
        setattr(context, STARTED, time.perf_counter())


def _end(
    _connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool
) -> None:
    if context is not None:
        note(text, getattr(context, STARTED))


def _fail(failure: ExceptionContext) -> None:
    started = getattr(failure.execution_context, STARTED, None)
    if started is not None and failure.statement is not None:
        note(failure.statement, started, failed=True)


@lru_cache(maxsize=4096)
def _meter(operation: str, statement: str) -> Histogram:
    return DURATION.labels(operation, kind(statement))


@lru_cache(maxsize=4096)
def anonymous(statement: str) -> str:
    """The text of a statement without the values that somebody may have written into it."""
    return VALUE.sub("?", " ".join(statement.split()))[:LONGEST_TEXT]


@lru_cache(maxsize=4096)
def kind(statement: str) -> str:
    """What a statement does, in a word."""
    found = KIND.match(statement)
    return found[1].lower() if found else OTHER
