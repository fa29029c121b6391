"""The stage `understand`: a document that has passed the checks becomes a `Service`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from apiwright import names
from apiwright.ir.operations import BulkAction, CreateAction, Operation, RowAction
from apiwright.ir.schemas import Schema
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity, ManyToMany
from apiwright.load import Document
from apiwright.understand.actions import ActionReader
from apiwright.understand.contract import served_contract
from apiwright.understand.directions import mark
from apiwright.understand.entities import EntityReader
from apiwright.understand.errors import read_errors
from apiwright.understand.evolution import deleted_tables
from apiwright.understand.idempotency import with_idempotency
from apiwright.understand.indexes import with_indexes, with_own_names
from apiwright.understand.operations import Written, read_operations
from apiwright.understand.resources import by_id, read_resources
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.security import base_path, read_roles, read_schemes
from apiwright.understand.sites import find_identity, find_sites, find_stored

# Tables and indexes that services have beside those of their contract, and Alembic's own table.
_OWN = frozenset(
    {
        "alembic_version", "alembic_version_pkc", "auth_sessions", "idempotency_keys",
        "ix_auth_sessions_account_id", "ix_idempotency_keys_expires_at",
        "ix_refresh_tokens_session_id", "pk_auth_sessions", "pk_idempotency_keys",
        "pk_refresh_tokens", "refresh_tokens",
    }
)  # fmt: skip


def understand(document: Document) -> Service:
    """What `document` means; what is legal but not understood becomes a CustomAction."""
    document = with_idempotency(document)
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
        deleted=deleted_tables(document.root.get("x-deleted")),
    )


def _with_action(actions: ActionReader, item: Written) -> Operation:
    found = actions.understand(item)
    operation = replace(item.operation, action=found.action, evidence=found.evidence)
    stores = isinstance(found.action, CreateAction | RowAction | BulkAction)
    if stores and operation.body is not None:
        # OpenAPI's default is an optional body, but there is nothing to store without one.
        operation = replace(operation, body=replace(operation.body, required=True))
    return operation


def _indexed(entities: dict[str, Entity], operations: list[Operation]) -> dict[str, Entity]:
    links = [
        relation
        for entity in entities.values()
        for relation in entity.relations
        if isinstance(relation, ManyToMany)
    ]
    tables = {entity.table for entity in entities.values()} | {link.table for link in links}
    taken = tables | {names.sql(f"pk_{table}") for table in tables} | _OWN
    taken |= {names.sql(f"ix_{link.table}_{link.target_column}") for link in links}
    indexed = (with_indexes(entity, operations) for entity in entities.values())
    return with_own_names(indexed, taken)


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
