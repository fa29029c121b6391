"""Defaults of fields, as the code that makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from apiwright import names
from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.schemas import Direction, Json, NamedSchema, Schema
from apiwright.ir.shapes import flat, target
from apiwright.plan.schema_classes import SchemaClasses

_FACTORIES: Mapping[str, tuple[Code, Callable[[str], object]]] = {
    "date": (constant("date.fromisoformat({})"), date.fromisoformat),
    "date-time": (constant("datetime.fromisoformat({})"), datetime.fromisoformat),
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
    return _code(whole.default[0], schema, whole, named, classes, direction)


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
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_decimal(whole):
        return compose("Decimal({})", literal(str(value)))
    return literal(value)


def _text(value: str, form: str) -> Code | None:
    if form not in _FACTORIES:
        return literal(value)
    code, parse = _FACTORIES[form]
    try:
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
