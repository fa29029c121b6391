"""Changing a document at given places, as the actions of an overlay ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apiwright.load.measure import check_depth, check_size, extent
from apiwright.load.node import Location, Node
from apiwright.load.read_error import ReadError
from apiwright.problems import Position


class Editor:
    """Holds a document in `root` while it is changed.

    The nodes that it was given stay as they are: what changes is copied first, and only that. So
    a part that YAML aliases share changes only where it is meant.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self._size = extent(root).size
        self._own: dict[int, Node] = {}

    def update(self, locations: Sequence[Location], update: Node, asked: Position) -> None:
        """Merge `update` into the objects, or append it to the lists, at some places.

        Merging goes down through objects; lists in it are appended to, anything else is replaced
        (Overlay 1.0.0, section 4.4.3). A list is appended item by item. Raises `ReadError`, at
        `asked` or in the update, before anything is changed.
        """
        added = extent(update)
        check_size(self._size + added.size * len(locations), asked)
        for location in locations:
            check_depth(len(location) + 1 + added.height, asked)
            self._check_update(location, update, asked)
        self._size += added.size * len(locations)
        for location in locations:
            node = self._owned(location)
            if node is not None:
                self._merge(node, update)

    def remove(self, locations: Sequence[Location], asked: Position) -> None:
        """Remove what stands at some places; raises `ReadError` for the whole document."""
        if () in locations:
            raise ReadError("overlay-shape", "the whole document cannot be removed", asked)
        # from the end, so that the places of what is still to be removed stay right
        for *above, last in sorted(locations, reverse=True):
            holder = self._owned(above)
            values = holder.value if holder is not None else None
            if isinstance(values, dict):
                del values[str(last)]
            elif isinstance(values, list) and isinstance(last, int):
                del values[last]

    def _check_update(self, location: Location, update: Node, asked: Position) -> None:
        node = self.root
        for key in location:
            child = _child(node, key)
            node = child if child is not None else node
        if isinstance(node.value, dict) and not isinstance(update.value, dict):
            message = "the update of an object must be a mapping"
            raise ReadError(
                "overlay-shape", message, update.position, related=((asked, "this is its target"),)
            )
        if not isinstance(node.value, dict | list):
            raise ReadError(
                "overlay-shape",
                "only objects and lists can be updated, and this target is a single value",
                asked,
                hint="target the object that holds it, and update that with the new value",
            )

    def _merge(self, node: Node, update: Node) -> None:
        """Merge into a node that is already a copy of our own."""
        if isinstance(node.value, list):
            node.value.extend(update.value if isinstance(update.value, list) else [update])
            return
        for key, new in update.mapping.items():
            old = node.mapping.get(key)
            if old is not None and type(old.value) is type(new.value) and _holds(old):
                self._merge(self._owned_child(node, key, old), new)
            else:
                node.mapping[key] = new

    def _owned(self, location: Sequence[str | int]) -> Node | None:
        """The node at a place, it and all above it copied; None if it is no longer there."""
        if id(self.root) not in self._own:
            self.root = self._copy(self.root)
        node = self.root
        for key in location:
            child = _child(node, key)
            if child is None:
                return None
            node = self._owned_child(node, key, child)
        return node

    def _owned_child(self, holder: Node, key: str | int, child: Node) -> Node:
        if id(child) in self._own or not _holds(child):
            return child
        copy = self._copy(child)
        if isinstance(holder.value, dict):
            holder.value[str(key)] = copy
        elif isinstance(holder.value, list) and isinstance(key, int):
            holder.value[key] = copy
        return copy

    def _copy(self, node: Node) -> Node:
        value = dict(node.value) if isinstance(node.value, dict) else list(node.items)
        copy = replace(node, value=value)
        self._own[id(copy)] = copy
        return copy


def _holds(node: Node) -> bool:
    return isinstance(node.value, dict | list)


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(node.value, dict) and isinstance(key, str):
        return node.value.get(key)
    if isinstance(node.value, list) and isinstance(key, int) and 0 <= key < len(node.value):
        return node.value[key]
    return None
