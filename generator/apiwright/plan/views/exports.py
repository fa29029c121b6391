"""Exports: which of them PostgreSQL can build the lines of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apiwright.ir.operations import CustomAction, ExportAction, Operation
from apiwright.ir.service import Service
from apiwright.plan.views.direct.directness import Directness
from apiwright.plan.views.direct.shapes import NotDirectError, Shapes, ShapeView


def with_possible_exports(service: Service) -> Service:
    """The service, in which exports that it can't answer wait for an override."""
    if not any(isinstance(o.action, ExportAction) for o in service.operations.values()):
        return service
    shapes = Shapes(service)
    rules = Directness(service, shapes)
    alone = all(rules.why_not(operation) for operation in service.operations.values())
    found = {name: _possible(o, shapes, alone=alone) for name, o in service.operations.items()}
    return replace(service, operations=found)


def _possible(operation: Operation, shapes: Shapes, *, alone: bool) -> Operation:
    action = operation.action
    if not isinstance(action, ExportAction):
        return operation
    try:
        if alone:
            raise NotDirectError("nothing else is answered by PostgreSQL itself")
        shapes.of(action.listing.view)
    except NotDirectError as error:
        return replace(operation, action=CustomAction(str(error)))
    return operation


def exported_shapes(service: Service, shapes: Shapes) -> Iterator[ShapeView]:
    """The shapes of the rows that are exported."""
    for operation in service.operations.values():
        if isinstance(operation.action, ExportAction):
            yield shapes.of(operation.action.listing.view)
