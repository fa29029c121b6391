"""What requests may store and answers must not show is told, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from apiwright.check.shown import CODE, check_shown
from apiwright.problems import Report, Severity
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    contract,
    crud,
    obj,
    ref,
    thing,
    understood,
)

NUMBER = {"type": "number"}
LIST = {"type": "array", "items": TEXT}


def told(taken: Contract, shown: Contract, *required: str) -> list[str]:
    """What is said of things whose `a` is taken in one way and shown in another."""
    schemas = {
        "Thing": thing({"a": shown}, *required),
        "ThingIn": obj({"name": TEXT, "a": taken}, "name"),
    }
    document = contract(crud("Thing", "things", takes=ref("ThingIn")), schemas)
    report = Report()
    check_shown(understood(document), report)
    for problem in report:
        assert (problem.code, problem.severity) == (CODE, Severity.WARNING)
        assert problem.hint
        assert problem.position
        assert [about for _, about in problem.related] == ["what Thing shows"]
    return [problem.message for problem in report]


MORE: dict[str, tuple[Any, Any, str]] = {
    "longer": ({**TEXT, "maxLength": 200}, {**TEXT, "maxLength": 100}, "more than 100 characters"),
    "of any length": (TEXT, {**TEXT, "maxLength": 100}, "more than 100 characters"),
    "shorter": (TEXT, {**TEXT, "minLength": 1}, "less than 1 characters"),
    "a value more": (
        {**TEXT, "enum": ["x", "y"]}, {**TEXT, "enum": ["x"]}, '"y"'),
    "any value": (TEXT, {**TEXT, "enum": ["x"]}, "other values than the listed ones"),
    "larger": ({**INTEGER, "maximum": 9}, {**INTEGER, "maximum": 8}, "numbers above 8"),
    "just as large": (
        {**NUMBER, "minimum": 0}, {**NUMBER, "exclusiveMinimum": 0},
        "numbers below or equal to 0"),
    "without an end": (INTEGER, {**INTEGER, "minimum": -1}, "numbers below -1"),
    "more bits": (
        {**INTEGER, "format": "int64"}, {**INTEGER, "format": "int32"},
        "numbers above 2147483647"),
    "in between": (
        {**NUMBER, "multipleOf": 0.05}, {**NUMBER, "multipleOf": 0.1},
        "numbers that are no multiple of 0.1"),
    "a fraction": (NUMBER, INTEGER, "values of type number"),
    "free text": (TEXT, {**TEXT, "format": "email"}, "text of any format (not email)"),
    "any letters": (TEXT, {**TEXT, "pattern": "^[a-z]+$"}, "text of any pattern"),
    "longer lists": (
        {**LIST, "maxItems": 3}, {**LIST, "maxItems": 2}, "more than 2 items"),
    "lists of more": (
        LIST, {**LIST, "items": {**TEXT, "maxLength": 5}}, "lists with more than 5 characters"),
    "objects of more": (
        obj({"b": INTEGER}), obj({"b": {**INTEGER, "maximum": 3}}),
        "objects with numbers above 3 as 'b'"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MORE))
def test_more_is_taken_than_shown(name: str) -> None:
    taken, shown, excess = MORE[name]
    messages = told(taken, shown)
    assert messages == [f"create Thing takes {excess} as 'a', which Thing must not show"]
    assert told(shown, taken) == []


def test_null_is_taken_and_has_to_be_shown() -> None:
    null = {"type": ["string", "null"]}
    said = "create Thing takes null as 'a', which Thing must not show"
    assert told(null, TEXT, "a") == [said]
    assert told(null, TEXT) == [], "what has no value may be left out"
    assert told(null, null, "a") == []


@pytest.mark.parametrize(
    ("taken", "shown"),
    [
        ({**TEXT, "pattern": "^.{1,5}$"}, {**TEXT, "maxLength": 5}),
        ({**TEXT, "pattern": "^a$"}, {**TEXT, "pattern": "^[a-z]$"}),
        ({**TEXT, "enum": ["x"]}, {**TEXT, "maxLength": 5, "pattern": "^x$"}),
        ({**TEXT, "format": "uuid"}, {**TEXT, "format": "uuid", "minLength": 36}),
        ({**INTEGER, "exclusiveMaximum": 5}, {**INTEGER, "maximum": 5}),
        (INTEGER, {**NUMBER, "multipleOf": 0.5}),
        ({**TEXT, "maxLength": 5}, {}),
    ],
)
def test_what_is_not_plain_is_not_told(taken: Contract, shown: Contract) -> None:
    assert told(taken, shown) == []


def test_what_is_not_shown_may_be_anything() -> None:
    secret = {**TEXT, "maxLength": 5, "writeOnly": True}
    assert told(TEXT, secret) == []
