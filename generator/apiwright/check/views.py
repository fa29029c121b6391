"""Schemas looked at as one piece, straight from the document: references followed, parts together.

What stands further out wins; a union of one thing and null is that thing. The stage after this one
looks at schemas in the same way, but only at those of a contract without errors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from apiwright.load import Document, Node, pointer

_DEPTH = 60


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a schema, its reference and its `allOf` parts say together.

    `types` are JSON types, null among them where the schema is nullable; none where all are
    allowed.
    """

    types: tuple[str, ...] = ()
    format: str = ""
    properties: dict[str, Node] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Node | None = None
    enum: tuple[Node, ...] = ()
    read_only: bool = False
    write_only: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types without null."""
        return tuple(kind for kind in self.types if kind != "null")

    @property
    def is_object(self) -> bool:
        """Whether values are objects with properties that are known."""
        return bool(self.properties) and (not self.types or "object" in self.types)

    @property
    def is_array(self) -> bool:
        """Whether values are lists."""
        return self.kinds == ("array",) or (not self.types and self.items is not None)


_NOTHING = View()


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Views of the schemas of one document, each found once."""

    document: Document
    _known: dict[int, View] = field(default_factory=dict)

    def of(self, node: Node | None) -> View:
        """The view of the schema at `node`; one that leads back to itself is left out."""
        return self._view(node, frozenset(), 0) if node is not None else _NOTHING

    def target(self, node: Node | None) -> str:
        """The component that a schema refers to: itself, as its one option, or as its one part."""
        for _ in range(_DEPTH):
            if node is None:
                return ""
            if "$ref" in node.mapping:
                return component(node)
            parts = [*_options(node), *node.list_of("allOf")]
            node = parts[0] if len(parts) == 1 else None
        return ""

    def items(self, node: Node | None) -> Node | None:
        """The schema of the items, where values are lists."""
        view = self.of(node)
        return view.items if view.is_array else None

    def _view(self, node: Node, above: frozenset[int], depth: int) -> View:
        known = self._known.get(id(node))
        if known is not None:
            return known
        if id(node) in above or depth > _DEPTH:
            return _NOTHING
        above |= {id(node)}
        view = _own(node)
        for layer in self._layers(node):
            view = _over(view, self._view(layer, above, depth + 1))
        if view.types and "null" not in view.types and _has_null_option(node):
            view = replace(view, types=(*view.types, "null"))
        self._known[id(node)] = view
        return view

    def _layers(self, node: Node) -> list[Node]:
        layers = []
        reference = node.get("$ref")
        if reference is not None:
            target = self.document.at(reference.text) if reference.text.startswith("#") else None
            layers += [target] if target is not None else []
        layers += node.list_of("allOf")
        options = [*node.list_of("anyOf"), *node.list_of("oneOf")]
        others = _options(node)
        if len(others) == 1 and len(options) <= 2:
            layers += others
        return layers


def component(node: Node) -> str:
    """The name of the component schema that a `$ref` names; empty where it names none."""
    text = node.string("$ref")
    keys = pointer.parse_fragment(text[1:]) if text.startswith("#") else None
    if keys is None or len(keys) != 3 or keys[:2] != ("components", "schemas"):
        return ""
    return keys[2]


def _options(node: Node) -> list[Node]:
    return [part for part in (*node.list_of("anyOf"), *node.list_of("oneOf")) if not _is_null(part)]


def _has_null_option(node: Node) -> bool:
    return any(_is_null(part) for part in (*node.list_of("anyOf"), *node.list_of("oneOf")))


def _is_null(part: Node) -> bool:
    return part.string("type") == "null"


def _own(node: Node) -> View:
    written = node.get("type")
    types: tuple[str, ...] = ()
    if written is not None:
        named = [written] if written.text else written.items
        types = tuple(dict.fromkeys(item.text for item in named if item.text))
        if node.flag("nullable") and "null" not in types:
            types = (*types, "null")
    items = node.get("items")
    return View(
        types=types,
        format=node.string("format"),
        properties=node.entries("properties"),
        required=frozenset(item.text for item in node.list_of("required")),
        items=items if items is not None and isinstance(items.value, dict) else None,
        enum=tuple(node.list_of("enum")),
        read_only=node.flag("readOnly"),
        write_only=node.flag("writeOnly"),
    )


def _over(outer: View, inner: View) -> View:
    types = outer.types or inner.types
    if outer.types and inner.types:
        types = tuple(kind for kind in outer.types if kind in inner.types) or outer.types
    return View(
        types=types,
        format=outer.format or inner.format,
        properties={**inner.properties, **outer.properties},
        required=outer.required | inner.required,
        items=outer.items or inner.items,
        enum=outer.enum or inner.enum,
        read_only=outer.read_only or inner.read_only,
        write_only=outer.write_only or inner.write_only,
    )
