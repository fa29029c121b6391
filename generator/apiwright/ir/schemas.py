"""Schemas: the shapes of values on the wire, in the JSON Schema 2020-12 dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from apiwright.load import Node
from apiwright.problems import Position

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Direction(Enum):
    """Which way a value travels; `readOnly` and `writeOnly` make the two differ."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an object schema.

    `name` is the name on the wire, `attribute` the Python attribute that holds the value.
    """

    name: str
    attribute: str
    schema: Schema
    required: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema, or (`ref`) the use of a named one with a few words of its own beside it.

    `types` are JSON types, empty where any value will do. `keywords` are the validation keywords
    that carry no subschema, `applicators` those that do and have no field of their own. `default`
    and `const` are wrapped in a tuple, since null is a value too.
    """

    position: Position
    pointer: str
    ref: str = ""
    types: tuple[str, ...] = ()
    format: str = ""
    enum: tuple[Json, ...] = ()
    default: tuple[Json, ...] = ()
    properties: tuple[Property, ...] = ()
    required: tuple[str, ...] = ()
    additional: Schema | bool | None = None
    items: Schema | None = None
    all_of: tuple[Schema, ...] = ()
    any_of: tuple[Schema, ...] = ()
    one_of: tuple[Schema, ...] = ()
    discriminator: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    keywords: Mapping[str, Json] = field(default_factory=dict)
    applicators: Mapping[str, Schema | tuple[Schema, ...] | Mapping[str, Schema]] = field(
        default_factory=dict
    )
    never: bool = False
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False
    description: str = ""
    examples: tuple[Json, ...] = ()
    extensions: Mapping[str, Node] = field(default_factory=dict)

    @property
    def nullable(self) -> bool:
        """Whether the schema itself (references not followed) takes null."""
        return "null" in self.types or None in self.enum

    def children(self) -> Iterator[Schema]:
        """The schemas directly inside this one."""
        for prop in self.properties:
            yield prop.schema
        if isinstance(self.additional, Schema):
            yield self.additional
        if self.items is not None:
            yield self.items
        yield from self.all_of
        yield from self.any_of
        yield from self.one_of
        for value in self.applicators.values():
            if isinstance(value, Schema):
                yield value
            elif isinstance(value, Mapping):
                yield from value.values()
            else:
                yield from value


@dataclass(frozen=True, slots=True)
class NamedSchema:
    """A schema with a name of its own: a component, or an inline one that was given a name.

    `name` is the key under which other schemas refer to it, `class_name` what it is called in
    Python, `component` whether the contract itself names it.
    """

    name: str
    class_name: str
    schema: Schema
    component: bool = True
    requested: bool = False
    responded: bool = False
    differs: bool = False
