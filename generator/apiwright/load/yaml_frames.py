"""What the reading of YAML events keeps in mind: anchored values, and collections not yet ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from apiwright.load.node import Node
from apiwright.problems import Position


@dataclass(frozen=True, slots=True)
class Anchored:
    """A value that an alias can repeat; `size` and `height` are those of its expansion.

    `text` is that of a scalar, for aliases that are keys; None for lists and mappings.
    """

    node: Node
    text: str | None
    size: int
    height: int


@dataclass(slots=True)
class Open:
    """A list or mapping that has begun and not ended.

    In a mapping `key` waits for its value, at `key_at` (line, column); `merging` says that it is
    the key `<<`, which first stood at `merge_at` and has brought the mappings `merged`.
    """

    node: Node
    anchor: str | None
    mapping: bool
    key: str | None = None
    key_at: tuple[int, int] | None = None
    size: int = 1
    height: int = 1
    merging: bool = False
    merge_at: Position | None = None
    merged: list[Node] = field(default_factory=list)

    @property
    def wants_key(self) -> bool:
        """Whether what comes next is a key."""
        return self.mapping and self.key is None

    def count(self, size: int, height: int) -> None:
        """Take notice of the expanded size and height of a child."""
        self.size += size
        self.height = max(self.height, height + 1)

    def attach(self, node: Node) -> None:
        """Add an item, or the value of the waiting key; of equal keys the first one stays."""
        if isinstance(self.node.value, list):
            self.node.value.append(node)
        elif isinstance(self.node.value, dict) and self.key is not None:
            self.node.value.setdefault(self.key, node)
            self.key = None

    def merge(self) -> None:
        """Put the merged entries before the mapping's own ones, when it has ended.

        Of equal keys the mapping's own wins, then that of the mapping which was merged first.
        """
        own = self.node.mapping
        entries: dict[str, Node] = {}
        for mapping in self.merged:
            for key, node in mapping.mapping.items():
                entries.setdefault(key, node)
        entries.update(own)
        own.clear()
        own.update(entries)
