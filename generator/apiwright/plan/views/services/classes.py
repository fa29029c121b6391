"""The class of a resource: its methods, and what they import and need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, docstring, ident
from apiwright.ir.operations import (
    BulkAction,
    CreateAction,
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
from apiwright.ir.schemas import Direction
from apiwright.ir.service import Resource, Service
from apiwright.ir.storage import Entity
from apiwright.plan.schema_classes import ClassRef, SchemaClasses
from apiwright.plan.views.repositories import links_name, loads_name, views_of
from apiwright.plan.views.services.accounts import password_method, reset_method, sign_in_method
from apiwright.plan.views.services.bulk import bulk_method
from apiwright.plan.views.services.known import Known, linked
from apiwright.plan.views.services.methods import Body, CustomMethod, MethodView
from apiwright.plan.views.services.rows import (
    create_method,
    export_method,
    list_method,
    row_method,
)
from apiwright.plan.views.signatures import schema_imports, signature


@dataclass(frozen=True, slots=True)
class ServiceClassView:
    """The service of a resource."""

    class_name: Code
    docstring: Code
    label: Code
    override: Code
    repositories: tuple[tuple[Code, Code, Code], ...]
    methods: tuple[MethodView, ...]
    schema_imports: tuple[Code, ...]
    load_imports: tuple[Code, ...]
    signs_in: bool
    writes_many: bool
    exports: bool
    makes_keys: bool
    resets: bool
    sends_resets: bool


def service_class_view(
    resource: Resource, service: Service, classes: SchemaClasses
) -> ServiceClassView:
    """The service of `resource`."""
    known = Known(service, classes)
    operations = [service.operations[name] for name in resource.operations]
    methods = tuple(_method(operation, known) for operation in operations)
    refs = tuple(ref for method in methods for ref in method.signature.refs)
    refs += tuple(ref for operation in operations for ref in _answer_refs(operation, classes))
    needed = _entities(operations, service)
    return ServiceClassView(
        class_name=ident(resource.service_class),
        docstring=docstring(f"What the operations of {resource.name} do, unless overridden", 4),
        label=constant(resource.module.replace("_", " ")),
        override=constant(f"overrides/{resource.module}.py"),
        repositories=tuple(
            (
                ident(entity.plural),
                ident(entity.module),
                ident(f"{entity.class_name}Repository"),
            )
            for entity in needed
        ),
        methods=methods,
        schema_imports=schema_imports(refs),
        load_imports=tuple(sorted(_load_imports(operations, service))),
        signs_in=any(
            isinstance(o.action, TokenAction | RefreshAction | LogoutAction | PasswordAction)
            for o in operations
        ),
        writes_many=any(isinstance(o.action, BulkAction) for o in operations),
        exports=any(isinstance(o.action, ExportAction) for o in operations),
        resets=any(isinstance(o.action, ResetRequestAction | ResetAction) for o in operations),
        sends_resets=any(isinstance(o.action, ResetRequestAction) for o in operations),
        makes_keys=any(isinstance(o.action, CreateAction) and o.action.issues for o in operations),
    )


def _load_imports(operations: list[Operation], service: Service) -> set[Code]:
    """The import lines for the relations that views need."""
    return (
        _export_imports(operations, service)
        | {
            compose(
                "from app.repositories.{}_repository import {}",
                ident(service.entities[view.entity].module),
                ident(loads_name(view, service)),
            )
            for operation in operations
            if not isinstance(operation.action, ListAction)
            for view in views_of(operation.action)
            if view.loads
        }
        | {
            compose(
                "from app.repositories.{}_repository import {}",
                ident(entity.module),
                ident(links_name(entity)),
            )
            for operation in operations
            if isinstance(operation.action, RowAction) and operation.action.links
            for entity in [service.entities[operation.action.entity]]
        }
    )


def _export_imports(operations: list[Operation], service: Service) -> set[Code]:
    """The import lines for what exports ask of rows."""
    found = set()
    for operation in operations:
        action = operation.action
        if isinstance(action, ExportAction):
            module = ident(service.entities[action.entity].module)
            parts = ["conditions"] if action.listing.filters or action.listing.search else []
            parts += ["order"] if action.listing.sort is not None else []
            for part in parts:
                name = ident(f"{operation.name}_{part}")
                found.add(compose("from app.repositories.{}_repository import {}", module, name))
    return found


def _entities(operations: list[Operation], service: Service) -> list[Entity]:
    """The entities whose repositories the operations need."""
    found: dict[str, Entity] = {}
    for operation in operations:
        action = operation.action
        if not isinstance(action, OnRows):
            continue
        entity = service.entities[action.entity]
        found[entity.name] = entity
        if not isinstance(action, RowAction):
            rows = action.listing.rows if isinstance(action, ExportAction) else action.rows
            for parent in rows.parents:
                if parent.parent:
                    found[parent.parent] = service.entities[parent.parent]
        for link in action.links if isinstance(action, CreateAction | RowAction) else ():
            target = linked(entity, link).target
            found[target] = service.entities[target]
    return list(found.values())


def _answer_refs(operation: Operation, classes: SchemaClasses) -> Iterator[ClassRef]:
    """The classes that a bulk operation tells its outcomes with."""
    action = operation.action
    answer = action.answer if isinstance(action, BulkAction) else None
    shown = [answer.envelope, answer.result, answer.error_schema] if answer else []
    if isinstance(action, BulkAction) and action.view is not None:
        shown.append(action.view.schema)
    for name in shown:
        ref = classes.ref(name, Direction.RESPONSE) if name else None
        if ref is not None:
            yield ref


def _method(operation: Operation, known: Known) -> MethodView:
    """The method behind an operation."""
    template, body = _body(operation, known)
    about = operation.summary or operation.description or operation.id
    return MethodView(
        name=ident(operation.name),
        signature=signature(operation, known.service, known.classes),
        docstring=docstring(about, 8),
        template=template,
        body=body,
    )


def _body(operation: Operation, known: Known) -> tuple[str, Body]:
    action = operation.action
    if isinstance(action, ListAction):
        return "list", list_method(operation, action, known)
    if isinstance(action, CreateAction):
        return "create", create_method(operation, action, known)
    if isinstance(action, RowAction):
        return action.verb.value, row_method(operation, action, known)
    if isinstance(action, ExportAction):
        return "export", export_method(operation, action.listing, known)
    if isinstance(action, BulkAction):
        return "bulk", bulk_method(operation, action, known)
    return _about_accounts(operation, known)


def _about_accounts(operation: Operation, known: Known) -> tuple[str, Body]:
    action = operation.action
    if isinstance(action, TokenAction | RefreshAction | LogoutAction):
        name = type(action).__name__.removesuffix("Action").lower()
        return name, sign_in_method(operation, action, known)
    if isinstance(action, PasswordAction):
        return "password", password_method(operation, action, known)
    if isinstance(action, ResetRequestAction | ResetAction):
        name = "reset_request" if isinstance(action, ResetRequestAction) else "reset"
        return name, reset_method(operation, action, known)
    return "custom", CustomMethod(f"{operation.id} has no override yet")
