"""What to ask of a service: the operations that anybody may call and that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlencode

from apiwright.ir.operations import ListAction, Location, Operation, PathColumn, RowAction
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json
from apiwright.ir.service import Service

MOST_PATHS = 20

Ask = Callable[[str], Json]
"""Gives the JSON that a path is answered with."""


@dataclass(frozen=True, slots=True)
class Target:
    """An operation, and the paths to ask it with: those of several rows, where it shows one."""

    operation: str
    template: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that can't be asked, and why."""

    operation: str
    reason: str


def targets(service: Service, ask: Ask) -> Iterator[Target | LeftOut]:
    """The public GET operations of a contract, in its order.

    Keys come from the lists of the service, which `ask` reads; what else a request needs comes
    from the examples of the contract.
    """
    for operation in service.operations.values():
        if operation.method != "get" or not operation.public:
            continue
        try:
            paths = _paths(service, operation, ask)
        except _NotPossibleError as error:
            yield LeftOut(operation.id, str(error))
        else:
            yield Target(operation.id, service.base_path + operation.path, paths)


class _NotPossibleError(Exception):
    """A request can't be made up; the text says what is missing."""


def _paths(service: Service, operation: Operation, ask: Ask) -> tuple[str, ...]:
    for location in (Location.HEADER, Location.COOKIE):
        for parameter in operation.located(location):
            if parameter.required:
                raise _NotPossibleError(f"it needs the {location.value} {parameter.name}")
    query = _query(service, operation)
    names = [parameter.name for parameter in operation.located(Location.PATH)]
    if not names:
        return (service.base_path + operation.path + query,)
    found = islice(_path_values(service, operation, ask), MOST_PATHS)
    paths = tuple(service.base_path + _filled(operation.path, values) + query for values in found)
    if not paths:
        raise _NotPossibleError(f"no list shows a value for {', '.join(names)}")
    return paths


def _query(service: Service, operation: Operation) -> str:
    """The query parameters that have to be there."""
    values = {}
    for parameter in operation.located(Location.QUERY):
        if not parameter.required:
            continue
        try:
            example = parameter.example or (
                sample(parameter.schema, service.schemas, Direction.REQUEST),
            )
        except NoSampleError as error:
            raise _NotPossibleError(f"the contract has no example of {parameter.name}") from error
        if isinstance(example[0], dict | list):
            raise _NotPossibleError(f"it needs {parameter.name}, which is no single value")
        values[parameter.name] = _text(example[0])
    return f"?{urlencode(values)}" if values else ""


def _path_values(service: Service, operation: Operation, ask: Ask) -> Iterator[Mapping[str, str]]:
    """Values for the path parameters, by name: as many as the lists show."""
    action = operation.action
    if not isinstance(action, ListAction | RowAction):
        return
    key = (action.key,) if isinstance(action, RowAction) and action.key is not None else ()
    columns = {column.attribute: column for column in (*action.rows.parents, *key)}
    found: dict[str, tuple[str, ...]] = {}
    for parameter in operation.located(Location.PATH):
        column = columns.get(parameter.attribute)
        if column is None:
            return
        entity = column.parent or action.entity
        found[parameter.name] = _column_values(service, column, entity, ask)
    for values in zip(*found.values(), strict=False):
        yield dict(zip(found, values, strict=True))


def _column_values(service: Service, column: PathColumn, entity: str, ask: Ask) -> tuple[str, ...]:
    """The values of a column that the first page of the entity's list shows."""
    shown = service.entities[entity].column(column.column).property
    for operation in service.operations.values():
        action = operation.action
        if not isinstance(action, ListAction) or action.entity != entity:
            continue
        if operation.public and not operation.located(Location.PATH):
            answer = ask(service.base_path + operation.path)
            rows = answer.get(action.page.items) if isinstance(answer, dict) else answer
            if isinstance(rows, list):
                values = [row.get(shown) for row in rows if isinstance(row, dict)]
                return tuple(_text(value) for value in values if value is not None)
    return ()


def _filled(path: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def _text(value: Json) -> str:
    """A value as it stands in an address."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
