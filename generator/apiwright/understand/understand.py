"""The stage `understand`: a document that has passed the checks becomes a `Service`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from apiwright import names
from apiwright.ir.operations import (
    BulkAction,
    CreateAction,
    Operation,
    PasswordAction,
    ResetRequestAction,
    RowAction,
    TokenAction,
)
from apiwright.ir.policies.events import ResourceEvents
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity, ManyToMany
from apiwright.load import Document
from apiwright.understand.actions import ActionReader, shown_to_all
from apiwright.understand.api_keys import find_keys, with_keys
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
from apiwright.understand.idempotency import with_idempotency
from apiwright.understand.indexes import with_indexes, with_own_names
from apiwright.understand.limits import read_limits
from apiwright.understand.limits_contract import declare_limits
from apiwright.understand.operations import Written, read_operations
from apiwright.understand.resets import RESET_TABLES, asks_for_reset
from apiwright.understand.resources import by_id, read_resources
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.security import base_path, read_roles, read_schemes
from apiwright.understand.sites import find_identity, find_sites, find_stored
from apiwright.understand.versions.graft import Grafted

_GUESSES = TokenAction | PasswordAction | ResetRequestAction
# Tables and indexes that services have beside those of their contract, and Alembic's own table.
_OWN = frozenset(
    {
        "alembic_version", "alembic_version_pkc", "auth_sessions", "idempotency_keys",
        "ix_auth_sessions_account_id", "ix_idempotency_keys_expires_at",
        "ix_refresh_tokens_session_id", "pk_auth_sessions", "pk_idempotency_keys",
        "pk_refresh_tokens", "refresh_tokens",
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
        alone = understand(newest)
        service = replace(
            service, operations=operations, contract=alone.contract, errors=alone.errors
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
    document = with_idempotency(document)
    reader = SchemaReader(document)
    written = read_operations(document, reader)
    base = base_path(document.root)
    schemes = read_schemes(document)
    stored = find_stored(written, reader.named)
    identity = find_identity(written, reader.named, stored)
    found_keys = find_keys(written, reader.named, stored, schemes, identity)
    keys_of = found_keys.name if found_keys is not None else ""
    sites = find_sites(written, reader.named, stored, identity, keys_of)
    own = recording_tables(document, reader.named)
    own += RESET_TABLES if any(asks_for_reset(item.node) for item in written) else ()
    entities, api_keys = with_keys(
        EntityReader(reader.named, stored, sites, written, identity, own, found_keys).entities(),
        found_keys,
        schemes,
        reader.named,
        identity,
    )
    visible = shown_to_all(written, sites)
    actions = ActionReader(reader.named, entities, sites, schemes, base, visible, api_keys)
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
    guessed = (o.id for o in operations if isinstance(o.action, _GUESSES))
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
        api_keys=api_keys,
    )


def _with_action(actions: ActionReader, item: Written, entities: Mapping[str, Entity]) -> Operation:
    found = actions.understand(item)
    operation = replace(
        item.operation,
        action=found.action,
        evidence=found.evidence,
        caching=read_caching(item.node, found.action, entities),
    )
    stores = isinstance(found.action, CreateAction | RowAction | BulkAction)
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
    taken = tables | {names.sql(f"pk_{table}") for table in (*tables, *own)} | _OWN | {*own}
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
