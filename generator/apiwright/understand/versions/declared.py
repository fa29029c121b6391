"""What an older version says of itself: `x-renamed-to` and `x-from`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apiwright.ir.schemas import Json, Schema
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
    return declared(schema.extensions)


def declared(extensions: Mapping[str, Node]) -> Declared:
    """What some extensions say."""
    renamed, made = extensions.get("x-renamed-to"), extensions.get("x-from")
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


def former_values(schema: Schema) -> dict[str, str]:
    """The values of an enum of the newest version by what they were before."""
    written = schema.extensions.get("x-renamed-from")
    entries = written.mapping if written is not None else {}
    return {
        item.text: new for new, old in entries.items() for item in (old.items or [old]) if item.text
    }


def _texts(node: Node | None) -> dict[str, str]:
    return {key: child.text for key, child in node.mapping.items()} if node is not None else {}
