"""The stage `understand`: a document that has passed the checks becomes a `Service`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from apiwright.ir.operations import Operation
from apiwright.ir.schemas import Schema
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity
from apiwright.load import Document
from apiwright.understand.actions import ActionReader
from apiwright.understand.contract import served_contract
from apiwright.understand.directions import mark
from apiwright.understand.entities import EntityReader
from apiwright.understand.errors import read_errors
from apiwright.understand.indexes import with_indexes
from apiwright.understand.operations import Written, read_operations
from apiwright.understand.resources import by_id, read_resources
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.security import base_path, read_roles, read_schemes
from apiwright.understand.sites import find_identity, find_sites, find_stored


def understand(document: Document) -> Service:
    """What `document` means; what is legal but not understood becomes a CustomAction."""
    reader = SchemaReader(document)
    written = read_operations(document, reader)
    base = base_path(document.root)
    schemes = read_schemes(document)
    stored = find_stored(written, reader.named)
    identity = find_identity(written, reader.named, stored)
    sites = find_sites(written, reader.named, stored, identity)
    entities = EntityReader(reader.named, stored, sites, written, identity).entities()
    actions = ActionReader(reader.named, entities, sites, schemes, base, written)
    operations = [_with_action(actions, item) for item in written]
    named = mark(reader.named, _requests(operations), _responses(operations))
    roles, default_role = read_roles(document)
    info = document.root.get("info") or document.root
    return Service(
        title=info.string("title"),
        version=info.string("version"),
        description=info.string("description"),
        base_path=base,
        contract=served_contract(document),
        schemas=named,
        entities=_indexed(entities, operations),
        operations=by_id(operations),
        resources=read_resources(
            document.root, operations, (known.class_name for known in named.values())
        ),
        schemes=schemes,
        roles=roles,
        default_role=default_role,
        errors=read_errors(operations, named),
    )


def _with_action(actions: ActionReader, item: Written) -> Operation:
    found = actions.understand(item)
    return replace(item.operation, action=found.action, evidence=found.evidence)


def _indexed(entities: dict[str, Entity], operations: list[Operation]) -> dict[str, Entity]:
    return {name: with_indexes(entity, operations) for name, entity in entities.items()}


def _requests(operations: Iterable[Operation]) -> Iterator[Schema]:
    for operation in operations:
        yield from (parameter.schema for parameter in operation.parameters)
        for content in operation.body.contents if operation.body is not None else ():
            if content.schema is not None:
                yield content.schema


def _responses(operations: Iterable[Operation]) -> Iterator[Schema]:
    for operation in operations:
        for response in operation.responses:
            yield from (c.schema for c in response.contents if c.schema is not None)
