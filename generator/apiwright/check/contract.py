"""A document as the rules look at it: its objects by kind, and its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from apiwright.load import Document, Node, Place, walk

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A parameter of an operation: `written` where it is listed, `node` past its references."""

    written: Node
    node: Node

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return self.node.string("name")

    @property
    def where(self) -> str:
        """Where it travels: "path", "query", "header" or "cookie"."""
        return self.node.string("in")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation under `paths`; `path_node` is what stands there, `item` what that refers to."""

    path: str
    method: str
    path_node: Node
    item: Node
    node: Node
    parameters: tuple[Parameter, ...]

    @property
    def label(self) -> str:
        """What people call it: "GET /items"."""
        return f"{self.method.upper()} {self.path}"

    def located(self, where: str) -> list[Parameter]:
        """The parameters that travel in one place."""
        return [parameter for parameter in self.parameters if parameter.where == where]


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """The document and what every rule asks of it.

    `version` is that of OpenAPI: "3.0", "3.1" or "3.2". `places` are its objects in the order of
    the document, reference objects among them; what stands beside a `$ref` in a schema of 3.0,
    where nobody reads it, is left out.
    """

    document: Document
    version: str
    places: tuple[Place, ...]
    operations: tuple[Operation, ...]
    _kinds: Mapping[str, tuple[Place, ...]] = field(repr=False)

    @property
    def legacy(self) -> bool:
        """Whether it is of OpenAPI 3.0, whose schemas are not those of JSON Schema."""
        return self.version == "3.0"

    @property
    def root(self) -> Node:
        """The document's own object."""
        return self.document.root

    def of(self, kind: str) -> tuple[Place, ...]:
        """The objects of one kind."""
        return self._kinds.get(kind, ())

    def section(self, name: str) -> Mapping[str, Node]:
        """The entries of one section of `components`."""
        found = self.root.get("components", name)
        return found.mapping if found is not None else {}

    def resolve(self, node: Node) -> Node:
        """What a node stands for, at the end of its references."""
        return self.document.resolve(node)


def read_contract(document: Document) -> Contract:
    """The contract in a document, which may be wrong in any way."""
    version = document.root.string("openapi")[:3]
    places = tuple(_read(walk(document.root), legacy=version == "3.0"))
    kinds: dict[str, list[Place]] = {}
    for place in places:
        kinds.setdefault(place.kind, []).append(place)
    return Contract(
        document,
        version,
        places,
        tuple(_operations(document)),
        {kind: tuple(found) for kind, found in kinds.items()},
    )


def _read(places: Iterator[Place], *, legacy: bool) -> Iterator[Place]:
    """The places that somebody reads: a schema of 3.0 has nothing beside its `$ref`."""
    beside: set[int] = set()
    for place in places:
        parent = place.parent
        if parent is not None and id(parent) in beside:
            beside.add(id(place))
            continue
        if legacy and place.kind == "schema" and place.reference is not None:
            beside.add(id(place))
        yield place


def _operations(document: Document) -> Iterator[Operation]:
    for path, written in document.root.entries("paths").items():
        if path.startswith("x-"):
            continue
        item = document.resolve(written)
        for method, node in item.mapping.items():
            if method in METHODS and isinstance(node.value, dict):
                parameters = tuple(_parameters(document, item, node))
                yield Operation(path, method, written, item, node, parameters)


def _parameters(document: Document, item: Node, operation: Node) -> Iterator[Parameter]:
    """Those of the operation and those of its path item, but for the ones it replaces."""
    merged: dict[tuple[str, str], Parameter] = {}
    for owner in (item, operation):
        for written in owner.list_of("parameters"):
            found = Parameter(written, document.resolve(written))
            merged[found.where, found.name] = found
    return iter(merged.values())
