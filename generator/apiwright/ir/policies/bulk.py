"""Many rows in one request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class BulkVerb(Enum):
    """What can be done with many rows at once."""

    CREATE = "bulk-create"
    UPDATE = "bulk-update"
    DELETE = "bulk-delete"


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """How the answer tells what became of each row, by attributes of its schemas.

    `envelope` is the schema of an object that has the list in `items`; both are empty for a bare
    list. `result` is the schema of one entry of the list, which has its place, its status, the row
    and the error in attributes of its own; empty where the list holds the rows themselves. The
    error is an object of the schema `error_schema`, or text (empty). `told` pairs the attributes of
    that object with what they tell of an error: its detail, code, status or title.
    """

    envelope: str = ""
    items: str = ""
    result: str = ""
    index: str = ""
    status: str = ""
    item: str = ""
    error: str = ""
    error_schema: str = ""
    told: tuple[tuple[str, str], ...] = ()
