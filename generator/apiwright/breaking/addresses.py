"""Where operations are: their paths, below the paths of their servers, and what they share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from apiwright.load import Document, Node

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_MAX_REFERENCES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation of a document: its own object, those of its path, and where it is.

    `bases` are the paths of its servers. `shape` is its path with the names of parameters left out,
    which are `variables`, in order: two paths of one shape are the same to a client.
    """

    method: str
    path: str
    node: Node
    items: tuple[Node, ...]
    bases: tuple[str, ...]
    shape: str
    variables: tuple[str, ...]

    @property
    def name(self) -> str:
        """The operation for people: "GET /items"."""
        return f"{self.method.upper()} {self.path}"

    def addresses(self, *, named: bool) -> tuple[tuple[str, str], ...]:
        """The method and the whole path below each server, with parameters `named` or not."""
        path = self.path if named else self.shape
        return tuple((self.method, base + path) for base in self.bases)


def operations(document: Document) -> Iterator[Operation]:
    """The operations of a document, in its order."""
    for path, item in document.root.entries("paths").items():
        if path.startswith("x-"):
            continue
        items = tuple(_chain(document, item))
        for method in METHODS:
            node = next((each.mapping[method] for each in items if method in each.mapping), None)
            if node is not None:
                bases = _bases((node, *items, document.root))
                shape = _VARIABLE.sub("{}", path)
                yield Operation(
                    method, path, node, items, bases, shape, tuple(_VARIABLE.findall(path))
                )


def _chain(document: Document, item: Node) -> Iterator[Node]:
    """A path item, and those that it refers to."""
    for _ in range(_MAX_REFERENCES):
        yield item
        reference = item.get("$ref")
        target = document.at(reference.text) if reference is not None else None
        if target is None:
            return
        item = target


def _bases(holders: tuple[Node, ...]) -> tuple[str, ...]:
    """The paths of the servers that the innermost of `holders` names, each once."""
    for holder in holders:
        servers = holder.list_of("servers")
        if servers:
            return tuple(dict.fromkeys(_base(server) for server in servers))
    return ("",)


def _base(server: Node) -> str:
    """The path of a server's URL, with its variables' defaults, without a slash at its end."""
    variables = server.entries("variables")

    def default(found: re.Match[str]) -> str:
        variable = variables.get(found.group(1))
        return variable.string("default") if variable is not None else ""

    try:
        path = urlsplit(_VARIABLE.sub(default, server.string("url"))).path
    except ValueError:
        return ""
    path = path.rstrip("/")
    return path if path.startswith("/") or not path else f"/{path}"
