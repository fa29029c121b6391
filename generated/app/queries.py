"""What statements cost, whichever way they are run: in sessions or by the driver itself."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import Any

from prometheus_client import Histogram
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from app import current, metrics

DURATION = metrics.histogram(
    "database_query_duration_seconds", "How long statements took", "operation", "statement"
)
KIND = re.compile(r"\s*(?:WITH\s+\w+\s+AS\s*\(\s*)?(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
OTHER = "other"
STARTED = "watched_since"


def note(statement: str, started: float) -> None:
    """Count a statement that has just ended, well or not; `started` is of `time.perf_counter`."""
    _meter(current.operation(), statement).observe(time.perf_counter() - started)


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
        note(failure.statement, started)


@lru_cache(maxsize=4096)
def _meter(operation: str, statement: str) -> Histogram:
    return DURATION.labels(operation, kind(statement))


@lru_cache(maxsize=4096)
def kind(statement: str) -> str:
    """What a statement does, in a word."""
    found = KIND.match(statement)
    return found[1].lower() if found else OTHER
