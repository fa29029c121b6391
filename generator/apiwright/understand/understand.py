"""The stage `understand`: a document that has passed the checks becomes a `Service`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from apiwright import names
from apiwright.ir.operations import CreateAction, Operation, RowAction
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
from apiwright.understand.indexes import with_indexes, with_own_names
from apiwright.understand.operations import Written, read_operations
from apiwright.understand.resources import by_id, read_resources
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.security import base_path, read_roles, read_schemes
from apiwright.understand.sites import find_identity, find_sites, find_stored
from apiwright.understand.versions.graft import Grafted

# Tables and indexes that every service with accounts has, and Alembic's own table.
_SIGN_IN = frozenset(
    {
        "alembic_version", "alembic_version_pkc", "auth_sessions", "ix_auth_sessions_account_id",
        "ix_refresh_tokens_session_id", "pk_auth_sessions", "pk_refresh_tokens", "refresh_tokens",
    }
)  # fmt: skip


def understand_versions(
    newest: Document, older: Sequence[Document], grafted: Grafted
) -> tuple[Service, tuple[Service, ...]]:
    """What the newest version means, with what only older ones offer, and each of those alone."""
    service = understand(grafted.document)
    if grafted.homes:
        operations = {
            name: _at_home(operation, grafted.homes, service)
            for name, operation in service.operations.items()
        }
        offered = [operation for operation in operations.values() if not operation.home]
        service = replace(
            service,
            operations=operations,
            contract=served_contract(newest),
            errors=read_errors(offered, service.schemas),
        )
    return service, tuple(understand(document) for document in older)


def _at_home(operation: Operation, homes: Mapping[str, str], service: Service) -> Operation:
    """An operation where it is offered; nothing is located where only an older version shows it."""
    action = operation.action
    if isinstance(action, CreateAction) and action.location:
        gone = {f"{service.base_path}{service.operations[name].path}" for name in homes}
        reads = (o for o in service.operations.values() if o.id not in homes and o.method == "get")
        if action.location in gone - {f"{service.base_path}{o.path}" for o in reads}:
            operation = replace(operation, action=replace(action, location=""))
    return replace(operation, home=homes.get(operation.id, ""))


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
        deleted=deleted_tables(document.root.get("x-deleted")),
    )


def _with_action(actions: ActionReader, item: Written) -> Operation:
    found = actions.understand(item)
    operation = replace(item.operation, action=found.action, evidence=found.evidence)
    stores = isinstance(found.action, CreateAction | RowAction)
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
    taken = tables | {names.sql(f"pk_{table}") for table in tables} | _SIGN_IN
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
