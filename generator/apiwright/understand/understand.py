"""The stage `understand`: a document that has passed the checks becomes a `Service`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from apiwright import names
from apiwright.ir.operations import (
    CreateAction,
    Operation,
    PasswordAction,
    RowAction,
    TokenAction,
)
from apiwright.ir.policies.events import ResourceEvents
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity, ManyToMany
from apiwright.load import Document
from apiwright.understand.actions import ActionReader
from apiwright.understand.caching import read_caching
from apiwright.understand.conditional import with_conditions
from apiwright.understand.contract import served_contract
from apiwright.understand.directions import mark
from apiwright.understand.entities import EntityReader
from apiwright.understand.errors import read_errors
from apiwright.understand.events import (
    RECORDING_TABLES,
    read_audited,
    read_events,
    read_webhooks,
    recording_tables,
)
from apiwright.understand.evolution import deleted_tables
from apiwright.understand.indexes import with_indexes, with_own_names
from apiwright.understand.limits import read_limits
from apiwright.understand.limits_contract import declare_limits
from apiwright.understand.operations import Written, read_operations
from apiwright.understand.resources import by_id, read_resources
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.security import base_path, read_roles, read_schemes
from apiwright.understand.sites import find_identity, find_sites, find_stored

# Tables and indexes that every service with accounts has, and Alembic's own table.
_SIGN_IN = frozenset(
    {
        "alembic_version", "alembic_version_pkc", "auth_sessions", "ix_auth_sessions_account_id",
        "ix_refresh_tokens_session_id", "pk_auth_sessions", "pk_refresh_tokens", "refresh_tokens",
    }
)  # fmt: skip


def understand(document: Document) -> Service:
    """What `document` means; what is legal but not understood becomes a CustomAction."""
    reader = SchemaReader(document)
    written = read_operations(document, reader)
    base = base_path(document.root)
    schemes = read_schemes(document)
    stored = find_stored(written, reader.named)
    identity = find_identity(written, reader.named, stored)
    sites = find_sites(written, reader.named, stored, identity)
    own = recording_tables(document, reader.named)
    entities = EntityReader(reader.named, stored, sites, written, identity, own).entities()
    actions = ActionReader(reader.named, entities, sites, schemes, base, written)
    acting = [_with_action(actions, item, entities) for item in written]
    events = read_events(reader.named, entities)
    webhooks = read_webhooks(document, reader, events)
    answers = (*_responses(acting), *_told(events, reader.named))
    named = mark(reader.named, _requests(acting), answers)
    operations = with_conditions(acting, base, named, entities)
    roles, default_role = read_roles(document)
    nodes = (item.node for item in written)
    limits = read_limits(document.root, zip(operations, nodes, strict=True), entities)
    errors = read_errors(operations, named)
    guessed = (o.id for o in operations if isinstance(o.action, TokenAction | PasswordAction))
    limited = {*limits, *guessed}
    contract = declare_limits(served_contract(document), operations, limited, errors, named)
    info = document.root.get("info") or document.root
    return Service(
        title=info.string("title"),
        version=info.string("version"),
        description=info.string("description"),
        base_path=base,
        contract=contract,
        schemas=named,
        entities=_indexed(entities, operations, own),
        operations=by_id(operations),
        resources=read_resources(
            document.root, operations, (known.class_name for known in named.values())
        ),
        schemes=schemes,
        roles=roles,
        default_role=default_role,
        errors=errors,
        deleted=deleted_tables(document.root.get("x-deleted")),
        events=events,
        webhooks=webhooks,
        audited=read_audited(document, reader.named, entities),
        limits=limits,
    )


def _with_action(actions: ActionReader, item: Written, entities: Mapping[str, Entity]) -> Operation:
    found = actions.understand(item)
    operation = replace(
        item.operation,
        action=found.action,
        evidence=found.evidence,
        caching=read_caching(item.node, found.action, entities),
    )
    stores = isinstance(found.action, CreateAction | RowAction)
    if stores and operation.body is not None:
        # OpenAPI's default is an optional body, but there is nothing to store without one.
        operation = replace(operation, body=replace(operation.body, required=True))
    return operation


def _indexed(
    entities: dict[str, Entity], operations: list[Operation], own: tuple[str, ...]
) -> dict[str, Entity]:
    links = [
        relation
        for entity in entities.values()
        for relation in entity.relations
        if isinstance(relation, ManyToMany)
    ]
    tables = {entity.table for entity in entities.values()} | {link.table for link in links}
    taken = tables | {names.sql(f"pk_{table}") for table in (*tables, *own)} | _SIGN_IN | {*own}
    taken |= {index for table in own for index in RECORDING_TABLES[table]}
    taken |= {names.sql(f"ix_{link.table}_{link.target_column}") for link in links}
    indexed = (with_indexes(entity, operations) for entity in entities.values())
    return with_own_names(indexed, taken)


def _requests(operations: Iterable[Operation]) -> Iterator[Schema]:
    for operation in operations:
        yield from (parameter.schema for parameter in operation.parameters)
        for content in operation.body.contents if operation.body is not None else ():
            if content.schema is not None:
                yield content.schema


def _told(events: Iterable[ResourceEvents], named: Mapping[str, NamedSchema]) -> Iterator[Schema]:
    """What events tell travels as answers do."""
    for known in events:
        yield Schema(named[known.entity].schema.position, "", ref=known.entity)


def _responses(operations: Iterable[Operation]) -> Iterator[Schema]:
    for operation in operations:
        for response in operation.responses:
            yield from (c.schema for c in response.contents if c.schema is not None)
