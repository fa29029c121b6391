"""From the text of parameters and forms to values (OpenAPI 3.1, section 4.8.12.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.contract import Group, Parameter, Wire
from app.errors import Invalid, Violation

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,30})", re.ASCII)
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,300})(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def convert(group: Group, texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values of a group of parameters by name.

    Unknown names, and one that is repeated without being a list, raise Invalid. Text that can't
    be turned into what the contract wants stays text, for the validator to complain about.
    """
    found: dict[str, list[str]] = {}
    for name, text in texts:
        if name not in group.parameters:
            raise Invalid([Violation((group.place, name), "Unknown parameter", "extra_forbidden")])
        found.setdefault(name, []).append(text)
    return {name: _value(group, name, written) for name, written in found.items()}


def form(wire: Wire, texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The object that a form stands for; a name that is repeated stands for a list."""
    found: dict[str, list[str]] = {}
    for name, text in texts:
        found.setdefault(name, []).append(text)
    values: dict[str, Any] = {}
    for name, written in found.items():
        known = wire.properties.get(name, TEXT)
        if "array" in known.kinds:
            values[name] = [scalar(known.items or TEXT, text) for text in written]
        elif len(written) > 1:
            raise Invalid([Violation(("body", name), "Given more than once", "repeated")])
        else:
            values[name] = scalar(known, written[0])
    return values


def scalar(wire: Wire, text: str) -> Any:
    """A single value, as one of the JSON types that the contract allows."""
    kinds = wire.kinds
    if "string" in kinds:
        return text
    if "integer" in kinds and INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and NUMBER.fullmatch(text):
        return Decimal(text)
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    return None if "null" in kinds and text == "" else text


def _value(group: Group, name: str, texts: list[str]) -> Any:
    parameter = group.parameters[name]
    if "array" in parameter.wire.kinds:
        return [scalar(parameter.wire.items or TEXT, text) for text in _items(parameter, texts)]
    if len(texts) > 1:
        raise Invalid([Violation((group.place, name), "Given more than once", "repeated")])
    text = texts[0]
    return scalar(parameter.wire, text)


def _items(parameter: Parameter, texts: list[str]) -> list[str]:
    if parameter.style == "form" and parameter.explode:
        return texts
    return [item for text in texts for item in text.split(DELIMITERS[parameter.style]) if text]


TEXT = Wire(("string",), None, {})
