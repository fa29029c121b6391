"""Visiting the objects of a document, each with the kind that the grammar gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apiwright.load import pointer
from apiwright.load.grammar import KINDS, Shape
from apiwright.load.node import Node

# Beside its $ref a schema (3.1) and a path item may hold objects of their own.
_OPEN_REFERENCES = frozenset({"schema", "path-item"})


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An object of a known kind, and the way to it.

    `keys` lead here from the `parent`, or from the root of the document where that is None.
    `("properties", "name")` is the schema of a
    property, `("allOf", "0")` the first of a list, `("items",)` a single one.
    """

    kind: str
    node: Node
    keys: tuple[str, ...] = ()
    parent: Place | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead here from the root of the document."""
        parts: list[tuple[str, ...]] = []
        place: Place | None = self
        while place is not None:
            parts.append(place.keys)
            place = place.parent
        return tuple(key for keys in reversed(parts) for key in keys)

    @property
    def pointer(self) -> str:
        """The JSON Pointer to here, as it stands in a reference: `#/paths/~1items/get`."""
        return "#" + pointer.fragment(self.path)

    @property
    def reference(self) -> Node | None:
        """The text of the `$ref` of a reference object; None for the object itself."""
        if KINDS[self.kind].section is None:
            return None
        found = self.node.mapping.get("$ref")
        return found if found is not None and isinstance(found.value, str) else None


def walk(root: Node, kind: str = "openapi") -> Iterator[Place]:
    """Every object of a known kind in `root`, which is itself an object of `kind`.

    In the order of the document, an object before what is in it, each place once (a part that YAML
    aliases repeat is visited at each of its places). Never looks into examples, defaults, enums,
    constants and extensions, nor past a reference: a reference object is visited itself, with the
    kind of what it stands for. Only mappings are objects: `true` and `false`, which are schemas as
    well, are left to the place that they stand in.
    """
    return walk_from(Place(kind, root))


def walk_from(start: Place) -> Iterator[Place]:
    """The same for one place and everything in it."""
    stack = [start] if isinstance(start.node.value, dict) else []
    while stack:
        place = stack.pop()
        yield place
        if place.reference is None or place.kind in _OPEN_REFERENCES:
            stack.extend(reversed(list(_inside(place))))


def kind_at(kind: str, keys: Iterable[str]) -> str | None:
    """The kind of the object that `keys` lead to from an object of `kind`.

    Empty for a place between objects, such as the list of a schema's `allOf`; None inside data and
    extensions, and under keys that the grammar does not know.
    """
    inside: str | None = None
    for key in keys:
        if inside is not None:
            kind, inside = inside, None
            continue
        field = KINDS[kind].field(key)
        if field is None or field.kind is None:
            return None
        if field.shape is Shape.ONE:
            kind = field.kind
        else:
            inside = field.kind
    return kind if inside is None else ""


def _inside(place: Place) -> Iterator[Place]:
    kind = KINDS[place.kind]
    for key, node in place.node.mapping.items():
        field = kind.field(key)
        if field is None or field.kind is None:
            continue
        if field.shape is Shape.ONE:
            found: Iterable[tuple[tuple[str, ...], Node]] = (((key,), node),)
        elif field.shape is Shape.LIST:
            found = (((key, str(index)), item) for index, item in enumerate(node.items))
        else:
            found = (((key, name), item) for name, item in node.mapping.items())
        for keys, child in found:
            if isinstance(child.value, dict):
                yield Place(field.kind, child, keys, place)
