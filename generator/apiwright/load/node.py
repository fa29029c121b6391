"""The contract as it was written: plain values that remember where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from apiwright.problems import Position

Scalar: TypeAlias = bool | int | float | str | None
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"
Location: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead from the root of a document to a value in it."""

# YAML 1.2 section 5.4 and every editor end a line here, and nowhere else (`splitlines` would).
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@lru_cache(maxsize=8)
def line_starts(text: str) -> tuple[int, ...]:
    """The offsets (from 0) at which the lines of a text begin, in order."""
    return (0, *(found.end() for found in _LINE_BREAK.finditer(text)))


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its name as shown to people, and its text."""

    file: str
    text: str = field(repr=False, compare=False)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line break; empty past the end."""
        starts = line_starts(self.text)
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def position(self, offset: int) -> Position:
        """The place of the character at `offset` (from 0) of the text."""
        starts = line_starts(self.text)
        line = bisect_right(starts, offset)
        return Position(self.file, line, offset - starts[line - 1] + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value of the document and its place.

    `value` is a scalar, a list of nodes, or a dict from key to node (in the order of the file).
    `line` and `column` (from 1) are those of the value; `key_line` and `key_column` those of the
    key that leads to it, or of the value itself where there is no key.
    """

    value: Scalar | list[Node] | dict[str, Node]
    file: str
    line: int
    column: int
    key_line: int
    key_column: int

    @property
    def position(self) -> Position:
        """Where the value stands."""
        return Position(self.file, self.line, self.column)

    @property
    def key_position(self) -> Position:
        """Where the key of this value stands."""
        return Position(self.file, self.key_line, self.key_column)

    @property
    def mapping(self) -> dict[str, Node]:
        """The entries of a mapping; empty for any other value."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The items of a list; empty for any other value."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str:
        """The text of a string; empty for any other value."""
        return self.value if isinstance(self.value, str) else ""

    def get(self, *keys: str) -> Node | None:
        """The node that is reached by following `keys` through mappings, or None."""
        node: Node | None = self
        for key in keys:
            node = node.mapping.get(key) if node is not None else None
        return node

    def string(self, key: str) -> str:
        """The text under `key`; empty where there is none."""
        child = self.mapping.get(key)
        return child.text if child is not None else ""

    def flag(self, key: str) -> bool:
        """Whether `key` holds true."""
        child = self.mapping.get(key)
        return child is not None and child.value is True

    def list_of(self, key: str) -> list[Node]:
        """The items of the list under `key`; empty where there is none."""
        child = self.mapping.get(key)
        return child.items if child is not None else []

    def entries(self, key: str) -> dict[str, Node]:
        """The entries of the mapping under `key`; empty where there is none."""
        child = self.mapping.get(key)
        return child.mapping if child is not None else {}


def plain(node: Node) -> Plain:
    """The value without its positions, as `json.loads` would give it."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def copied(node: Node) -> Node:
    """The same values at the same positions in nodes of their own, of which none is shared."""
    value = node.value
    if isinstance(value, dict):
        value = {key: copied(child) for key, child in value.items()}
    elif isinstance(value, list):
        value = [copied(child) for child in value]
    return Node(value, node.file, node.line, node.column, node.key_line, node.key_column)
