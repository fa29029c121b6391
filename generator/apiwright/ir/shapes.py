"""Schemas looked at as one piece: references followed, parts put together, null set apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from apiwright import names
from apiwright.ir.schemas import Direction, NamedSchema, Property, Schema


def target(schema: Schema) -> str:
    """The name of the schema that this one uses: its reference, or its one option beside null."""
    if schema.ref:
        return schema.ref
    options = [part for part in (*schema.any_of, *schema.one_of) if part.types != ("null",)]
    parts = [*options, *schema.all_of]
    return target(parts[0]) if len(parts) == 1 else ""


def takes_null(schema: Schema, named: Mapping[str, NamedSchema]) -> bool:
    """Whether null is a value that the schema allows."""
    return "null" in flat(schema, named).types


def flat(
    schema: Schema, named: Mapping[str, NamedSchema], seen: frozenset[str] = frozenset()
) -> Schema:
    """One schema that says what `schema`, its reference and its `allOf` parts say together.

    What stands further out wins where both say something. A union of one thing and null becomes
    that thing, with null among its types; other unions stay as they are. A reference that leads
    back to itself is left out.
    """
    if not (schema.ref or schema.all_of or schema.any_of or schema.one_of):
        return schema
    layers: list[Schema] = []
    if schema.ref and schema.ref in named and schema.ref not in seen:
        layers.append(flat(named[schema.ref].schema, named, seen | {schema.ref}))
    layers += [flat(part, named, seen) for part in schema.all_of]
    options = (*schema.any_of, *schema.one_of)
    others = [part for part in options if part.types != ("null",)]
    nullable = len(options) == 2 and len(others) == 1
    if nullable:
        layers.append(flat(others[0], named, seen))
    result = replace(schema, ref="", all_of=())
    if nullable:
        result = replace(result, any_of=(), one_of=())
    for layer in layers:
        result = _over(result, layer)
    if nullable and result.types and "null" not in result.types:
        result = replace(result, types=(*result.types, "null"))
    return result


def _over(outer: Schema, inner: Schema) -> Schema:
    types = outer.types or inner.types
    if outer.types and inner.types:
        types = tuple(kind for kind in outer.types if kind in inner.types) or outer.types
    return replace(
        outer,
        types=types,
        format=outer.format or inner.format,
        enum=outer.enum or inner.enum,
        default=outer.default or inner.default,
        properties=_merged(inner.properties, outer.properties),
        required=tuple(dict.fromkeys((*inner.required, *outer.required))),
        additional=outer.additional if outer.additional is not None else inner.additional,
        items=outer.items or inner.items,
        any_of=outer.any_of or inner.any_of,
        one_of=outer.one_of or inner.one_of,
        keywords={**inner.keywords, **outer.keywords},
        applicators={**inner.applicators, **outer.applicators},
        read_only=outer.read_only or inner.read_only,
        write_only=outer.write_only or inner.write_only,
        description=outer.description or inner.description,
        examples=outer.examples or inner.examples,
        extensions={**inner.extensions, **outer.extensions},
    )


def _merged(first: tuple[Property, ...], second: tuple[Property, ...]) -> tuple[Property, ...]:
    """The properties of both; where both have one, the second's schema and either's `required`."""
    found = {prop.name: prop for prop in first}
    for prop in second:
        known = found.get(prop.name)
        required = prop.required or (known is not None and known.required)
        found[prop.name] = replace(prop, required=required)
    return _apart(tuple(found.values()))


def _apart(merged: tuple[Property, ...]) -> tuple[Property, ...]:
    """The properties, with attributes that no two share."""
    if len({prop.attribute for prop in merged}) == len(merged):
        return merged
    attributes = names.distinct((prop.name, names.attribute(prop.name)) for prop in merged)
    return tuple(replace(prop, attribute=attributes[prop.name]) for prop in merged)


def properties(schema: Schema, named: Mapping[str, NamedSchema]) -> dict[str, Property]:
    """The properties of an object by name, those of its parts among them.

    `required` counts wherever in the parts it stands.
    """
    whole = flat(schema, named)
    needed = set(whole.required)
    return {
        prop.name: replace(prop, required=prop.required or prop.name in needed)
        for prop in whole.properties
    }


def is_object(schema: Schema, named: Mapping[str, NamedSchema]) -> bool:
    """Whether values of the schema are objects with properties that are known."""
    whole = flat(schema, named)
    return bool(whole.properties) and (not whole.types or "object" in whole.types)


def array_items(schema: Schema, named: Mapping[str, NamedSchema]) -> Schema | None:
    """The schema of the items, where values are arrays."""
    whole = flat(schema, named)
    return whole.items if "array" in whole.types or not whole.types else None


def dropped(schema: Schema, direction: Direction) -> bool:
    """Whether a property with this schema is left out of values that travel in `direction`."""
    return schema.read_only if direction is Direction.REQUEST else schema.write_only


def references(schema: Schema) -> Iterator[str]:
    """The names that a schema refers to, at any depth, not following them."""
    if schema.ref:
        yield schema.ref
    for child in schema.children():
        yield from references(child)
    yield from (name for name in schema.mapping.values() if name)
