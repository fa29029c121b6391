"""What a contract says of its own past: names of before, values for old rows, what may go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from apiwright import names
from apiwright.extensions.expressions import parse
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.storage import Backfill, Renamed
from apiwright.load import Node

RENAMED = "x-renamed-from"


def table_names(word: str) -> tuple[str, ...]:
    """What the table of a schema of this name, or a table of this name, is called."""
    usual = names.sql(names.plural(names.snake(word).rstrip("_")))
    return tuple(dict.fromkeys((word, usual)))


def column_names(word: str, suffix: str = "") -> tuple[str, ...]:
    """What the column of a property of this name, or a column of this name, is called."""
    usual = names.sql(names.snake(word, "column").rstrip("_"))
    return tuple(dict.fromkeys((f"{usual}{suffix}", word, usual)))


def renamed_table(schema: Schema) -> Renamed | None:
    """What the table of a schema was called before."""
    return _renamed(schema, table_names)


def renamed_column(schema: Schema, suffix: str = "") -> Renamed | None:
    """What the column of a property was called before; the schema it refers to says nothing."""
    return _renamed(schema, lambda word: column_names(word, suffix))


def renamed_values(
    schema: Schema, named: Mapping[str, NamedSchema]
) -> tuple[tuple[str, Renamed], ...]:
    """The values of an enum that were written otherwise before, wherever its schema says so."""
    for layer in _layers(schema, named, set()):
        said = layer.extensions.get(RENAMED)
        if said is not None and said.mapping:
            return tuple(
                (new, Renamed(_texts(old), old.position)) for new, old in said.mapping.items()
            )
    return ()


def backfill(schema: Schema) -> Backfill | None:
    """What rows that exist get in the column of a property."""
    said = schema.extensions.get("x-backfill")
    return Backfill(parse(said.text), said.position) if said is not None else None


def deleted_values(schema: Schema, named: Mapping[str, NamedSchema]) -> tuple[str, ...]:
    """The values that an enum had, and that rows have no more, wherever its schema says so."""
    for layer in _layers(schema, named, set()):
        said = layer.extensions.get("x-deleted")
        if said is not None:
            return _texts(said)
    return ()


def deleted_columns(schema: Schema) -> tuple[str, ...]:
    """The columns of a table that may go."""
    said = schema.extensions.get("x-deleted")
    found: list[str] = []
    for item in said.items if said is not None else []:
        for suffix in ("", "_id", "_hash"):
            found += column_names(item.text, suffix)
    return tuple(dict.fromkeys(found))


def deleted_tables(said: Node | None) -> tuple[str, ...]:
    """The tables that may go."""
    found = (table_names(item.text) for item in (said.items if said is not None else []))
    return tuple(dict.fromkeys(name for listed in found for name in listed))


def _renamed(schema: Schema, called: Callable[[str], Iterable[str]]) -> Renamed | None:
    said = schema.extensions.get(RENAMED)
    words = _texts(said) if said is not None else ()
    if said is None or not words:
        return None
    listed = (name for word in words for name in called(word))
    return Renamed(tuple(dict.fromkeys(listed)), said.position)


def _texts(node: Node) -> tuple[str, ...]:
    """The text, or the texts of the list."""
    return (node.text,) if node.text else tuple(item.text for item in node.items)


def _layers(schema: Schema, named: Mapping[str, NamedSchema], seen: set[str]) -> Iterator[Schema]:
    """A schema, and those that it is made of: of a list, its items."""
    yield schema
    parts = [*schema.all_of, *schema.any_of, *schema.one_of]
    if schema.ref in named and schema.ref not in seen:
        seen.add(schema.ref)
        parts.append(named[schema.ref].schema)
    if schema.items is not None:
        parts.append(schema.items)
    for part in parts:
        yield from _layers(part, named, seen)
