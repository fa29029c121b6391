"""Bodies and responses of operations."""

from __future__ import annotations

from apiwright.ir.operations import Body, Content, Response
from apiwright.ir.schemas import Json
from apiwright.load import Document, Node, plain
from apiwright.understand.schemas import SchemaReader, pointer_token


def read_body(
    document: Document, reader: SchemaReader, operation: Node, pointer: str, prefix: str
) -> Body | None:
    """What the operation takes; None where it takes nothing."""
    written = operation.get("requestBody")
    if written is None:
        return None
    node = document.resolve(written)
    where = written.string("$ref") or f"{pointer}/requestBody"
    contents = _contents(document, reader, node, where, f"{prefix}Request")
    return Body(node.flag("required"), contents, written.key_position) if contents else None


def read_responses(
    document: Document, reader: SchemaReader, operation: Node, pointer: str, prefix: str
) -> tuple[Response, ...]:
    """What the operation may answer, in the order of the contract."""
    found = []
    for status, written in operation.entries("responses").items():
        if status.startswith("x-"):
            continue
        node = document.resolve(written)
        shared = written.string("$ref")
        where = shared or f"{pointer}/responses/{status}"
        name = shared.rpartition("/")[2] or f"{prefix}{_title(status)}Response"
        found.append(
            Response(
                status=status.upper() if status != "default" else status,
                description=node.string("description"),
                contents=_contents(document, reader, node, where, name),
                headers=tuple(node.entries("headers")),
                position=written.key_position,
            )
        )
    return tuple(found)


def _title(status: str) -> str:
    return "" if status.startswith("2") else status.capitalize()


def _contents(
    document: Document, reader: SchemaReader, node: Node, pointer: str, name: str
) -> tuple[Content, ...]:
    found = []
    for media_type, written in node.entries("content").items():
        inner = document.resolve(written)
        schema = inner.get("schema")
        where = f"{pointer}/content/{pointer_token(media_type)}/schema"
        found.append(
            Content(
                media_type=media_type.strip().lower(),
                schema=reader.schema(schema, where, name) if schema is not None else None,
                position=written.key_position,
                example=read_example(document, inner),
            )
        )
    return tuple(found)


def read_example(document: Document, node: Node) -> tuple[Json, ...]:
    """The first example of a content or a parameter that is a value; nothing where there is none.

    OpenAPI 3.2 calls values `dataValue` (section 4.19.1).
    """
    given = node.get("example")
    if given is not None:
        return (plain(given),)
    for written in node.entries("examples").values():
        example = document.resolve(written)
        value = example.get("value") or example.get("dataValue")
        if value is not None:
            return (plain(value),)
    return ()
