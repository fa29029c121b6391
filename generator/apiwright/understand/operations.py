"""Operations of the contract as they are written, before anybody asks what they do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from apiwright import names
from apiwright.ir.operations import CustomAction, Operation, Parameter
from apiwright.load import Document, Node
from apiwright.understand.conditional import declared_control
from apiwright.understand.idempotency import is_key, read_idempotency
from apiwright.understand.messages import read_body, read_responses
from apiwright.understand.parameters import read_parameters
from apiwright.understand.schemas import SchemaReader, pointer_token
from apiwright.understand.security import read_requirements

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Written:
    """An operation with the nodes that its extensions are read from."""

    operation: Operation
    node: Node
    parameters: tuple[tuple[Node, Parameter], ...]


def read_operations(document: Document, reader: SchemaReader) -> tuple[Written, ...]:
    """Every operation under `paths`, in the order of the contract, not yet understood."""
    found = list(_found(document))
    ids = _ids(found)
    method_names = names.distinct((pointer, names.method(ids[pointer])) for pointer in ids)
    prefixes = names.distinct((pointer, names.prefix(ids[pointer])) for pointer in ids)
    written = []
    for pointer, method, path, path_item, node in found:
        prefix = prefixes[pointer]
        listed = read_parameters(document, reader, path_item, node, prefix)
        idempotency = read_idempotency(document, node, listed)
        # The key of a request is looked at before its handler, which knows nothing of it.
        parameters = tuple(pair for pair in listed if idempotency is None or not is_key(pair[1]))
        operation = Operation(
            id=ids[pointer],
            name=method_names[pointer],
            class_prefix=prefix,
            method=method,
            path=path,
            position=node.key_position,
            pointer=pointer,
            tags=tuple(tag.text for tag in node.list_of("tags")),
            summary=node.string("summary"),
            description=node.string("description"),
            parameters=tuple(parameter for _, parameter in parameters),
            body=read_body(document, reader, node, pointer, prefix),
            responses=read_responses(document, reader, node, pointer, prefix),
            security=read_requirements(document.root, node),
            action=CustomAction(""),
            deprecated=node.flag("deprecated"),
            deprecated_since=_day(node, "x-deprecated-since"),
            sunset=_day(node, "x-sunset"),
            if_match_required=node.string("x-if-match") == "required",
            cache_control=declared_control(document, node),
            idempotency=idempotency,
        )
        written.append(Written(operation, node, parameters))
    return tuple(written)


def operation_nodes(document: Document) -> Iterator[tuple[str, str, str, Node, Node]]:
    """Id, method, path, path item and node of every operation, as `read_operations` finds them."""
    found = list(_found(document))
    ids = _ids(found)
    for pointer, method, path, item, node in found:
        yield ids[pointer], method, path, item, node


def _day(node: Node, word: str) -> date | None:
    return date.fromisoformat(node.string(word)) if word in node.mapping else None


Found: TypeAlias = tuple[str, str, str, Node, Node]
"""Pointer, method, path, path item and node of an operation."""


def _ids(found: Iterable[Found]) -> dict[str, str]:
    """The id of every operation by its pointer; made-up ones keep clear of the given ones."""
    given = {pointer: node.string("operationId") for pointer, _, _, _, node in found}
    made = names.distinct(
        (
            (pointer, _made_id(method, path))
            for pointer, method, path, _, _ in found
            if not given[pointer]
        ),
        given.values(),
    )
    return {pointer: name or made[pointer] for pointer, name in given.items()}


def _found(document: Document) -> Iterator[Found]:
    for path, written in document.root.entries("paths").items():
        if path.startswith("x-"):
            continue
        item = document.resolve(written)
        for method in item.mapping:
            if method in METHODS:
                pointer = f"#/paths/{pointer_token(path)}/{method}"
                yield pointer, method, path, item, item.mapping[method]


def _made_id(method: str, path: str) -> str:
    """An id for an operation that has none: GET /pets/{id} is `getPetsById`."""
    parts = [method]
    for segment in path.split("/"):
        if segment.startswith("{"):
            parts.append(f"by {segment}")
        elif segment:
            parts.append(segment)
    name = names.pascal(" ".join(parts), "operation")
    return name[0].lower() + name[1:]
