"""How the text of a parameter becomes a value: the JSON types that its schema leaves open."""

from __future__ import annotations

from collections.abc import Mapping

from apiwright.ir.operations import Wire
from apiwright.ir.schemas import Json, NamedSchema, Schema

_DEPTH = 8
_TYPES: tuple[tuple[str, type], ...] = (
    ("string", str),
    ("integer", int),
    ("number", float),
    ("object", dict),
    ("array", list),
)
ANY = Wire(kinds=("string",))


def wire(schema: Schema, named: Mapping[str, NamedSchema], depth: int = 0) -> Wire:
    """The types that a value of `schema` may have, with those of its items and properties.

    What a schema leaves open is text. References are followed; deeper than eight levels, as in a
    recursive schema, everything is text.
    """
    if depth > _DEPTH:
        return ANY
    shapes = _alternatives(schema, named)
    kinds = _kinds(schema, named) or ("string",)
    items = next((part.items for part in shapes if part.items is not None), None)
    properties = {
        prop.name: wire(prop.schema, named, depth + 1)
        for part in shapes
        for prop in part.properties
    }
    return Wire(
        kinds=kinds,
        items=wire(items, named, depth + 1) if items is not None else None,
        properties=properties,
    )


def kinds(schema: Schema, named: Mapping[str, NamedSchema]) -> tuple[str, ...]:
    """The JSON types that `schema` allows, empty where it allows any."""
    return _kinds(schema, named)


def _kinds(
    schema: Schema, named: Mapping[str, NamedSchema], seen: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    if schema.types:
        return schema.types
    if schema.ref and schema.ref not in seen and schema.ref in named:
        return _kinds(named[schema.ref].schema, named, seen | {schema.ref})
    options = (*schema.any_of, *schema.one_of)
    if options:
        found = [_kinds(option, named, seen) for option in options]
        if not all(found):
            return ()
        return tuple(dict.fromkeys(kind for option in found for kind in option))
    for part in schema.all_of:
        inner = _kinds(part, named, seen)
        if inner:
            return inner
    return _from_values(schema)


def _from_values(schema: Schema) -> tuple[str, ...]:
    values = list(schema.enum)
    if "const" in schema.keywords:
        values.append(schema.keywords["const"])
    if values:
        return tuple(dict.fromkeys(_type_of(value) for value in values))
    if schema.properties or isinstance(schema.additional, Schema):
        return ("object",)
    return ("array",) if schema.items is not None else ()


def _type_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    return next((kind for kind, python in _TYPES if isinstance(value, python)), "null")


def _alternatives(
    schema: Schema, named: Mapping[str, NamedSchema], seen: frozenset[str] = frozenset()
) -> list[Schema]:
    """`schema` and what it is made of: its reference, options and parts."""
    found = [schema]
    if schema.ref and schema.ref in named and schema.ref not in seen:
        found += _alternatives(named[schema.ref].schema, named, seen | {schema.ref})
    for part in (*schema.all_of, *schema.any_of, *schema.one_of):
        found += _alternatives(part, named, seen)
    return found
