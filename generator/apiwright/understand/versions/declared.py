"""What an older version says of itself: `x-renamed-to` and `x-from`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from apiwright.ir.schemas import Json, NamedSchema, Schema
from apiwright.ir.shapes import target
from apiwright.load import Node, plain


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of a property, a parameter or an enum.

    `values_to` maps its values to those of the newest version, `values_from` the other way round.
    """

    renamed_to: str = ""
    join: tuple[str, ...] = ()
    separator: str = " "
    has_value: bool = False
    value: Json = None
    values_to: Mapping[str, str] = field(default_factory=dict)
    values_from: Mapping[str, str] = field(default_factory=dict)


def read(schema: Schema) -> Declared:
    """What the extensions of a schema say."""
    renamed, made = (schema.extensions.get(word) for word in ("x-renamed-to", "x-from"))
    parts = made.mapping if made is not None else {}
    value = parts.get("value")
    separator = parts.get("separator")
    return Declared(
        renamed_to=renamed.text if renamed is not None else "",
        join=tuple(part.text for part in made.list_of("join")) if made is not None else (),
        separator=separator.text if separator is not None else " ",
        has_value=value is not None,
        value=plain(value) if value is not None else None,
        values_to=_texts(renamed),
        values_from=_texts(parts.get("values")),
    )


def former_names(schema: Schema) -> tuple[str, ...]:
    """What a property of the newest version was called before (`x-renamed-from`)."""
    written = schema.extensions.get("x-renamed-from")
    if written is None:
        return ()
    return tuple(item.text for item in (written.items or [written]) if item.text)


def former_values(schema: Schema, named: Mapping[str, NamedSchema]) -> dict[str, str]:
    """The values of an enum of the newest version by what they were before."""
    return {
        item.text: new
        for part in _parts(schema, named)
        if (written := part.extensions.get("x-renamed-from")) is not None
        for new, old in written.mapping.items()
        for item in (old.items or [old])
        if item.text
    }


def renamed_values(schema: Schema, named: Mapping[str, NamedSchema]) -> dict[str, str]:
    """The values of an enum of an older version, with what the newest calls them."""
    return {k: v for part in _parts(schema, named) for k, v in read(part).values_to.items()}


def shown_values(schema: Schema, named: Mapping[str, NamedSchema]) -> dict[str, str]:
    """Values of the newest version, with what an older one shows in their place."""
    return {k: v for part in _parts(schema, named) for k, v in read(part).values_from.items()}


def _parts(schema: Schema, named: Mapping[str, NamedSchema]) -> Iterator[Schema]:
    """A schema and those that it is made of: where it is used, other words may stand beside it."""
    name = target(schema)
    if name in named and named[name].schema is not schema:
        yield from _parts(named[name].schema, named)
    yield schema


def _texts(node: Node | None) -> dict[str, str]:
    return {key: child.text for key, child in node.mapping.items()} if node is not None else {}
