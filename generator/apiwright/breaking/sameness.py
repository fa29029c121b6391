"""Schemas that say the same in two documents, found without understanding them.

Most of a contract doesn't change. What is written alike, and refers only to what is written alike,
is the same schema; only the rest has to be compared.
"""

from __future__ import annotations

from typing import TypeAlias

from apiwright.breaking.effective import Parts
from apiwright.load import Document, Node

_Key: TypeAlias = "tuple[object, ...]"

# What says nothing of the values: words for people, and XML's names.
_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "$comment", "externalDocs", "xml"}
)
# Under these, keys are names of the contract; under the others of `_DATA`, everything is data.
_NAMES = frozenset({
    "properties", "patternProperties", "dependentSchemas", "dependentRequired", "mapping",
})  # fmt: skip
_DATA = frozenset({"default", "enum", "const"})


class Sameness:
    """Numbers what is written in schemas of two documents, the same number for the same text."""

    def __init__(self, before: Document, after: Document) -> None:
        self._before = before
        self._after = after
        versions = [document.root.string("openapi")[:3] for document in (before, after)]
        self._comparable = versions[0] == versions[1]
        self._numbers: dict[_Key, int] = {}
        self._known: dict[tuple[Node, str], int] = {}
        self._children: dict[int, tuple[int, ...]] = {}
        self._reference: dict[int, str] = {}
        self._references: dict[int, frozenset[str]] = {}
        self._same: dict[str, bool] = {}

    def same(self, before: Parts, after: Parts) -> bool:
        """Whether two schemas are the same, as far as can be seen from how they are written."""
        if not self._comparable or len(before) != len(after):
            return False
        for old, new in zip(before, after, strict=True):
            number = self._number(old, "schema")
            if number != self._number(new, "schema"):
                return False
            if not all(map(self._same_target, self._all_references(number))):
                return False
        return True

    def _same_target(self, text: str) -> bool:
        if text not in self._same:
            self._settle(text)
        return self._same[text]

    def _settle(self, start: str) -> None:
        """Find out which references, from `start` on, mean the same in both documents."""
        users: dict[str, list[str]] = {}
        fresh: dict[str, bool] = {}
        stack = [start]
        while stack:
            text = stack.pop()
            if text in fresh or text in self._same:
                continue
            number = self._target(text)
            fresh[text] = number is not None
            for other in self._all_references(number) if number is not None else ():
                users.setdefault(other, []).append(text)
                stack.append(other)
        self._same |= fresh
        waiting = [text for text in {**fresh, **dict.fromkeys(users)} if not self._same[text]]
        while waiting:
            for user in users.get(waiting.pop(), ()):
                if self._same[user]:
                    self._same[user] = False
                    waiting.append(user)

    def _target(self, text: str) -> int | None:
        """The number of what a reference means, if it is written alike in both documents."""
        if not text.startswith("#"):
            return None
        old, new = self._before.at(text), self._after.at(text)
        if old is None or new is None:
            return None
        number = self._number(old, "schema")
        return number if number == self._number(new, "schema") else None

    def _all_references(self, number: int) -> frozenset[str]:
        """The references in what has a number, at any depth."""
        known = self._references.get(number)
        if known is None:
            found = {self._reference[number]} if number in self._reference else set()
            for child in self._children.get(number, ()):
                found |= self._all_references(child)
            known = self._references[number] = frozenset(found)
        return known

    def _number(self, node: Node, kind: str) -> int:
        """The number of what `node` says as a schema, as names with schemas, or as plain data."""
        place = (node, kind)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._numbered(node, kind)
        return known

    def _numbered(self, node: Node, kind: str) -> int:
        value = node.value
        if isinstance(value, dict):
            parts = [
                (key, self._number(child, _kind(kind, key)))
                for key, child in sorted(value.items())
                if kind != "schema" or not (key in _ANNOTATIONS or key.startswith("x-"))
            ]
            number = self._new(("mapping", *parts), tuple(child for _, child in parts))
            if kind == "schema" and "$ref" in value:
                self._reference[number] = value["$ref"].text
            return number
        if isinstance(value, list):
            items = tuple(self._number(child, kind) for child in value)
            return self._new(("list", *items), items)
        return self._new((type(value).__name__, value), ())

    def _new(self, key: _Key, children: tuple[int, ...]) -> int:
        number = self._numbers.setdefault(key, len(self._numbers))
        if children:
            self._children[number] = children
        return number


def _kind(kind: str, key: str) -> str:
    if kind == "data" or (kind == "schema" and key in _DATA):
        return "data"
    return "names" if kind == "schema" and key in _NAMES else "schema"
