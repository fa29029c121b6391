"""Names under `required` that no property has (JSON Schema 2020-12 validation, section 6.5.3)."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import Node, Place

# The keywords whose schemas are about the same value.
_ONE = ("not", "if", "then", "else")
_MANY = ("allOf", "anyOf", "oneOf")
_DEPTH = 60


def check_required(contract: Contract, found: Findings) -> None:
    """Report required names without a property: an error where nothing else is allowed."""
    for place in contract.of("schema"):
        required = place.node.list_of("required")
        outermost = _outermost(place)
        if not required or outermost is None:
            continue
        known = dict(_properties(outermost.node, contract))
        if not known:
            continue
        closed = _is_closed(place.node)
        for item in required:
            if not item.text or item.text in known:
                continue
            hint = found.meant(item.text, known)
            if closed and item.text not in place.node.entries("properties"):
                message = f"{quoted(item.text)} is required, but no such property is allowed"
                found.error("impossible-required", message, item.position, hint=hint)
            else:
                message = f"{quoted(item.text)} is required, but there is no such property"
                found.warning("unknown-required", message, item.position, hint=hint)


def _outermost(place: Place) -> Place | None:
    """The schema that this one is a part of; None for what must not be, or is only asked."""
    while place.parent is not None and place.keys[:1] and place.keys[0] in (*_ONE, *_MANY):
        if place.keys[0] in ("not", "if"):
            return None
        place = place.parent
    return place


def _is_closed(node: Node) -> bool:
    """Whether a schema allows its own properties and no others, whatever stands around it."""
    additional = node.get("additionalProperties")
    return (
        additional is not None
        and additional.value is False
        and not node.entries("patternProperties")
    )


def _properties(node: Node, contract: Contract) -> Iterator[tuple[str, Node]]:
    """The properties that a schema or anything that it is made of names."""
    waiting = [(node, 0)]
    seen: set[int] = set()
    while waiting:
        current, depth = waiting.pop()
        if id(current) in seen or depth > _DEPTH:
            continue
        seen.add(id(current))
        yield from current.entries("properties").items()
        parts = [part for key in _MANY for part in current.list_of(key)]
        parts += [part for key in _ONE if (part := current.get(key)) is not None]
        parts += current.entries("dependentSchemas").values()
        if "$ref" in current.mapping:
            parts.append(contract.resolve(current))
        waiting += [(part, depth + 1) for part in parts]
