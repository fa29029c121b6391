"""What an operation takes and gives when all goes well, as far as JSON tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apiwright.ir.media import is_form, is_json
from apiwright.ir.operations import Content, Operation
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.shapes import array_items, is_object, properties, target


def body_content(operation: Operation) -> Content | None:
    """The content that a handler reads: JSON if there is any, else a form."""
    contents = operation.body.contents if operation.body is not None else ()
    for content in contents:
        if is_json(content.media_type) and content.schema is not None:
            return content
    for content in contents:
        if is_form(content.media_type) and content.schema is not None:
            return content
    return None


def answer_schema(operation: Operation) -> Schema | None:
    """The schema of the JSON that the operation answers with when all goes well."""
    response = operation.success
    for content in response.contents if response is not None else ():
        if is_json(content.media_type):
            return content.schema
    return None


@dataclass(frozen=True, slots=True)
class Many:
    """A schema that holds many things: a bare array, or a page with them in a property."""

    item: str
    envelope: str
    items: str


def many(schema: Schema, named: Mapping[str, NamedSchema]) -> Many | None:
    """How `schema` holds many objects of one named schema; None if it doesn't."""
    items = array_items(schema, named)
    if items is not None and target(items) in named:
        return Many(target(items), "", "")
    if not is_object(schema, named):
        return None
    for name, prop in properties(schema, named).items():
        inner = array_items(prop.schema, named)
        if inner is not None and target(inner) and is_object(inner, named):
            return Many(target(inner), target(schema), name)
    return None
