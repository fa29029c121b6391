"""The way out of a reader that cannot go on."""

from __future__ import annotations

from apiwright.load.limits import MAX_PROBLEMS
from apiwright.problems import Position, Problem, Report

EMPTY = "write what belongs here; `apiwright init DIR` lays out a contract to begin with"
"""What to do about a file with nothing in it."""


class ReadError(Exception):
    """Ends the reading of one file; carries the problem that ended it."""

    def __init__(
        self,
        code: str,
        message: str,
        position: Position,
        *,
        hint: str = "",
        related: tuple[tuple[Position, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, position, hint, related=related)


def check_problems(report: Report, position: Position) -> None:
    """Raise `ReadError` when there are so many problems that nobody would read more of them."""
    if len(report) >= MAX_PROBLEMS:
        message = f"after {MAX_PROBLEMS:,} problems no more of them are looked for"
        raise ReadError("too-many-problems", message, position)
