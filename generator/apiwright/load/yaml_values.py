"""The value of one YAML scalar event, by its quotes, its tag and its text."""

from __future__ import annotations

import yaml

from apiwright.load.node import Scalar
from apiwright.load.read_error import check_problems
from apiwright.load.scalars import ScalarError, real, typed
from apiwright.load.wording import shown
from apiwright.problems import Position, Report

_STANDARD = "tag:yaml.org,2002:"
_SCALAR_TAGS = ("str", "null", "bool", "int", "float")


def place(event: yaml.Event) -> tuple[int, int]:
    """The line and the column, from 1, at which an event begins."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def scalar_value(text: str, event: yaml.ScalarEvent, file: str, report: Report) -> Scalar:
    """The typed value; the text itself, and a problem in `report`, where there is none.

    Quoted scalars, and those of the tag `!` or `!!str`, are text (YAML 1.2 section 10.3.2).
    """
    if event.tag is None:
        wanted = "str" if event.style else ""
    else:
        wanted = standard_tag(event, _SCALAR_TAGS, file, report)
    if wanted == "str":
        return text
    try:
        value = typed(text)
        if wanted == "float" and type(value) is int:
            value = real(text)
    except ScalarError as error:
        position = Position(file, *place(event))
        report.error(error.code, error.message, position, hint=error.hint)
        check_problems(report, position)
        return text
    if wanted and wanted != _TAG_OF[type(value)]:
        position = Position(file, *place(event))
        report.error(
            "bad-tag",
            f"the text after '!!{wanted}' does not spell such a value",
            position,
            hint="remove the tag",
        )
        check_problems(report, position)
    return value


_TAG_OF: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
}


def standard_tag(
    event: yaml.ScalarEvent | yaml.CollectionStartEvent,
    known: tuple[str, ...],
    file: str,
    report: Report,
) -> str:
    """The short name of an event's tag, such as "int" for `!!int`.

    A tag that is none of `known` is reported, and taken as the first of them; so is no tag, and
    the tag `!`, which only says that the value is not to be typed by its text.
    """
    tag = event.tag
    if tag is None or tag == "!":
        return known[0]
    short = tag.removeprefix(_STANDARD)
    if short != tag and short in known:
        return short
    position = Position(file, *place(event))
    report.error(
        "unsupported-tag",
        f"the tag '{'!!' + shown(short) if short != tag else shown(tag)}' is not supported here",
        position,
        hint="an OpenAPI document has only what JSON has; remove the tag",
    )
    check_problems(report, position)
    return known[0]
