"""Readable names for what moves from other files into `components`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from apiwright.load.grammar import KINDS
from apiwright.load.node import Node
from apiwright.load.read_error import ReadError
from apiwright.load.resolver import Target
from apiwright.load.wording import shown
from apiwright.problems import Report

# OpenAPI 3.1 section 4.8.7: names of components are made of these characters.
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]+")


class ComponentNames:
    """Adds to the `components` of a document, whose root is changed for it."""

    def __init__(self, root: Node, report: Report) -> None:
        self._root = root
        self._report = report

    def add(self, kind: str, target: Target, node: Node) -> tuple[str, ...]:
        """Add `node`, what a reference means, under a free name; gives the keys that lead there.

        The name is the last key of the reference's pointer, or the file's name where it has none;
        if that is taken, the file's name is put behind it, then a number. The same contract gives
        the same names. Raises `ReadError` where `components` is no mapping.
        """
        section = KINDS[kind].section or ""
        entries = _entry(_entry(self._root, "components"), section).mapping
        wanted = _readable(target)
        name = next(name for name in _variants(wanted, target) if name not in entries)
        entries[name] = node
        if name != wanted:
            self._report.note(
                "renamed-component",
                f"'{shown(wanted)}' of '{target.file.name}' is called '{shown(name)}' here",
                target.node.key_position,
                hint=f"another {KINDS[kind].label} has that name already; rename one of them",
            )
        return ("components", section, name)


def _entry(holder: Node, key: str) -> Node:
    """The mapping under `key`, made where there is none; its place is then that of the holder."""
    node = holder.get(key)
    if node is None:
        line, column = holder.line, holder.column
        node = Node({}, holder.file, line, column, line, column)
        holder.mapping[key] = node
    if not isinstance(node.value, dict):
        raise ReadError("wrong-shape", f"'{key}' must be a mapping here", node.position)
    return node


def _readable(target: Target) -> str:
    name = _cleaned(target.keys[-1]) if target.keys else ""
    if name.isdigit():  # the item of a list says nothing by itself
        name = f"{_stem(target)}_{name}"
    return name or _stem(target)


def _variants(wanted: str, target: Target) -> Iterator[str]:
    yield wanted
    longer = wanted if wanted == _stem(target) else f"{wanted}_{_stem(target)}"
    if longer != wanted:
        yield longer
    for number in count(2):
        yield f"{longer}_{number}"


def _stem(target: Target) -> str:
    return _cleaned(target.file.path.stem) or "part"


def _cleaned(text: str) -> str:
    return _NOT_ALLOWED.sub("_", text).strip("_")
