"""Schemas that are made of themselves, and schemas that take for ever to compare with.

A schema whose properties or items have its own type is fine. One that is a part of itself, by way
of `allOf`, `anyOf`, `oneOf`, `not` or a reference, says nothing that could be compared with a value
(JSON Schema 2020-12 core, section 9.4.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.load import Document, Node

_ONE = ("not", "if", "then", "else")
_MANY = ("allOf", "anyOf", "oneOf")
_TOO_MANY = 1_000_000


def parts(node: Node, document: Document) -> Iterator[tuple[str, Node]]:
    """The schemas that are about the same value, with the keyword that says so."""
    reference = node.mapping.get("$ref")
    if reference is not None and reference.text.startswith("#"):
        target = document.at(reference.text)
        if target is not None and target.mapping:
            yield "$ref", target
    for key in _MANY:
        yield from ((key, part) for part in node.list_of(key) if part.mapping)
    for key in _ONE:
        part = node.mapping.get(key)
        if part is not None and part.mapping:
            yield key, part


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """How many schemas a value is compared with, by the schema that it is held to."""

    document: Document
    _known: dict[int, int] = field(default_factory=dict)

    def of(self, node: Node) -> int:
        """The weight of a schema; what leads back to itself counts once."""
        for inner in self._inside_first(node):
            weights = [self._known.get(id(part), 1) for _, part in parts(inner, self.document)]
            self._known[id(inner)] = 1 + sum(weights)
        return self._known[id(node)]

    def _inside_first(self, start: Node) -> Iterator[Node]:
        """The schemas that are not weighed yet, each after its parts.

        Without recursion, since a chain of references may be longer than Python's stack.
        """
        seen: set[int] = set()
        stack = [(start, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                yield node
            elif id(node) not in seen and id(node) not in self._known:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((part, False) for _, part in parts(node, self.document))


def check_weights(contract: Contract, found: Findings) -> None:
    """Report schemas whose alternatives multiply beyond all measure."""
    weights = Weights(contract.document)
    for place in contract.of("schema"):
        node = place.node
        if not any(node.list_of(key) for key in _MANY) or weights.of(node) <= _TOO_MANY:
            continue
        if all(weights.of(part) <= _TOO_MANY for _, part in parts(node, contract.document)):
            message = f"this schema compares a value with more than {_TOO_MANY:,} others"
            hint = "its parts refer to others, and those to others in turn; let them be fewer"
            found.error("too-many-alternatives", message, node.key_position, hint=hint)


@dataclass(slots=True, eq=False)
class _Step:
    """A schema on the way that is being followed, and the keyword that led to it."""

    node: Node
    key: str
    remaining: Iterator[tuple[str, Node]]


def check_recursion(contract: Contract, found: Findings) -> None:
    """Report schemas that are a part of themselves."""
    document = contract.document
    open_: dict[int, bool] = {}
    for place in contract.of("schema"):
        way: list[_Step] = []
        following: tuple[str, Node] | None = ("", place.node)
        while way or following is not None:
            if following is not None:
                key, node = following
                if id(node) not in open_:
                    open_[id(node)] = True
                    way.append(_Step(node, key, parts(node, document)))
                elif open_[id(node)]:
                    _report(way, key, node, found)
            if not way:
                break
            following = next(way[-1].remaining, None)
            if following is None:
                open_[id(way.pop().node)] = False


def _report(way: list[_Step], key: str, node: Node, found: Findings) -> None:
    """Report the circle that closes when `key` leads from the end of `way` back to `node`."""
    start = next(index for index, step in enumerate(way) if step.node is node)
    circle = way[start:]
    keys = {key, *(step.key for step in circle[1:])}
    if keys == {"$ref"} and all(len(step.node.mapping) == 1 for step in circle):
        return  # a circle of references alone, of which the load stage has told
    last = circle[-1].node
    written = last.mapping[key]
    if keys <= {"$ref", "allOf"}:
        message = "this schema is a part of itself: no value could ever be compared with it"
        hint = "a schema may refer to itself in 'properties' and in 'items'"
        found.error("endless-schema", message, written.position, hint=hint)
    else:
        message = "one of the alternatives leads back to this schema, and says nothing"
        hint = "let what they have in common be a schema of its own"
        found.warning("endless-schema", message, written.position, hint=hint)
