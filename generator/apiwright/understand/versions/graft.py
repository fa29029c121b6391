"""What only an older version still offers, put into the contract of the newest.

An operation that the newest version no longer has is understood like any other, in terms of the
newest schemas: it has an action, a method of a service, and can be overridden. Only its path is
that of the older version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from apiwright.load import Document, Node
from apiwright.load.node import copied
from apiwright.understand.operations import operation_nodes
from apiwright.understand.security import base_path

_LOCAL = re.compile(r"#/components/([^/]+)/([^/]+)")
_REPLACED = "x-replaced-by"


@dataclass(frozen=True, slots=True)
class Grafted:
    """The contract with what older versions add to it.

    `homes` maps the ids of what was added to base paths; `answers` maps base paths of older
    versions to the operations of the newest (or added) one by their own ids.
    """

    document: Document
    homes: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]


def graft(newest: Document, older: Iterable[Document]) -> Grafted:
    """`newest` with every operation that only an older version has, the newest of those first."""
    grafter = _Grafter(newest)
    answers = {base_path(document.root): grafter.take(document) for document in older}
    return Grafted(grafter.document(), grafter.homes, answers)


def template(path: str) -> str:
    """A path with all parameters called alike."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


class _Grafter:
    def __init__(self, newest: Document) -> None:
        self.homes: dict[str, str] = {}
        self._newest = newest
        self._root = newest.root
        self._sources = dict(newest.sources)
        self._files = list(newest.files)
        self._ids: set[str] = set()
        self._places: dict[tuple[str, str], str] = {}
        for name, method, path, _, _ in operation_nodes(newest):
            self._ids.add(name)
            self._places[method, template(path)] = name

    def document(self) -> Document:
        """The whole contract."""
        if not self.homes:
            return self._newest
        return Document(self._root, self._sources, tuple(self._files))

    def take(self, older: Document) -> dict[str, str]:
        """The operations that answer those of an older version, by their ids there."""
        answers: dict[str, str] = {}
        before = len(self.homes)
        for name, method, path, item, node in operation_nodes(older):
            wanted = node.string(_REPLACED) or name
            if wanted not in self._ids:
                at_same_place = self._places.get((method, template(path)))
                if at_same_place is not None and wanted == name:
                    wanted = at_same_place
                elif wanted == name:
                    self._add(older, name, method, path, item, node)
            answers[name] = wanted
        if len(self.homes) > before:
            self._sources.update(older.sources)
            self._files += older.files
        return answers

    def _add(
        self, older: Document, name: str, method: str, path: str, item: Node, node: Node
    ) -> None:
        self._ids.add(name)
        self._places[method, template(path)] = name
        self.homes[name] = base_path(older.root)
        operation = copied(node)
        written = operation.mapping
        newer = self._path(path)
        called = dict(zip(_parameters(path), _parameters(newer), strict=True))
        parameters = [*item.list_of("parameters"), *node.list_of("parameters")]
        if parameters:
            listed = [_renamed(copied(one), older, called) for one in parameters]
            written["parameters"] = replace(node, value=listed)
        security = node.get("security") or older.root.get("security")
        if security is not None:
            written["security"] = copied(security)
        for word in ("deprecated", "x-deprecated-since", "x-sunset"):
            written.pop(word, None)
        self._root = _put(self._root, ("paths", newer, method), operation)
        self._add_components(older, operation)

    def _path(self, path: str) -> str:
        """The path as the newest version writes it, if it has one of this form."""
        paths = self._root.entries("paths")
        return next((known for known in paths if template(known) == template(path)), path)

    def _add_components(self, older: Document, node: Node) -> None:
        """Add the components that a node refers to and the newest version doesn't have."""
        for section, name in set(_references(node)):
            if self._root.get("components", section, name) is None:
                found = older.root.get("components", section, name)
                if found is not None:
                    added = copied(found)
                    self._root = _put(self._root, ("components", section, name), added)
                    self._add_components(older, added)


def _parameters(path: str) -> list[str]:
    return re.findall(r"\{([^}]*)\}", path)


def _renamed(parameter: Node, older: Document, called: Mapping[str, str]) -> Node:
    """A parameter of the path under the name that the newest version has for it."""
    meant = older.resolve(parameter)
    name = meant.get("name")
    if name is None or meant.string("in") != "path" or called.get(name.text) in {None, name.text}:
        return parameter
    return replace(meant, value={**meant.mapping, "name": replace(name, value=called[name.text])})


def _references(node: Node) -> Iterator[tuple[str, str]]:
    text = node.get("$ref")
    known = _LOCAL.match(text.text) if text is not None else None
    if known is not None:
        section, name = (part.replace("~1", "/").replace("~0", "~") for part in known.groups())
        yield section, name
    for child in (*node.mapping.values(), *node.items):
        yield from _references(child)


def _put(root: Node, keys: tuple[str, ...], value: Node) -> Node:
    """`root` with a value at `keys`; what was there stays as it is, and is copied on the way."""
    first, *rest = keys
    if rest:
        inner = root.mapping.get(first) or replace(value, value={})
        value = _put(inner, tuple(rest), value)
    return replace(root, value={**root.mapping, first: value})
