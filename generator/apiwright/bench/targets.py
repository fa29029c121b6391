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
    service = service.offered
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
    names = {p.attribute: p.name for p in operation.located(Location.PATH)}
    above = {
        names[column.attribute]: _shown(service, *_origin(service, column, action.entity), ask)
        for column in action.rows.parents
    }
    for values in zip(*above.values(), strict=False) if above else ((),):
        parents = dict(zip(above, values, strict=True))
        if isinstance(action, ListAction) or action.key is None:
            yield parents
            continue
        shown = service.entities[action.entity].column(action.key.column).property
        for key in _shown(service, action.entity, shown, ask, parents):
            yield {**parents, names[action.key.attribute]: key}


def _origin(service: Service, column: PathColumn, entity: str) -> tuple[str, str]:
    """The entity and the property that show the values of a column: a parent's key, or its own."""
    if column.parent:
        return column.parent, service.entities[column.parent].key_column.property
    return entity, service.entities[entity].column(column.column).property


def _shown(
    service: Service, entity: str, shown: str, ask: Ask, given: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The values of a property on the first page of an entity's list.

    The list may be one below rows that are `given`, by the names of path parameters.
    """
    for operation in service.operations.values():
        action = operation.action
        if not isinstance(action, ListAction) or action.entity != entity or not operation.public:
            continue
        if all(p.name in (given or {}) for p in operation.located(Location.PATH)):
            answer = ask(service.base_path + _filled(operation.path, given or {}))
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
