"""What commands to Redis cost, and how many fail."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from prometheus_client import Histogram
from redis.asyncio import Redis
from typing_extensions import override

from app import metrics, tracing

DURATION = metrics.histogram("redis_command_duration_seconds", "How long commands took", "command")
FAILURES = metrics.counter("redis_failures_total", "Commands that had no good answer", "command")


class WatchedRedis(Redis):
    """A client of Redis whose commands are counted."""

    @override
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """What a command gives."""
        started, command, failed = time.perf_counter(), str(args[0]), True
        client: Any = super()
        try:
            reply = await client.execute_command(*args, **options)
            failed = False
        finally:
            note(command, started, failed=failed)
        return reply


def note(command: str, started: float, *, failed: bool) -> None:
    """Count a command that began at a time of `time.perf_counter`."""
    _meter(command).observe(time.perf_counter() - started)
    if failed:
        FAILURES.labels(command).inc()
    if tracing.spans is not None:
        about = {"db.system.name": "redis", "db.operation.name": command}
        tracing.spans.past(command, started, about, failed=failed)


@cache
def _meter(command: str) -> Histogram:
    return DURATION.labels(command)
