"""What was understood of a contract, in words: for `explain` and `routes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apiwright.ir.operations import (
    CreateAction,
    CustomAction,
    ListAction,
    LogoutAction,
    Operation,
    RefreshAction,
    RowAction,
    TokenAction,
)
from apiwright.ir.service import Resource, Service
from apiwright.ir.storage import Column, Entity, Fill, ManyToMany
from apiwright.plan.schema_classes import SchemaClasses, plan_schema_classes
from apiwright.plan.storage.types import sql_type
from apiwright.plan.views.direct import DirectBuilder, answers_module
from apiwright.plan.views.service import api_package


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
    package = api_package(service)
    return OperationStory(
        id=operation.id,
        method=operation.method.upper(),
        path=f"{service.base_path}{operation.path}",
        place=str(operation.position),
        does=_does(operation, service),
        details=(*_details(operation, service), *_way(operation, why_not_direct)),
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
    if isinstance(action, TokenAction):
        return "signs in: exchanges login and password for tokens"
    if isinstance(action, RefreshAction):
        return "exchanges a refresh token for new tokens"
    if isinstance(action, LogoutAction):
        return "signs out: ends the caller's session"
    entity = service.entities[action.entity]
    if isinstance(action, ListAction):
        return f"lists {entity.name}, from the table {entity.table}"
    if isinstance(action, CreateAction):
        return f"creates a {entity.name} in the table {entity.table}"
    which = "the caller's own" if action.key is None else "one"
    verb = "soft-deletes" if action.verb.value == "delete" and entity.soft_delete else ""
    return f"{verb or action.verb.value + 's'} {which} {entity.name} of the table {entity.table}"


def _details(operation: Operation, service: Service) -> Iterator[str]:
    yield _callers(operation)
    action = operation.action
    if isinstance(action, ListAction | RowAction) and action.rows.owned:
        owner = service.entities[action.entity].owner
        unless = f", unless the caller has {owner.unless}" if owner and owner.unless else ""
        yield f"only rows whose {owner.column if owner else 'owner'} is the caller{unless}"
    if isinstance(action, ListAction):
        yield from _list_details(action)
    if isinstance(action, CreateAction | RowAction) and action.writes:
        yield "stores " + ", ".join(f"{w.attribute} in {w.column}" for w in action.writes)


def _way(operation: Operation, why_not_direct: str) -> Iterator[str]:
    """How the default answer comes about."""
    if isinstance(operation.action, ListAction | CreateAction | RowAction):
        yield (
            f"works with a session: {why_not_direct}"
            if why_not_direct
            else "answered by PostgreSQL itself, while nobody overrides it"
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
    for rule in action.filters:
        yield f"{rule.attribute} filters: {rule.column or rule.relation} {rule.compare.value}"
    if action.search is not None:
        yield f"{action.search.attribute} searches the words of {', '.join(action.search.columns)}"
    if action.sort is not None:
        columns = dict.fromkeys(key.column for key in action.sort.keys)
        yield f"{action.sort.attribute} orders by {', '.join(columns)}"
    usual = ", ".join(
        f"{step.column} {'descending' if step.descending else 'ascending'}" for step in action.order
    )
    yield f"in the order of {usual}{' otherwise' if action.sort is not None else ''}"


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
    if entity is not None:
        files += [
            f"app/models/{entity.module}.py",
            f"app/repositories/{entity.module}_repository.py",
        ]
    return SchemaStory(
        name=name,
        place=str(known.schema.position),
        does=f"stored in the table {entity.table}" if entity else _use(files),
        details=tuple(_storage(entity)) if entity is not None else (),
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


_FILLS: Mapping[Fill, str] = {
    Fill.GENERATED: "made by the database",
    Fill.CREATED: "the time of creation",
    Fill.UPDATED: "the time of the last change",
    Fill.DATABASE: "given by the database",
    Fill.OWNER: "the account that creates it",
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
