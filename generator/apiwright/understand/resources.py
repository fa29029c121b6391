"""Resources: operations that belong together, by their first tag or else their first segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apiwright import names
from apiwright.ir.operations import OnRows, Operation
from apiwright.ir.service import Resource
from apiwright.load import Node

_TAKEN_MODULES = ("base", "bindings", "router", "health", "docs", "dependencies")


def read_resources(
    root: Node, operations: Iterable[Operation], taken: Iterable[str]
) -> tuple[Resource, ...]:
    """The resources, in the order in which their operations first stand in the contract.

    `taken` are the names of classes that no service may have.
    """
    grouped: dict[str, list[Operation]] = {}
    for operation in operations:
        grouped.setdefault(_group(operation), []).append(operation)
    described = {tag.string("name"): tag.string("description") for tag in root.list_of("tags")}
    modules = names.distinct(
        ((name, names.module(name, "tag")) for name in grouped), _TAKEN_MODULES
    )
    ones = {name: names.singular(modules[name].rstrip("_")) for name in grouped}
    classes = names.distinct(
        ((name, f"{names.prefix(ones[name])}Service") for name in grouped), taken
    )
    service_modules = names.distinct((name, f"{ones[name]}_service") for name in grouped)
    return tuple(
        Resource(
            name=name,
            module=modules[name],
            service_module=service_modules[name],
            service_class=classes[name],
            description=described.get(name, ""),
            operations=tuple(operation.id for operation in members),
            entities=_entities(members),
        )
        for name, members in grouped.items()
    )


def _group(operation: Operation) -> str:
    if operation.tags:
        return operation.tags[0]
    segments = [part for part in operation.path.split("/") if part and not part.startswith("{")]
    return segments[0] if segments else "default"


def _entities(members: Iterable[Operation]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for operation in members:
        if isinstance(operation.action, OnRows):
            found[operation.action.entity] = None
    return tuple(found)


def by_id(operations: Iterable[Operation]) -> Mapping[str, Operation]:
    """The operations by their ids."""
    return {operation.id: operation for operation in operations}
