"""Media types: what two versions accept or answer in."""

from __future__ import annotations

from apiwright.breaking.effective import Parts
from apiwright.load import Node


def media_types(holder: Node) -> dict[str, Node]:
    """The contents of a body by media type: lower case, parameters in order, without blanks."""
    return {normal(name): node for name, node in holder.entries("content").items()}


def normal(name: str) -> str:
    """A media type as it is compared (RFC 9110, section 8.3.1)."""
    kind, *parameters = (part.strip().lower() for part in name.split(";"))
    return ";".join((kind, *sorted(parameter for parameter in parameters if parameter)))


def covering(name: str, known: dict[str, Node]) -> str | None:
    """The media type or range of `known` that stands for `name`, the most exact one first."""
    kind = name.partition(";")[0]
    ranges = (name, kind, f"{kind.partition('/')[0]}/*", "*/*")
    return next((each for each in ranges if each in known), None)


def schema_of(content: Node) -> Parts:
    """The schema of a content; the one that allows anything where there is none."""
    schema = content.get("schema")
    return () if schema is None else (schema,)
