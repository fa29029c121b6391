"""The request that is being served, for whoever is not handed it: log lines, figures, spans."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

NO_OPERATION = "<none>"
"""What works outside of any operation: probes, background work, requests for what isn't there."""


@dataclass(slots=True, eq=False)
class Current:
    """A request: its id, its place in a trace ("" without one), its scope with the route."""

    request_id: str
    traceparent: str
    scope: Any

    @property
    def ids(self) -> dict[str, str]:
        """What every log line of the request has."""
        if self.traceparent:
            return {"request_id": self.request_id, "trace_id": self.traceparent[3:35]}
        return {"request_id": self.request_id}

    @property
    def operation(self) -> str:
        """The operation of the contract that the request is for."""
        return getattr(self.scope.get("route"), "operation_id", None) or NO_OPERATION


CURRENT: ContextVar[Current | None] = ContextVar("current", default=None)


def operation() -> str:
    """The operation that is being served."""
    current = CURRENT.get()
    return NO_OPERATION if current is None else current.operation
