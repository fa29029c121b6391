"""Problems as text for people, and as data for machines.

Everything that comes from a contract is made harmless before it reaches a terminal: no character of
it moves the cursor, changes a colour or turns the direction of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from apiwright.load.node import Source
from apiwright.problems import Position, Problem, Report, Severity, position_data

_WIDTH = 100
_BEFORE = 60
_CUT = "..."
_LONGEST = 1_000
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[1;34m"
_COLOURS = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.NOTE: "\x1b[1;36m",
}
_LAST = (Severity.NOTE, Severity.WARNING, Severity.ERROR)
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# A scalar as it stands on a line: quoted, or up to what ends it in YAML and in JSON.
_TOKEN = re.compile(
    r"""
    "(?:[^"\\]|\\.)*"?
    | '(?:[^']|'')*'?
    | (?![-?:](?:\s|$)|[\[\]{},|>&*!])(?:(?!\s*$|\s+\#|:(?:\s|$)|,(?:\s|$)).)+
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Paint:
    """Wraps text in colours, or leaves it alone."""

    color: bool

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if self.color and text else text


def print_problems(
    report: Report, sources: Mapping[str, Source], stream: TextIO, *, color: bool
) -> None:
    """Write every problem, with the line that it is about, and how many there are.

    What stops a run comes last, where the terminal ends: notes first, then warnings, then errors,
    each in the order of their places. At the very end stands what has no place.
    `sources` are the texts by the file names that positions use; a problem in another file is shown
    without an excerpt. Characters that the stream's encoding lacks are written as escapes.
    """
    paint = _Paint(color)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for problem in sorted(report, key=_rank):
        text = "\n".join(_lines(problem, sources, paint)) + "\n\n"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    if len(report):
        stream.write(summary(report) + "\n")


def _rank(problem: Problem) -> tuple[bool, int]:
    return problem.position is None, _LAST.index(problem.severity)


def summary(report: Report) -> str:
    """How many problems there are: "2 errors, 1 warning"."""
    parts = []
    for severity in Severity:
        number = sum(problem.severity is severity for problem in report)
        if number:
            parts.append(f"{number} {severity.value}{'s' if number > 1 else ''}")
    return ", ".join(parts) or "no problems"


def problems_as_json(report: Report) -> list[dict[str, Any]]:
    """The problems as plain data, in the order of their places."""
    return [
        {
            "code": problem.code,
            "severity": problem.severity.value,
            "message": problem.message,
            "hint": problem.hint,
            **position_data(problem.position),
            "related": [
                {**position_data(position), "message": message}
                for position, message in problem.related
            ],
        }
        for problem in report
    ]


def problems_as_github(report: Report) -> str:
    """The problems as workflow commands of GitHub Actions, which shows them beside the lines."""
    return "".join(f"{_command(problem)}\n" for problem in report)


def _command(problem: Problem) -> str:
    properties = {"title": problem.code}
    if problem.position is not None:
        where = problem.position
        properties = {
            "file": where.file,
            "line": str(where.line),
            "col": str(where.column),
            **properties,
        }
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = problem.message + (f"\n{problem.hint}" if problem.hint else "")
    return f"::{_GITHUB[problem.severity]} {listed}::{_data(message)}"


def _data(text: str) -> str:
    lines = "\n".join(harmless(line) for line in text.split("\n"))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _lines(problem: Problem, sources: Mapping[str, Source], paint: _Paint) -> Iterator[str]:
    colour = _COLOURS[problem.severity]
    head = paint(colour, f"{problem.severity.value}[{problem.code}]")
    yield head + paint(_BOLD, f": {harmless(problem.message)}")
    places = [position for position, _ in problem.related]
    if problem.position is not None:
        places.append(problem.position)
    gutter = max((len(str(place.line)) for place in places), default=1)
    if problem.position is not None:
        yield from _excerpt(problem.position, sources, gutter, colour, paint)
    if problem.hint:
        yield f"{' ' * gutter} {paint(_BLUE, '=')} hint: {harmless(problem.hint)}"
    for position, message in problem.related:
        yield paint(_COLOURS[Severity.NOTE], "note") + f": {harmless(message)}"
        yield from _excerpt(position, sources, gutter, _BLUE, paint)


def _excerpt(
    place: Position, sources: Mapping[str, Source], gutter: int, colour: str, paint: _Paint
) -> Iterator[str]:
    margin = " " * gutter
    yield f"{margin}{paint(_BLUE, '-->')} {harmless(str(place))}"
    line = sources[place.file].line(place.line) if place.file in sources else ""
    if not line:
        return
    bar = paint(_BLUE, "|")
    shown, before, length = _clipped(line, place.column - 1)
    yield f"{margin} {bar}"
    yield f"{paint(_BLUE, str(place.line).rjust(gutter))} {bar} {shown}"
    yield f"{margin} {bar} {' ' * before}{paint(colour, '^' * length)}"


def _clipped(line: str, column: int) -> tuple[str, int, int]:
    """What to show of a line, and where in it to put how many carets, in terminal cells."""
    column = min(column, len(line))
    start = 0 if column < _BEFORE or len(line) <= _WIDTH else column - _BEFORE // 2
    end = min(len(line), start + _WIDTH)
    marked = line[column : column + _length(line[column:end])]
    left = _CUT if start else ""
    right = _CUT if end < len(line) else ""
    before = len(left) + _cells(line[start:column])
    return f"{left}{harmless(line[start:end])}{right}", before, max(1, _cells(marked))


def _length(text: str) -> int:
    """How long the scalar is that a text begins with; a bracket that it didn't open ends it."""
    token = _TOKEN.match(text)
    if token is None:
        return 1
    depth = 0
    for index, character in enumerate(token[0] if text[0] not in "\"'" else ""):
        depth += (character in "[{") - (character in "]}")
        if depth < 0:
            return index
    return token.end()


def harmless(text: str) -> str:
    """The text with one visible character for each that is none, and of bearable length."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + _CUT
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character == "\t":
        return " "
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    # controls, invisible formatting (also what turns the direction of text), halves of characters
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return "\ufffd"
    return character


def _cells(text: str) -> int:
    """How many cells of a terminal the text takes, once it is harmless."""
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
