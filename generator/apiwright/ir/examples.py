"""Example values of the properties of entities, from what a contract gives as examples."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import properties
from apiwright.ir.storage import Column, Entity


def example_rows(service: Service) -> dict[str, dict[str, Json]]:
    """An example value for each property that has one, for every entity by its name.

    Examples of bodies and answers come first, in the order of the contract, then examples of the
    properties themselves, then values that are made up.
    """
    known: dict[str, list[Operation]] = {}
    for operation in service.operations.values():
        if isinstance(operation.action, ListAction | CreateAction | RowAction):
            known.setdefault(operation.action.entity, []).append(operation)
    return {
        name: _row(entity, known.get(name, []), service)
        for name, entity in service.entities.items()
    }


def _row(entity: Entity, operations: list[Operation], service: Service) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for given in _given(operations):
        for name, value in given.items():
            found.setdefault(name, value)
    schemas = [service.schemas[entity.name].schema, *_bodies(operations)]
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


def _given(operations: list[Operation]) -> Iterator[dict[str, Json]]:
    for operation in operations:
        if isinstance(operation.action, CreateAction) and operation.body is not None:
            for content in operation.body.contents:
                yield from (value for value in content.example if isinstance(value, dict))
    for operation in operations:
        success = operation.success
        if isinstance(operation.action, RowAction | CreateAction) and success is not None:
            for content in success.contents:
                yield from (value for value in content.example if isinstance(value, dict))


def _bodies(operations: list[Operation]) -> Iterator[Schema]:
    for operation in operations:
        for content in operation.body.contents if operation.body is not None else ():
            if content.schema is not None:
                yield content.schema
