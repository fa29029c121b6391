"""Tests of the services themselves: of the operations that a test can call without a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, constant, ident
from apiwright.ir.operations import Location, Operation, RowAction, RowVerb
from apiwright.ir.schemas import Direction
from apiwright.ir.service import Resource
from apiwright.ir.shapes import properties
from apiwright.plan.schema_classes import SchemaClasses
from apiwright.plan.storage.types import python_type
from apiwright.plan.views.signatures import annotation_of
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.sign_in import absent_key
from apiwright.plan.views.tests.writes import shown_key


@dataclass(frozen=True, slots=True)
class ReadView:
    """A method that shows a row by its key; `shown` is the key in the answer, if it is there."""

    module: Code
    class_name: Code
    method: Code
    factory: Code
    key: Code
    absent: Code
    shown: Code


def service_tests_views(kit: Kit, classes: SchemaClasses) -> tuple[ReadView, ...]:
    """The methods of all services that take nothing but a key, and show a row."""
    return tuple(
        view
        for resource in kit.service.resources
        for name in resource.operations
        for view in _read(kit, resource, kit.service.operations[name], classes)
    )


def _read(
    kit: Kit, resource: Resource, operation: Operation, classes: SchemaClasses
) -> Iterator[ReadView]:
    action = operation.action
    if not isinstance(action, RowAction) or action.verb is not RowVerb.READ or action.key is None:
        return
    if action.rows.owned or not kit.rows.can_make(action.entity):
        return
    if operation.body is not None or len(operation.located(Location.PATH)) != len(
        operation.parameters
    ):
        return
    if len(operation.parameters) != 1:
        return
    entity = kit.service.entities[action.entity]
    column = entity.column(action.key.column)
    taken = annotation_of(
        operation.parameters[0].schema, Direction.REQUEST, kit.service, classes, []
    )
    if taken != python_type(column) or column.name != entity.key:
        return
    shown = shown_key(kit, action.view, entity)
    attribute = ""
    if shown and action.view is not None:
        found = properties(kit.service.schemas[action.view.schema].schema, kit.service.schemas)
        attribute = found[shown].attribute
    yield ReadView(
        module=ident(resource.service_module),
        class_name=ident(resource.service_class),
        method=ident(operation.name),
        factory=kit.rows.factory(entity.name),
        key=ident(column.attribute),
        absent=absent_key(column),
        shown=ident(attribute) if attribute else constant(""),
    )
