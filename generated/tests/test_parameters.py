"""From the text of parameters and forms to values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from app.contract import Group, Parameter, Validator, Wire
from app.errors import Invalid
from app.utils.parameters import convert, form, scalar

TEXT, WHOLE, NUMBER, FLAG = (
    Wire((kind,), None, {}) for kind in ("string", "integer", "number", "boolean")
)
MANY = Wire(("array",), WHOLE, {})
THING = Wire(("object",), None, {"name": TEXT, "size": WHOLE, "tags": Wire(("array",), None, {})})


def group(wire: Wire, style: str = "form", *, explode: bool = True, is_json: bool = False) -> Group:
    """Parameters of which there is one, called `p`."""
    validator = Validator(True, jsonschema_rs.Registry([]))
    return Group("query", {"p": Parameter("p", style, explode, wire, is_json)}, validator)


@pytest.mark.parametrize(
    ("wire", "text", "value"),
    [
        (TEXT, "17", "17"),
        (WHOLE, "17", 17),
        (WHOLE, "-0", 0),
        (NUMBER, "1.50", Decimal("1.50")),
        (NUMBER, "1e3", Decimal("1e3")),
        (FLAG, "true", True),
        (FLAG, "false", False),
        (Wire(("integer", "null"), None, {}), "", None),
        (Wire(("string", "integer"), None, {}), "17", "17"),
    ],
)
def test_texts_become_what_the_contract_wants(wire: Wire, text: str, value: Any) -> None:
    """A text is turned into the type that the schema allows."""
    found = scalar(wire, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (WHOLE, ""),
        (WHOLE, "1.0"),
        (WHOLE, "1e3"),
        (WHOLE, "+1"),
        (WHOLE, " 1"),
        (WHOLE, "1_000"),
        (WHOLE, "\u0661"),
        (WHOLE, "9" * 40),
        (NUMBER, "NaN"),
        (NUMBER, "1."),
        (NUMBER, "0x10"),
        (FLAG, "True"),
        (FLAG, "1"),
        (FLAG, "yes"),
    ],
)
def test_other_texts_stay_texts(wire: Wire, text: str) -> None:
    """What Python would read, but the contract doesn't mean, is left for the schema to refuse."""
    assert scalar(wire, text) == text


@pytest.mark.parametrize(
    ("style", "explode", "texts"),
    [
        ("form", True, ["1", "2"]),
        ("form", False, ["1,2"]),
        ("simple", False, ["1,2"]),
        ("spaceDelimited", False, ["1 2"]),
        ("pipeDelimited", False, ["1|2"]),
    ],
)
def test_lists_are_written_in_many_ways(style: str, explode: bool, texts: list[str]) -> None:
    """Each style of the specification gives the same list."""
    written = [("p", text) for text in texts]
    assert convert(group(MANY, style, explode=explode), written) == {"p": [1, 2]}


def test_lists_may_be_empty() -> None:
    """A list without items is no list with an empty one."""
    assert convert(group(MANY, explode=False), [("p", "")]) == {"p": []}


def test_unknown_parameters_are_refused() -> None:
    """A name that the contract doesn't have is refused, with its place."""
    with pytest.raises(Invalid) as refused:
        convert(group(WHOLE), [("q", "1")])
    [violation] = refused.value.violations
    assert violation.path == "query.q"


def test_repeated_parameters_are_refused() -> None:
    """A parameter that stands for one value can't have two."""
    with pytest.raises(Invalid):
        convert(group(WHOLE), [("p", "1"), ("p", "1")])
    assert convert(group(WHOLE), [("p", "1")]) == {"p": 1}


def test_forms_are_objects() -> None:
    """The fields of a form, those that the contract doesn't know as text."""
    written = [("name", "lamp"), ("size", "17"), ("tags", "a"), ("tags", "b"), ("more", "1")]
    assert form(THING, written) == {"name": "lamp", "size": 17, "tags": ["a", "b"], "more": "1"}


def test_fields_of_forms_are_not_repeated() -> None:
    """A field that stands for one value can't have two."""
    with pytest.raises(Invalid):
        form(THING, [("name", "lamp"), ("name", "desk")])
