"""What is wrong with an input, where, and what to do about it.

A problem is a value: every stage adds the problems that it finds to a `Report` and goes on as long
as it can, so that one run shows all of them. This module imports nothing of the package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum


class Severity(Enum):
    """How much a problem matters: an error stops the run, a warning or a note does not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file; `line` and `column` count from 1, columns in characters.

    `file` is the path as the user would type it (relative to the project where possible).
    """

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def position_data(position: Position | None) -> dict[str, str | int | None]:
    """A place as plain data, for programs."""
    if position is None:
        return {"file": None, "line": None, "column": None}
    return {"file": position.file, "line": position.line, "column": position.column}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: a stable `code` for machines, a `message` and a `hint` for people."""

    code: str
    message: str
    position: Position | None = None
    hint: str = ""
    severity: Severity = Severity.ERROR
    related: tuple[tuple[Position, str], ...] = ()


@dataclass(slots=True)
class Report:
    """Collects the problems of a run, each once, in the order of their places in the files."""

    _problems: dict[Problem, None] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Add one problem; a repeated one is kept once."""
        self._problems[problem] = None

    def error(
        self,
        code: str,
        message: str,
        position: Position | None,
        *,
        hint: str = "",
        related: Iterable[tuple[Position, str]] = (),
    ) -> None:
        """Add an error: the run cannot give a result."""
        self.add(Problem(code, message, position, hint, Severity.ERROR, tuple(related)))

    def warning(
        self, code: str, message: str, position: Position | None, *, hint: str = ""
    ) -> None:
        """Add a warning: the result is usable, but probably not what was meant."""
        self.add(Problem(code, message, position, hint, Severity.WARNING))

    def note(self, code: str, message: str, position: Position | None, *, hint: str = "") -> None:
        """Add a note: something legal that a later stage does not do."""
        self.add(Problem(code, message, position, hint, Severity.NOTE))

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._problems, key=_order))

    def __len__(self) -> int:
        return len(self._problems)

    @property
    def failed(self) -> bool:
        """Whether there is at least one error."""
        return any(problem.severity is Severity.ERROR for problem in self._problems)


def _order(problem: Problem) -> tuple[bool, Position, str, str]:
    position = problem.position
    return (position is None, position or Position(""), problem.code, problem.message)
