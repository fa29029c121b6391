"""Nodes as the JSONPath library takes them: dicts and lists, made as they are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apiwright.load.limits import MAX_PATTERN_SECONDS, MAX_QUERY_STEPS
from apiwright.load.node import Node


class TooMuchWorkError(Exception):
    """The queries of one overlay have used up what they may use."""


class Meter:
    """What queries may still do: `steps` are values to look at, `seconds` are for patterns."""

    def __init__(self) -> None:
        self.steps = MAX_QUERY_STEPS
        self.seconds = MAX_PATTERN_SECONDS

    def spend(self, steps: int = 1) -> None:
        """Count values that are looked at; raises `TooMuchWorkError` when they are too many."""
        self.steps -= steps
        if self.steps < 0:
            raise TooMuchWorkError


def view(node: Node, meter: Meter) -> Any:
    """The value of a node: a scalar, or a dict or list of views, of which every look is counted."""
    meter.spend()
    if isinstance(node.value, dict):
        return _MapView(node.value, meter)
    if isinstance(node.value, list):
        return _ListView(node.value, meter)
    return node.value


class _MapView(dict[str, Any]):
    """A dict to `isinstance`, empty in itself, that shows the entries of a mapping node."""

    def __init__(self, entries: dict[str, Node], meter: Meter) -> None:
        super().__init__()
        self._entries = entries
        self._meter = meter

    def __getitem__(self, key: str) -> Any:
        return view(self._entries[key], self._meter)

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> Any:
        return ((key, view(node, self._meter)) for key, node in self._entries.items())

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _MapView)
            and self._entries.keys() == other._entries.keys()
            and all(self[key] == other[key] for key in self._entries)
        )


class _ListView(list[Any]):
    """A list to `isinstance`, empty in itself, that shows the items of a list node."""

    def __init__(self, entries: list[Node], meter: Meter) -> None:
        super().__init__()
        self._entries = entries
        self._meter = meter

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [view(node, self._meter) for node in self._entries[index]]
        return view(self._entries[index], self._meter)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Any]:
        return (view(node, self._meter) for node in self._entries)

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _ListView)
            and len(self) == len(other)
            and all(mine == theirs for mine, theirs in zip(self, other, strict=True))
        )
