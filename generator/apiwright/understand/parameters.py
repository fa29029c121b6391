"""Parameters of operations, with OpenAPI's defaults filled in (OpenAPI 3.1, section 4.8.12)."""

from __future__ import annotations

from apiwright import names
from apiwright.ir.operations import Location, Parameter
from apiwright.ir.schemas import Schema
from apiwright.load import Document, Node
from apiwright.understand.messages import read_example
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.wire import wire

_STYLES = {
    Location.PATH: "simple",
    Location.QUERY: "form",
    Location.HEADER: "simple",
    Location.COOKIE: "form",
}
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})


def read_parameters(
    document: Document, reader: SchemaReader, path_item: Node, operation: Node, prefix: str
) -> tuple[tuple[Node, Parameter], ...]:
    """The parameters of an operation, those of its path item among them, with their nodes.

    One of the operation replaces one of the path item with the same name and location. Header
    parameters that OpenAPI says to ignore are left out.
    """
    merged: dict[tuple[str, str], tuple[Node, str]] = {}
    for owner in (path_item, operation):
        for written in owner.list_of("parameters"):
            node = document.resolve(written)
            shared = written.string("$ref").rpartition("/")[2]
            name, where = node.string("name"), node.string("in")
            if not (where == "header" and name.lower() in _IGNORED_HEADERS):
                merged[(where, name)] = (node, shared or f"{prefix} {name}")
    attributes = _attributes(merged)
    return tuple(
        (node, _read(document, reader, node, attributes[key], called))
        for key, (node, called) in merged.items()
        if key[0] in {location.value for location in Location}
    )


def _attributes(merged: dict[tuple[str, str], tuple[Node, str]]) -> dict[tuple[str, str], str]:
    """Attribute names, distinct within each location (the same name may stand in several)."""
    result: dict[tuple[str, str], str] = {}
    for where in {key[0] for key in merged}:
        keys = [key for key in merged if key[0] == where]
        name = names.argument if where == "path" else names.attribute
        found = names.distinct((key[1], name(key[1])) for key in keys)
        result.update({key: found[key[1]] for key in keys})
    return result


def _read(
    document: Document, reader: SchemaReader, node: Node, attribute: str, called: str
) -> Parameter:
    location = Location(node.string("in"))
    name = node.string("name")
    schema, content = _schema(reader, node, called)
    style = node.string("style") or _STYLES[location]
    explode = node.get("explode")
    return Parameter(
        name=name,
        attribute=attribute,
        location=location,
        required=location is Location.PATH or node.flag("required"),
        schema=schema,
        wire=wire(schema, reader.named),
        style=style,
        explode=explode.value is True if explode is not None else style in {"form", "cookie"},
        position=node.position,
        content=content,
        description=node.string("description"),
        example=read_example(document, node) or schema.examples[:1],
        renamed_to=node.string("x-renamed-to"),
    )


def _schema(reader: SchemaReader, node: Node, name: str) -> tuple[Schema, str]:
    pointer = f"parameter:{node.file}:{node.line}:{node.column}"
    written = node.get("schema")
    if written is not None:
        return reader.schema(written, f"{pointer}/schema", name), ""
    for media_type, inner in node.entries("content").items():
        written = inner.get("schema")
        if written is not None:
            return reader.schema(written, f"{pointer}/content", name), media_type
        return Schema(position=node.position, pointer=pointer), media_type
    return Schema(position=node.position, pointer=pointer), ""
