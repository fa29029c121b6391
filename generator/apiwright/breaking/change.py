"""What changed for clients: one difference between two versions of an API, judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from apiwright.problems import Position


class Level(Enum):
    """How much a change matters to a client that was written for the older version.

    `BREAKING`: it stops working, if it uses what changed. `WARNING`: it may, depending on what the
    contract doesn't say. `INFO`: it goes on working.
    """

    BREAKING = "breaking"
    WARNING = "warning"
    INFO = "info"


SEVERITY = {Level.BREAKING: 0, Level.WARNING: 1, Level.INFO: 2}


class Direction(Enum):
    """Who writes a value: the client, in a request, or the service, in a response."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class ApiChange:
    """A change, the operation that it is of, where it stands, and what it means.

    `id` is that of a rule. `operation` is empty for what concerns the whole API, else its method
    and path in the newer version ("GET /items"), or the older one where it is gone. `where` is the
    place inside of the operation, in words of the contract: `parameters/query/limit`,
    `responses/200/application/json/owner/name`. `position` is in the newer document, or in the
    older one for what is gone. `hint` says how the break is usually avoided; empty where there is
    none, or no usual way.
    """

    id: str
    level: Level
    operation: str
    where: str
    position: Position
    message: str
    hint: str = ""
