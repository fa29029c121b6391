"""How large a tree is when what it shares is counted at every place."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.load.limits import MAX_DEPTH, MAX_VALUES
from apiwright.load.node import Node
from apiwright.load.read_error import ReadError
from apiwright.problems import Position


@dataclass(frozen=True, slots=True)
class Extent:
    """`size` counts the values in a tree; `height` the lists and mappings inside each other."""

    size: int
    height: int


def extent(root: Node) -> Extent:
    """The extent of a tree; raises `ReadError` where that is more than a document may have.

    Each node is looked at once, however often it is shared.
    """
    return _extent(root, 1, {})


def check_size(size: int, place: Position) -> None:
    """Raise `ReadError` when a document would have too many values."""
    if size > MAX_VALUES:
        message = f"with this the contract has more than {MAX_VALUES:,} values"
        raise ReadError("too-large", message, place)


def check_depth(depth: int, place: Position) -> None:
    """Raise `ReadError` when lists and mappings would stand too deep inside each other."""
    if depth > MAX_DEPTH:
        message = f"with this, more than {MAX_DEPTH} lists and mappings stand inside each other"
        raise ReadError("too-deep", message, place)


def _extent(node: Node, depth: int, known: dict[int, Extent]) -> Extent:
    if isinstance(node.value, dict):
        children = list(node.value.values())
    elif isinstance(node.value, list):
        children = node.value
    else:
        return Extent(1, 0)
    found = known.get(id(node))
    if found is None:
        check_depth(depth, node.position)
        parts = [_extent(child, depth + 1, known) for child in children]
        size = 1 + sum(part.size for part in parts)
        found = Extent(size, 1 + max((part.height for part in parts), default=0))
        check_size(size, node.position)
        known[id(node)] = found
    check_depth(depth + found.height - 1, node.position)
    return found
