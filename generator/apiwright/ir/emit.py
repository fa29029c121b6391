"""Schemas of the IR, written as JSON Schema 2020-12 again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from apiwright.ir.schemas import Direction, Json, NamedSchema, Schema
from apiwright.ir.shapes import dropped


def json_schema(
    schema: Schema,
    named: Mapping[str, NamedSchema],
    direction: Direction,
    refer: Callable[[str], str],
) -> dict[str, Json] | bool:
    """`schema` as JSON Schema, without the properties that don't travel in `direction`.

    `refer` turns the name of a schema into the `$ref` that leads to it. Annotations (titles,
    descriptions, examples, defaults) are left out: this is for validators.
    """

    def inner(part: Schema) -> dict[str, Json] | bool:
        return json_schema(part, named, direction, refer)

    if schema.never:
        return False
    out: dict[str, Json] = {"$ref": refer(schema.ref)} if schema.ref else {}
    if schema.types:
        out["type"] = schema.types[0] if len(schema.types) == 1 else list(schema.types)
    if schema.format:
        out["format"] = schema.format
    if schema.enum:
        out["enum"] = list(schema.enum)
    out.update(schema.keywords)
    out.update(_object(schema, named, direction, inner))
    if schema.items is not None:
        out["items"] = inner(schema.items)
    parts = {"allOf": schema.all_of, "anyOf": schema.any_of, "oneOf": schema.one_of}
    out.update({word: [inner(part) for part in listed] for word, listed in parts.items() if listed})
    out.update(_applicators(schema, inner))
    return out


Inner: TypeAlias = "Callable[[Schema], dict[str, Json] | bool]"


def _object(
    schema: Schema, named: Mapping[str, NamedSchema], direction: Direction, inner: Inner
) -> dict[str, Json]:
    """The keywords for objects, without the properties that don't travel."""
    out: dict[str, Json] = {}
    kept = [p for p in schema.properties if not dropped(_seen(p.schema, named), direction)]
    if kept:
        out["properties"] = {prop.name: inner(prop.schema) for prop in kept}
    gone = {prop.name for prop in schema.properties} - {prop.name for prop in kept}
    required = [name for name in schema.required if name not in gone]
    if required:
        out["required"] = list[Json](required)
    if schema.additional is not None:
        extra = schema.additional
        out["additionalProperties"] = extra if isinstance(extra, bool) else inner(extra)
    return out


def _applicators(schema: Schema, inner: Inner) -> dict[str, Json]:
    out: dict[str, Json] = {}
    for word, value in schema.applicators.items():
        if isinstance(value, Schema):
            out[word] = inner(value)
        elif isinstance(value, Mapping):
            out[word] = {key: inner(part) for key, part in value.items()}
        else:
            out[word] = [inner(part) for part in value]
    return out


def _seen(schema: Schema, named: Mapping[str, NamedSchema]) -> Schema:
    """The schema itself, or the one that it refers to if that says more about its direction."""
    known = named.get(schema.ref)
    if known is None or schema.read_only or schema.write_only:
        return schema
    return known.schema
