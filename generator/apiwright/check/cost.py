"""How many steps it takes to hold a value to a schema, at most.

A schema whose alternatives refer to each other can make a validator try them again and again:
thirty lines of contract are enough for a year. What would take too long is not tried at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from apiwright.check.recursion import parts
from apiwright.load import Document, Node

TOO_MUCH = 1_000_000
"""What is not tried."""

_DEPTH = 150
_VISITS = 100_000


@dataclass(slots=True, eq=False)
class Costs:
    """Counts the steps for the values of one document, all together as well."""

    document: Document
    spent: int = 0
    _known: dict[tuple[int, int], int] = field(default_factory=dict)

    def of(self, schema: Node, value: Node) -> int:
        """The steps for one value, or `TOO_MUCH`."""
        self._known.clear()
        found = min(self._cost(schema, value, 0), TOO_MUCH)
        self.spent += found
        return found

    def _cost(self, schema: Node, value: Node, depth: int) -> int:
        key = (id(schema), id(value))
        if key in self._known:
            return self._known[key]
        if depth > _DEPTH or len(self._known) > _VISITS:
            return TOO_MUCH
        self._known[key] = 1  # where the schema leads back to itself for the same value
        total = 1
        for inner, part in self._steps(schema, value):
            total += self._cost(inner, part, depth + 1)
            if total >= TOO_MUCH:
                break
        self._known[key] = total
        return total

    def _steps(self, schema: Node, value: Node) -> Iterator[tuple[Node, Node]]:
        for _, part in parts(schema, self.document):
            yield part, value
        properties = schema.entries("properties")
        others = [schema.get("additionalProperties"), schema.get("unevaluatedProperties")]
        others += schema.entries("patternProperties").values()
        for name, child in value.mapping.items():
            for inner in (properties.get(name), *others):
                if inner is not None and inner.mapping:
                    yield inner, child
        items = [schema.get("items"), schema.get("contains"), *schema.list_of("prefixItems")]
        for child in value.items:
            for inner in items:
                if inner is not None and inner.mapping:
                    yield inner, child
