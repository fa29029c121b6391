"""Which schemas become classes, in which module, and what the type of a value is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.ir.operations import OnRows, Operation
from apiwright.ir.schemas import Direction, NamedSchema, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import flat, references
from apiwright.understand.exchange import answer_schema, body_content

SHARED = "shared"


@dataclass(frozen=True, slots=True, order=True)
class ClassRef:
    """A class of `app.schemas`: its module and its name."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class SchemaClass:
    """A class to be generated: the schema that it stands for, seen in one direction."""

    ref: ClassRef
    schema: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class QueryClass:
    """A class for the parameters of an operation that travel in one place."""

    ref: ClassRef
    operation: str
    place: str


@dataclass(frozen=True, slots=True)
class SchemaClasses:
    """Every class of `app.schemas`."""

    classes: tuple[SchemaClass, ...]
    parameters: tuple[QueryClass, ...]
    by_use: Mapping[tuple[str, Direction], ClassRef]
    by_place: Mapping[tuple[str, str], ClassRef]

    def ref(self, schema: str, direction: Direction) -> ClassRef | None:
        """The class that stands for a named schema in `direction`; None if it has none."""
        return self.by_use.get((schema, direction))

    def parameter_class(self, operation: str, place: str) -> ClassRef | None:
        """The class of an operation's parameters in `place`."""
        return self.by_place.get((operation, place))


def plan_schema_classes(service: Service) -> SchemaClasses:
    """The classes that the operations of `service` need, with names that are all different."""
    used = _uses(service)
    modules = _modules(service, used)
    wanted: dict[tuple[str, Direction], str] = {}
    for schema, directions in used.items():
        known = service.schemas[schema]
        if not is_class(known.schema, service.schemas):
            continue
        for direction in sorted(directions, key=lambda d: d.value):
            apart = known.differs and len(directions) == 2 and direction is Direction.REQUEST
            wanted[schema, direction] = f"{known.class_name}Input" if apart else known.class_name
    chosen = _chosen(service, wanted)
    by_use = {key: ClassRef(modules[key[0]], name) for key, name in chosen.items()}
    classes = {
        ref: SchemaClass(ref, schema, direction) for (schema, direction), ref in by_use.items()
    }
    parameters = tuple(_parameter_classes(service, {ref.name for ref in classes}))
    return SchemaClasses(
        classes=tuple(classes[ref] for ref in sorted(classes)),
        parameters=parameters,
        by_use=by_use,
        by_place={(known.operation, known.place): known.ref for known in parameters},
    )


def _chosen(
    service: Service, wanted: Mapping[tuple[str, Direction], str]
) -> dict[tuple[str, Direction], str]:
    """Names without clashes: an input class keeps clear of schemas that are called the same."""
    given = {known.class_name.lower() for known in service.schemas.values()}
    result = {}
    for (schema, direction), name in wanted.items():
        own = service.schemas[schema].class_name
        clash = name != own and name.lower() in given
        result[schema, direction] = f"{name}{names.short_hash(schema)}" if clash else name
    return result


def is_class(schema: Schema, named: Mapping[str, NamedSchema]) -> bool:
    """Whether a named schema is worth a class: an object, an enum of texts, or a union."""
    whole = flat(schema, named)
    texts = [value for value in whole.enum if value is not None]
    if texts:
        return all(isinstance(value, str) for value in texts)
    options = [part for part in (*whole.any_of, *whole.one_of) if part.types != ("null",)]
    return bool(whole.properties) or len(options) > 1


def _roots(operation: Operation) -> Iterator[tuple[Schema, Direction]]:
    for parameter in operation.parameters:
        yield parameter.schema, Direction.REQUEST
    content = body_content(operation)
    if content is not None and content.schema is not None:
        yield content.schema, Direction.REQUEST
    answer = answer_schema(operation)
    if answer is not None:
        yield answer, Direction.RESPONSE


def _uses(service: Service) -> dict[str, set[Direction]]:
    """The named schemas that handlers work with, and the directions in which they travel."""
    found: dict[str, set[Direction]] = {}
    for operation in service.operations.values():
        for root, direction in _roots(operation):
            for name in _reached(root, service.schemas):
                found.setdefault(name, set()).add(direction)
    for told in service.events:
        for name in (told.entity, *_reached(service.schemas[told.entity].schema, service.schemas)):
            found.setdefault(name, set()).add(Direction.RESPONSE)
    return {name: found[name] for name in service.schemas if name in found}


def _reached(root: Schema, named: Mapping[str, NamedSchema]) -> set[str]:
    waiting = list(references(root))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen and name in named:
            seen.add(name)
            waiting.extend(references(named[name].schema))
    return seen


def _modules(service: Service, used: Iterable[str]) -> dict[str, str]:
    """The module of each schema: that of its entity, else of the only resource that uses it."""
    users: dict[str, set[str]] = {name: set() for name in used}
    entities: dict[str, set[str]] = {name: set() for name in used}
    for resource in service.resources:
        for operation_id in resource.operations:
            operation = service.operations[operation_id]
            action = operation.action
            for root, _ in _roots(operation):
                for name in _reached(root, service.schemas):
                    users[name].add(resource_module(resource.module))
                    if isinstance(action, OnRows):
                        entities[name].add(service.entities[action.entity].module)
    modules = {}
    for name, homes in users.items():
        entity = service.entities.get(name)
        if entity is not None:
            modules[name] = entity.module
        elif len(homes) == 1:
            modules[name] = min(entities[name] if len(entities[name]) == 1 else homes)
        else:
            modules[name] = SHARED
    return _without_cycles(modules, service)


def resource_module(module: str) -> str:
    """The module of `app.schemas` for what only one resource uses."""
    one = names.module(names.singular(module.rstrip("_")))
    return module if one == "base" else one


def _without_cycles(modules: dict[str, str], service: Service) -> dict[str, str]:
    """Modules that need each other become one, the first of them by name."""
    needs: dict[str, set[str]] = {module: set() for module in modules.values()}
    for name, module in modules.items():
        for other in references(service.schemas[name].schema):
            if other in modules:
                needs[module].add(modules[other])
    merged: dict[str, str] = {}
    for module in sorted(needs):
        circle = {other for other in _needed(module, needs) if module in _needed(other, needs)}
        merged[module] = min({module, *circle})
    return {name: merged[module] for name, module in modules.items()}


def _needed(module: str, needs: Mapping[str, set[str]]) -> set[str]:
    waiting, seen = list(needs[module]), set[str]()
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            waiting.extend(needs[other])
    return seen - {module}


def _parameter_classes(service: Service, taken: set[str]) -> Iterator[QueryClass]:
    used = {name.lower() for name in taken}
    for resource in service.resources:
        for operation_id in resource.operations:
            operation = service.operations[operation_id]
            for place in ("query", "header", "cookie"):
                if not any(p.location.value == place for p in operation.parameters):
                    continue
                name = f"{operation.class_prefix}{place.title()}"
                if name.lower() in used:
                    name = f"{name}{names.short_hash(operation.id)}"
                module = _home(service, operation, resource_module(resource.module))
                yield QueryClass(ClassRef(module, name), operation.id, place)


def _home(service: Service, operation: Operation, otherwise: str) -> str:
    action = operation.action
    if isinstance(action, OnRows):
        return service.entities[action.entity].module
    return otherwise
