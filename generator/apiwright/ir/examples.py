"""Example values of the properties of entities, from what a contract gives as examples."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import properties
from apiwright.ir.storage import Column, Entity


def example_row(entity: Entity, service: Service) -> dict[str, Json]:
    """An example value for each property of `entity` that has one.

    Examples of bodies and answers come first, in the order of the contract, then examples of the
    properties themselves, then values that are made up.
    """
    found: dict[str, Json] = {}
    for given in _given(entity, service):
        for name, value in given.items():
            found.setdefault(name, value)
    schemas = [service.schemas[entity.name].schema, *_bodies(entity, service)]
    for schema in schemas:
        for name, prop in properties(schema, service.schemas).items():
            if name not in found:
                try:
                    found[name] = sample(prop.schema, service.schemas, Direction.REQUEST)
                except NoSampleError:
                    continue
    return found


def example_value(column: Column, row: dict[str, Json]) -> tuple[Json, ...]:
    """The example of a column, in a tuple; an empty one where there is none."""
    return (row[column.property],) if column.property in row else ()


def _operations(entity: Entity, service: Service) -> Iterator[Operation]:
    for operation in service.operations.values():
        action = operation.action
        if not isinstance(action, ListAction | CreateAction | RowAction):
            continue
        if action.entity == entity.name:
            yield operation


def _given(entity: Entity, service: Service) -> Iterator[dict[str, Json]]:
    for operation in _operations(entity, service):
        if isinstance(operation.action, CreateAction) and operation.body is not None:
            for content in operation.body.contents:
                yield from (value for value in content.example if isinstance(value, dict))
    for operation in _operations(entity, service):
        success = operation.success
        if isinstance(operation.action, RowAction | CreateAction) and success is not None:
            for content in success.contents:
                yield from (value for value in content.example if isinstance(value, dict))


def _bodies(entity: Entity, service: Service) -> Iterator[Schema]:
    for operation in _operations(entity, service):
        for content in operation.body.contents if operation.body is not None else ():
            if content.schema is not None:
                yield content.schema
