"""What was understood of a contract, in words: for `explain` and `routes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apiwright.ir.operations import (
    Action,
    BulkAction,
    CreateAction,
    CustomAction,
    ExportAction,
    ListAction,
    LogoutAction,
    OnRows,
    Operation,
    PasswordAction,
    RefreshAction,
    ResetAction,
    ResetRequestAction,
    RowAction,
    TokenAction,
)
from apiwright.ir.policies.bulk import BulkVerb
from apiwright.ir.policies.conditional import BODY
from apiwright.ir.policies.idempotency import Idempotency
from apiwright.ir.policies.limits import Limit
from apiwright.ir.service import Resource, Service
from apiwright.ir.storage import Column, Entity, Fill, ManyToMany
from apiwright.plan.schema_classes import SchemaClasses, plan_schema_classes
from apiwright.plan.storage.types import sql_type
from apiwright.plan.views.audit import audited_columns
from apiwright.plan.views.direct.operations import DirectBuilder, answers_module
from apiwright.plan.views.exports import with_possible_exports
from apiwright.understand.versions.names import version_name


@dataclass(frozen=True, slots=True)
class OperationStory:
    """An operation: what it does, why we think so, who may call it, which files hold it."""

    id: str
    method: str
    path: str
    place: str
    does: str
    details: tuple[str, ...]
    evidence: tuple[str, ...]
    files: tuple[str, ...]
    resource: str
    name: str
    answered: bool
    direct: bool


@dataclass(frozen=True, slots=True)
class SchemaStory:
    """A schema: whether and how it is stored, why we think so, which files hold it."""

    name: str
    place: str
    does: str
    details: tuple[str, ...]
    evidence: tuple[str, ...]
    files: tuple[str, ...]


def describe_operations(service: Service) -> tuple[OperationStory, ...]:
    """The story of every operation, in the order of the contract."""
    service = with_possible_exports(service)
    builder = DirectBuilder(service, plan_schema_classes(service))
    homes = {name: resource for resource in service.resources for name in resource.operations}
    return tuple(
        _operation(operation, homes[operation.id], service, builder.why_not(operation))
        for operation in service.operations.values()
    )


def describe_schemas(service: Service) -> tuple[SchemaStory, ...]:
    """The story of every schema that the contract names."""
    classes = plan_schema_classes(service)
    return tuple(
        _schema(name, service, classes)
        for name, known in service.schemas.items()
        if known.component
    )


def _operation(
    operation: Operation, resource: Resource, service: Service, why_not_direct: str
) -> OperationStory:
    package = version_name(operation.home or service.base_path)
    return OperationStory(
        id=operation.id,
        method=operation.method.upper(),
        path=service.address(operation),
        place=str(operation.position),
        does=_does(operation, service),
        details=(
            *_details(operation, service),
            *_conditions(operation),
            *_keeping(operation),
            *_way(operation, why_not_direct),
        ),
        evidence=operation.evidence,
        files=(
            f"app/api/{package}/{resource.module}.py",
            f"app/services/{resource.service_module}.py",
            *(() if why_not_direct else (f"app/direct/{answers_module(resource)}.py",)),
        ),
        resource=resource.module,
        name=operation.name,
        answered=not isinstance(operation.action, CustomAction),
        direct=not why_not_direct,
    )


def _does(operation: Operation, service: Service) -> str:
    action = operation.action
    if isinstance(action, CustomAction):
        return f"answers 501 until overridden: {action.reason}"
    if isinstance(action, OnRows):
        return _does_with_rows(action, service)
    return _SIGN_IN[type(action)]


_SIGN_IN: Mapping[type, str] = {
    TokenAction: "signs in: exchanges login and password for tokens",
    RefreshAction: "exchanges a refresh token for new tokens",
    LogoutAction: "signs out: ends the caller's session",
    ResetRequestAction: "sends a token to whoever has forgotten a password, by an override",
    ResetAction: "changes a password for a token, and ends all sessions of the account",
    PasswordAction: "changes the caller's password, and ends the other sessions of the account",
}


def _does_with_rows(action: OnRows, service: Service) -> str:
    entity = service.entities[action.entity]
    if isinstance(action, ListAction):
        return f"lists {entity.name}, from the table {entity.table}"
    if isinstance(action, CreateAction):
        return f"creates a {entity.name} in the table {entity.table}"
    if isinstance(action, ExportAction):
        kinds = " or ".join(action.media_types)
        return f"sends every {entity.name} of the table {entity.table} as {kinds}, as a stream"
    if isinstance(action, BulkAction):
        verb = action.verb.value.removeprefix("bulk-")
        verb = "soft-delete" if verb == "delete" and entity.soft_delete else verb
        whole = "each for itself" if action.partial else "all of them or none"
        return f"{verb}s many {entity.name} of the table {entity.table}, {whole}"
    which = "the caller's own" if action.key is None else "one"
    verb = "soft-deletes" if action.verb.value == "delete" and entity.soft_delete else ""
    return f"{verb or action.verb.value + 's'} {which} {entity.name} of the table {entity.table}"


def _details(operation: Operation, service: Service) -> Iterator[str]:
    yield _callers(operation)
    yield from (_limit(limit) for limit in service.limits.get(operation.id, ()))
    if operation.idempotency is not None:
        yield _idempotency(operation.idempotency)
    action = operation.action
    if isinstance(action, CreateAction) and action.issues:
        yield f"shows the key itself as {action.issues}, this once; only its hash is stored"
    if isinstance(action, ExportAction):
        action = action.listing
    adds = isinstance(action, BulkAction) and action.verb is BulkVerb.CREATE
    if isinstance(action, ListAction | RowAction | BulkAction) and action.rows.owned and not adds:
        owner = service.entities[action.entity].owner
        unless = f", unless the caller has {owner.unless}" if owner and owner.unless else ""
        yield f"only rows whose {owner.column if owner else 'owner'} is the caller{unless}"
    yield from _tenants(action, service)
    if isinstance(operation.action, ExportAction):
        yield from _shown_rows(operation.action.listing)
    elif isinstance(action, ListAction):
        yield from _list_details(action)
    if isinstance(action, CreateAction | RowAction | BulkAction) and action.writes:
        yield "stores " + ", ".join(f"{w.attribute} in {w.column}" for w in action.writes)


def _tenants(action: Action, service: Service) -> Iterator[str]:
    """Whose rows an operation works on, where there are tenants."""
    tenancy = service.entities[action.entity].tenant if isinstance(action, OnRows) else None
    if tenancy is None:
        return
    if isinstance(action, CreateAction):
        yield f"in the caller's tenant: {tenancy.column} is never what a client sends"
        return
    unless = f", unless the caller has {tenancy.unless}" if tenancy.unless else ""
    yield f"only rows of the caller's tenant, by {tenancy.column}{unless}"


def _idempotency(known: Idempotency) -> str:
    who = "every request needs" if known.required else "a request may have"
    return (
        f"{who} an Idempotency-Key: it has its effect once, and the same answer for "
        f"{known.hours} hours"
    )


def _conditions(operation: Operation) -> Iterator[str]:
    """What the operation does about versions."""
    known = operation.conditional
    if known is None:
        return
    if known.holds:
        needs = "needs" if known.required else "takes"
        yield f"{needs} If-Match: a row of another version is not changed"
    if known.mark:
        of = "of all that it shows" if known.mark == BODY else f"of {known.version}"
        yield f"answers with an ETag, made {of}"
    if known.reads:
        yield f"answers 304 to If-None-Match; Cache-Control: {known.cache_control}"


def _keeping(operation: Operation) -> Iterator[str]:
    """Whether and how its answers are kept."""
    known = operation.caching
    if known is None:
        return
    alone = known.public or operation.public
    whose = "for everybody" if alone else "for each caller"
    yield f"kept for {known.seconds} seconds, {whose}, until a write to {', '.join(known.tables)}"
    if known.vary:
        yield f"kept apart by {', '.join(known.vary)}"


def _way(operation: Operation, why_not_direct: str) -> Iterator[str]:
    """How the default answer comes about."""
    if isinstance(operation.action, ListAction | CreateAction | RowAction):
        keyless = " and no key is sent" if operation.idempotency is not None else ""
        yield (
            f"works with a session: {why_not_direct}"
            if why_not_direct
            else f"answered by PostgreSQL itself, while nobody overrides it{keyless}"
        )


def _callers(operation: Operation) -> str:
    if operation.public:
        return "anybody may call it"
    ways = [
        " and ".join(
            f"{scheme}{' with ' + ', '.join(scopes) if scopes else ''}"
            for scheme, scopes in way.schemes
        )
        for way in operation.security
    ]
    return f"needs {' or '.join(ways)}"


def _limit(limit: Limit) -> str:
    burst = f", {limit.burst} at once" if limit.burst != limit.quota else ""
    window = "1 second" if limit.window == 1 else f"{limit.window} seconds"
    requests = "1 request" if limit.quota == 1 else f"{limit.quota} requests"
    return f"takes {requests} per {limit.per.value} in {window}{burst}, {limit.origin}"


def _list_details(action: ListAction) -> Iterator[str]:
    page = action.page
    styles = [
        name
        for name, used in (("offset", page.offset or page.number), ("cursor", page.cursor))
        if used
    ]
    if styles:
        yield f"pages by {' and '.join(styles)}, {page.default_limit} at a time"
    else:
        yield f"no pages: {page.default_limit} at most"
    yield from _shown_rows(action)
    usual = ", ".join(
        f"{step.column} {'descending' if step.descending else 'ascending'}" for step in action.order
    )
    yield f"in the order of {usual}{' otherwise' if action.sort is not None else ''}"


def _shown_rows(action: ListAction) -> Iterator[str]:
    """Which rows a list shows, and in which order on demand."""
    for rule in action.filters:
        yield f"{rule.attribute} filters: {rule.column or rule.relation} {rule.compare.value}"
    if action.search is not None:
        yield f"{action.search.attribute} searches the words of {', '.join(action.search.columns)}"
    if action.sort is not None:
        columns = dict.fromkeys(key.column for key in action.sort.keys)
        yield f"{action.sort.attribute} orders by {', '.join(columns)}"


def _schema(name: str, service: Service, classes: SchemaClasses) -> SchemaStory:
    known = service.schemas[name]
    entity = service.entities.get(name)
    files = sorted(
        {
            f"app/schemas/{ref.module}.py"
            for (schema, _), ref in classes.by_use.items()
            if schema == name
        }
    )
    if name in service.recorded:
        files += ["app/recording.py"]
    if entity is not None:
        files += [
            f"app/models/{entity.module}.py",
            f"app/repositories/{entity.module}_repository.py",
        ]
    return SchemaStory(
        name=name,
        place=str(known.schema.position),
        does=f"stored in the table {entity.table}" if entity else _use(files),
        details=(*_storage(entity), *_told(name, service)) if entity is not None else (),
        evidence=entity.evidence if entity is not None else (),
        files=tuple(files),
    )


def _use(files: list[str]) -> str:
    return "a shape on the wire, not stored" if files else "a plain value, or not used by handlers"


def _storage(entity: Entity) -> Iterator[str]:
    for column in entity.columns:
        yield f"{column.name}: {_column(column)}"
    for relation in entity.relations:
        through = f" through {relation.table}" if isinstance(relation, ManyToMany) else ""
        yield f"{relation.attribute}: {relation.target}{through}"
    for rule in entity.uniques:
        case = ", whatever its case" if rule.ignore_case else ""
        yield f"unique: {', '.join(rule.columns)}{case}"
    for index in entity.indexes:
        yield f"index: {', '.join(index.columns)} ({index.reason})"


def _told(name: str, service: Service) -> Iterator[str]:
    """What writes leave behind beside the row."""
    for known in service.events:
        if known.entity == name:
            for occasion, event in known.occasions:
                yield f"tells {event} when {occasion.value}{_hooks(event, service)}"
            for event in known.published:
                yield f"tells {event} when an override publishes it{_hooks(event, service)}"
    if name in service.audited:
        kept = audited_columns(service.entities[name], service)
        yield f"audited: {', '.join(column.name for column in kept)}"


def _hooks(event: str, service: Service) -> str:
    fed = [webhook.name for webhook in service.webhooks if event in webhook.events]
    return f", to the webhook {' and '.join(fed)}" if fed else ""


_FILLS: Mapping[Fill, str] = {
    Fill.GENERATED: "made by the database",
    Fill.CREATED: "the time of creation",
    Fill.UPDATED: "the time of the last change",
    Fill.DATABASE: "given by the database",
    Fill.VERSION: "how often it was changed",
    Fill.OWNER: "the account that creates it",
    Fill.TENANT: "the tenant of who creates it",
    Fill.DELETED: "the time of deletion",
    Fill.DEFAULT: "a default",
}


def _column(column: Column) -> str:
    parts = [sql_type(column)]
    if column.nullable:
        parts.append("or null")
    if column.hashed:
        parts.append("(a hash)")
    if column.reference is not None:
        parts.append(f"-> {column.reference.entity}, on delete {column.reference.on_delete.value}")
    if column.fill in _FILLS:
        parts.append(f"= {_FILLS[column.fill]}")
    return " ".join(parts)
