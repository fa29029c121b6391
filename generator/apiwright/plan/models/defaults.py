"""Defaults of fields, as the code that makes them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from apiwright import names
from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.schemas import Direction, Json, NamedSchema, Schema
from apiwright.ir.shapes import flat, target
from apiwright.plan.schema_classes import SchemaClasses


def _moment(text: str) -> datetime:
    """A time that says where it is meant; ValueError for any other."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


_FACTORIES: Mapping[str, tuple[Code, Callable[[str], object]]] = {
    "date": (constant("date.fromisoformat({})"), date.fromisoformat),
    "date-time": (constant("datetime.fromisoformat({})"), _moment),
    "uuid": (constant("UUID({})"), UUID),
    "decimal": (constant("Decimal({})"), Decimal),
}


def member_names(values: tuple[Json, ...]) -> dict[str, str]:
    """The names of an enum's members by their values."""
    texts = [str(value) for value in values if value is not None]
    return names.distinct((text, names.constant(text)) for text in texts)


def default_code(
    schema: Schema,
    named: Mapping[str, NamedSchema],
    classes: SchemaClasses,
    direction: Direction,
) -> Code | None:
    """The code of a field's default; None where the schema has none that fits its type."""
    whole = flat(schema, named)
    if not whole.default or whole.default[0] is None:
        return None
    found = _code(whole.default[0], schema, whole, named, classes, direction)
    if found is None or not _makes_models(whole.default[0], schema, named, classes, direction):
        return found
    # Only then: a class may be defined further down.
    return compose("Field(default_factory=lambda: {})", found)


def _makes_models(
    value: Json,
    schema: Schema,
    named: Mapping[str, NamedSchema],
    classes: SchemaClasses,
    direction: Direction,
) -> bool:
    if isinstance(value, dict):
        return classes.ref(target(schema), direction) is not None
    items = flat(schema, named).items
    return (
        isinstance(value, list)
        and items is not None
        and any(_makes_models(item, items, named, classes, direction) for item in value)
    )


def _code(
    value: Json,
    schema: Schema,
    whole: Schema,
    named: Mapping[str, NamedSchema],
    classes: SchemaClasses,
    direction: Direction,
) -> Code | None:
    name = target(schema)
    ref = classes.ref(name, direction) if name else None
    if isinstance(value, str):
        if ref is not None and value in whole.enum:
            member = member_names(whole.enum)[value]
            return compose("{}.{}", ident(ref.name), ident(member))
        return _text(value, whole.format)
    if isinstance(value, list):
        return _list(value, whole, named, classes, direction)
    if isinstance(value, dict) and ref is not None:
        return compose("{}.model_validate({})", ident(ref.name), literal(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, whole)
    return literal(value)


def _number(value: float, whole: Schema) -> Code:
    if _is_decimal(whole):
        return compose("Decimal({})", literal(str(value)))
    integral = "integer" in whole.types and "number" not in whole.types
    return literal(int(value) if integral else value)


def _text(value: str, form: str) -> Code | None:
    try:
        if form == "byte":
            raw = base64.b64decode(value, validate=True)
            return compose("bytes.fromhex({})", literal(raw.hex()))
        if form not in _FACTORIES:
            return literal(value)
        code, parse = _FACTORIES[form]
        parse(value)
    except (ValueError, InvalidOperation):
        return None
    return compose(code, literal(value))


def _list(
    value: list[Json],
    whole: Schema,
    named: Mapping[str, NamedSchema],
    classes: SchemaClasses,
    direction: Direction,
) -> Code | None:
    if whole.items is None:
        return literal(value)
    inner = flat(whole.items, named)
    found = [_code(item, whole.items, inner, named, classes, direction) for item in value]
    codes = [code for code in found if code is not None]
    if len(codes) != len(found):
        return None
    return constant(f"[{', '.join(codes)}]")


def _is_decimal(whole: Schema) -> bool:
    step = whole.keywords.get("multipleOf")
    return "number" in whole.types and (whole.format == "decimal" or isinstance(step, float))
