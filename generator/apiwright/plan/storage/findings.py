"""What has to be said about a change of the database before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.problems import Position


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change is not made: `name` is the table, or table and column.

    What `loses_data` can be allowed by name; anything else has to be changed in the contract.
    """

    code: str
    name: str
    message: str
    hint: str
    loses_data: bool = False
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Something that looks like a rename, and isn't declared to be one."""

    before: str
    after: str
    message: str
    hint: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is done, and worth knowing."""

    code: str
    name: str
    message: str
    hint: str = ""
    position: Position | None = None
