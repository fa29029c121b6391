"""A contract of several files becomes one document.

What a reference means in another file is put into `components`, once, under a readable name, and
the reference is pointed there; so every reference of the result is a local one. What is put in is
a copy with the positions of the file that it was written in, so the result is a tree, and the other
files stay as they were read, however they refer to each other.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from apiwright.load import pointer
from apiwright.load.component_names import ComponentNames
from apiwright.load.files import File, Files
from apiwright.load.limits import MAX_MERGES
from apiwright.load.measure import check_size, extent
from apiwright.load.node import Node, copied
from apiwright.load.read_error import ReadError, check_problems
from apiwright.load.reference_rules import (
    check_cycles,
    check_operation_reference,
    check_placement,
    check_siblings,
)
from apiwright.load.resolver import Resolver, Target
from apiwright.load.walk import Place, walk, walk_from
from apiwright.problems import Report

_Known: TypeAlias = tuple[str, tuple[str, ...], str]
# What in a discriminator's mapping is not the name of a schema (OpenAPI 3.1 section 4.8.25.4).
_NO_NAME = re.compile(r"[#/]|\.(?:ya?ml|json)\Z", re.IGNORECASE)


def bundle(root: File, files: Files, report: Report) -> None:
    """Make one document of `root` and all that it refers to, by changing `root`.

    Every reference is checked on the way: one that leads nowhere, out of the contract's folder, to
    an object of another kind or round in a circle is an error in `report`, and stays as it was.
    """
    bundler = _Bundler(root, files, report)
    try:
        bundler.run()
    except ReadError as error:
        report.add(error.problem)
    check_cycles(root.root, bundler.references, report)


class _Bundler:
    def __init__(self, root: File, files: Files, report: Report) -> None:
        self.references: list[Place] = []
        self._root = root
        self._report = report
        self._resolver = Resolver(files, report)
        self._names = ComponentNames(root.root, report)
        version = root.root.get("openapi")
        self._legacy = version is not None and version.text.startswith("3.0")
        self._homes: dict[_Known, tuple[str, ...]] = {}
        self._settled: set[tuple[str, ...]] = set()
        self._merged: dict[int, tuple[Node, set[_Known]]] = {}
        self._size = 0
        self._queue: deque[tuple[File, Place]] = deque()

    def run(self) -> None:
        # always lists of places, because the tree is changed while they are visited
        places = list(walk(self._root.root))
        self._claim_names(places)
        self._visit(self._root, places)
        while self._queue:
            file, start = self._queue.popleft()
            self._visit(file, list(walk_from(start)))

    def _claim_names(self, places: Iterable[Place]) -> None:
        """A component that is only a reference to a file gives its name to what is in the file."""
        for place in places:
            check_problems(self._report, place.node.position)
            if place.parent is None or place.parent.kind != "components":
                continue
            text = place.reference
            if text is None or text.text.startswith("#") or len(place.node.mapping) > 1:
                continue
            target = self._resolver.target(text, place.kind, self._root, place)
            if target is not None and target.file is not self._root:
                self._homes.setdefault(_known(target, place.kind), place.path)

    def _visit(self, file: File, places: Iterable[Place]) -> None:
        for place in places:
            check_problems(self._report, place.node.position)
            check_placement(place, self._report)
            if place.reference is not None:
                self.references.append(place)
                check_siblings(place, self._report, legacy=self._legacy)
                self._reference(file, place, place.reference)
            elif place.kind == "discriminator":
                self._discriminator(file, place)
            elif place.kind == "link":
                check_operation_reference(place, file.root, self._root.root, self._report)

    def _reference(self, file: File, place: Place, text: Node) -> None:
        target = self._resolver.target(text, place.kind, file, place)
        if target is None:
            return
        home = self._homes.get(_known(target, place.kind))
        in_place = place.kind == "path-item" and self._legacy
        if target.file is self._root:
            _point(place.node, "$ref", text, target.keys)
            if not target.known and home is None:  # no walk of the root comes there
                self._homes[_known(target, place.kind)] = target.keys
                self._queue.append((self._root, Place(place.kind, target.node, target.keys)))
        elif in_place and len(place.node.mapping) > 1:
            self._merge(place, text, target)
        elif (home is None and in_place) or (home == place.path and home not in self._settled):
            self._settle(place, target)
        else:
            _point(place.node, "$ref", text, home or self._hoist(place.kind, target))

    def _hoist(self, kind: str, target: Target) -> tuple[str, ...]:
        """Put what a reference means into the components; gives the keys that lead there."""
        node = self._copy(target)
        home = self._names.add(kind, target, node)
        self._homes[_known(target, kind)] = home
        self._queue.append((target.file, Place(kind, node, home)))
        return home

    def _settle(self, place: Place, target: Target) -> None:
        """Put what a reference means in the place of the reference itself.

        So with a component that is nothing but the reference, and with path items of OpenAPI 3.0,
        which has no section of components for them.
        """
        self._homes.setdefault(_known(target, place.kind), place.path)
        self._settled.add(place.path)
        copy = self._copy(target)
        self._put(place, copy)
        self._queue.append((target.file, Place(place.kind, copy, place.keys, place.parent)))

    def _merge(self, place: Place, text: Node, target: Target) -> None:
        """Put a path item in its place, together with what stands beside the reference to it.

        This wins where both have the same field, which OpenAPI 3.0 (4.7.9) leaves undefined. The
        path item may be a reference with something beside it in turn, and so on.
        """
        around = self._around(place, _known(target, place.kind))
        if around is not None:
            _point(place.node, "$ref", text, around)
            return
        if len(self._merged) > MAX_MERGES:
            message = f"more than {MAX_MERGES:,} references to path items have more beside them"
            raise ReadError("too-large", message, text.position)
        fields = {key: node for key, node in place.node.mapping.items() if key != "$ref"}
        known: set[_Known] = set()
        layers: list[tuple[File, Node]] = []
        following: Target | None = target
        while following is not None and following.file is not self._root:
            if _known(following, place.kind) in known:  # a circle of references
                _point(place.node, "$ref", text, place.path)
                return
            known.add(_known(following, place.kind))
            file, node = following.file, self._copy(following)
            layer = {key: child for key, child in node.mapping.items() if key not in fields}
            link = layer.pop("$ref", None)
            layers.append((file, replace(node, value=layer)))
            fields = {**layer, **fields}
            following = self._resolver.target(link, place.kind, file, None) if link else None
        if following is not None:  # in the end, a path item of the first file
            fields["$ref"] = replace(text, value="#" + pointer.fragment(following.keys))
        self._put(place, replace(layers[0][1], value=fields))
        for file, node in layers:
            self._merged[id(node)] = (node, known)
            self._queue.append((file, Place(place.kind, node, place.keys, place.parent)))

    def _around(self, place: Place, known: _Known) -> tuple[str, ...] | None:
        """The way to a merged path item that the place is in: by a callback it contains itself."""
        above = place.parent
        while above is not None:
            if known in self._merged.get(id(above.node), (None, ()))[1]:
                return above.path
            above = above.parent
        return None

    def _copy(self, target: Target) -> Node:
        self._size = self._size or extent(self._root.root).size
        self._size += extent(target.node).size
        check_size(self._size, target.node.position)
        return copied(target.node)

    def _put(self, place: Place, node: Node) -> None:
        *above, last = place.path
        holder = pointer.find(self._root.root, above)
        if holder is not None:
            holder.mapping[last] = node

    def _discriminator(self, file: File, place: Place) -> None:
        """Point the file references of a discriminator's mapping to where their schemas went."""
        mapping = place.node.get("mapping")
        for value, node in list(mapping.mapping.items()) if mapping is not None else ():
            keys = ("components", "schemas", node.text)
            named = file.root.get(*keys) is not None
            if not (named or _NO_NAME.search(node.text)) or (named and file is self._root):
                continue
            text = replace(node, value="#" + pointer.fragment(keys)) if named else node
            target = self._resolver.target(text, "schema", file, place)
            if target is not None and mapping is not None:
                _point(mapping, value, text, self._home(target))

    def _home(self, target: Target) -> tuple[str, ...]:
        if target.file is self._root:
            return target.keys
        return self._homes.get(_known(target, "schema")) or self._hoist("schema", target)


def _known(target: Target, kind: str) -> _Known:
    return (target.file.name, target.keys, kind)


def _point(holder: Node, key: str, text: Node, keys: tuple[str, ...]) -> None:
    """Make the reference under `key` a local one to `keys`, unless it is."""
    if text.text.startswith("#") and pointer.parse_fragment(text.text[1:]) == keys:
        return
    holder.mapping[key] = replace(text, value="#" + pointer.fragment(keys))
