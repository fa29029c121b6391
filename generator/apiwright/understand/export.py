"""Exports: lists without end, as lines of JSON or comma-separated values."""

from __future__ import annotations

from typing import Final

from apiwright.ir.media import export_types
from apiwright.ir.operations import Operation
from apiwright.ir.schemas import Schema
from apiwright.ir.shapes import target

EXPORT: Final = "export"
"""The word of `x-action` for them."""


def exported(operation: Operation) -> tuple[str, ...]:
    """The media types that an operation exports rows as; none where it answers with others too."""
    success = operation.success
    contents = success.contents if success is not None else ()
    return export_types(content.media_type for content in contents)


def exported_schema(operation: Operation) -> str:
    """The schema of the rows, where the answer names it: that of a line, or of all of them."""
    success = operation.success
    for content in success.contents if success is not None else ():
        name = _named(content.schema)
        if name:
            return name
    return ""


def _named(schema: Schema | None) -> str:
    if schema is None:
        return ""
    return target(schema) or (target(schema.items) if schema.items is not None else "")
